"""From any container of sequences to a RaggedArray: one adapter a file.

`_dispatch` picks the adapter, `_checks` holds what all of them check.
"""

from sklearn_seqae._inputs._container import Container
from sklearn_seqae._inputs._dispatch import to_ragged

__all__ = ["Container", "to_ragged"]
