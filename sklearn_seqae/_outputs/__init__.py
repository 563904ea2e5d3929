"""From a RaggedArray back to the kind of container that came in: a kind, a file."""

from sklearn_seqae._outputs._dispatch import from_ragged
from sklearn_seqae._outputs._embedding import ids_of_rows, with_ids

__all__ = ["from_ragged", "ids_of_rows", "with_ids"]
