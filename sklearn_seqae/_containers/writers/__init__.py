"""From a RaggedArray back to the kind of container that came in: one writer a file.

`dispatch` finds the writer in the table of kinds.
"""

from sklearn_seqae._containers.writers.dispatch import (
    from_ragged,
    ids_of_rows,
    with_ids,
)
from sklearn_seqae._containers.writers.labels import container_ahead
from sklearn_seqae._containers.writers.pandas import with_times

__all__ = ["container_ahead", "from_ragged", "ids_of_rows", "with_ids", "with_times"]
