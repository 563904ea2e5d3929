"""The sequences of a fit: in memory, in chunks, or in partitions."""

from sklearn_seqae._patches.source.in_chunks import as_read
from sklearn_seqae._patches.source.in_memory import Corpus
from sklearn_seqae._patches.source.reading import read_corpus

__all__ = ["Corpus", "as_read", "read_corpus"]
