"""From a RaggedArray back to the kind of container that came in: one writer a file.

`_dispatch` finds the writer in the table of kinds (`_containers`).
"""

from sklearn_seqae._outputs._dispatch import from_ragged
from sklearn_seqae._outputs._embedding import ids_of_rows, with_ids
from sklearn_seqae._outputs._labels import container_ahead
from sklearn_seqae._outputs._times import with_times

__all__ = ["container_ahead", "from_ragged", "ids_of_rows", "with_ids", "with_times"]
