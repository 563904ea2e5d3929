"""The sequences of a fit: in memory, or in chunks."""

from sklearn_seqae._corpus._in_memory import Corpus
from sklearn_seqae._corpus._reading import read_corpus

__all__ = ["Corpus", "read_corpus"]
