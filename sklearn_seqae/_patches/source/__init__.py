"""The sequences of a fit: in memory, in chunks, or in partitions."""

from sklearn_seqae._patches.source.in_chunks import as_read
from sklearn_seqae._patches.source.reading import read_source
from sklearn_seqae._patches.source.source import Source

__all__ = ["Source", "as_read", "read_source"]
