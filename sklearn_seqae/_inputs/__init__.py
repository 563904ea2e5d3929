"""From any container of sequences to a RaggedArray: one adapter a file.

`_dispatch` picks the adapter, `_checks` holds what all of them check.
"""

from sklearn_seqae._inputs._channels_first import from_channels_first
from sklearn_seqae._inputs._container import Container
from sklearn_seqae._inputs._dispatch import ids_of_sequences, is_long, to_ragged

__all__ = [
    "Container",
    "from_channels_first",
    "ids_of_sequences",
    "is_long",
    "to_ragged",
]
