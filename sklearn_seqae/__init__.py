"""Variable-length sequences to fixed-size vectors and back, as scikit-learn does it."""

from importlib.metadata import version

__version__ = version("sklearn-seqae")

__all__ = ["__version__"]
