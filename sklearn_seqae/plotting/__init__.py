"""Pictures of what was learnt, by scikit-learn's Display convention.

Each class is one picture: made from arrays, or `from_estimator`; drawn by `plot`, again
if wanted; and its Matplotlib objects are attributes. Matplotlib, the extra ``plot``, is
imported when something is drawn.
"""

from sklearn_seqae.plotting._embedding import EmbeddingDisplay
from sklearn_seqae.plotting._length_error import LengthErrorDisplay
from sklearn_seqae.plotting._loss import LossDisplay
from sklearn_seqae.plotting._reconstruction import ReconstructionDisplay
from sklearn_seqae.plotting._traversal import LatentTraversalDisplay

__all__ = [
    "EmbeddingDisplay",
    "LatentTraversalDisplay",
    "LengthErrorDisplay",
    "LossDisplay",
    "ReconstructionDisplay",
]
