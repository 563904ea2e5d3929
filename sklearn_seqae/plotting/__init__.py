"""Plots of a fitted estimator, by scikit-learn's Display convention.

Each class is one plot. It is made from arrays or by `from_estimator`, and `plot` draws
it, any number of times. Its Matplotlib objects are attributes. Matplotlib, the extra
``plot``, is imported when something is drawn.
"""

from sklearn_seqae.plotting._embedding import EmbeddingDisplay
from sklearn_seqae.plotting._events import EventsDisplay
from sklearn_seqae.plotting._loss import LossDisplay
from sklearn_seqae.plotting._outlier import OutlierDisplay
from sklearn_seqae.plotting._reconstruction import ReconstructionDisplay
from sklearn_seqae.plotting._traversal import LatentTraversalDisplay

__all__ = [
    "EmbeddingDisplay",
    "EventsDisplay",
    "LatentTraversalDisplay",
    "LossDisplay",
    "OutlierDisplay",
    "ReconstructionDisplay",
]
