"""The sequences of a fit: in memory, in chunks, or in partitions."""

from sklearn_seqae._corpus._in_chunks import as_read
from sklearn_seqae._corpus._in_memory import Corpus
from sklearn_seqae._corpus._reading import read_corpus

__all__ = ["Corpus", "as_read", "read_corpus"]
