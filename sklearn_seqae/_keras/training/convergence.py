"""Whether a fit has learnt anything, and what to change if not."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from sklearn_seqae._keras.training.settings import Settings
from sklearn_seqae._patches.source.data import Baselines
from sklearn_seqae.exceptions import _count

HARDLY_BEGUN = 100  # updates; with fewer, a network may not yet beat the mean
NO_BETTER = 0.99  # of the loss of predicting the mean
FAR_OFF = 2.0  # times the loss of predicting zero; an untrained network is nearer


class DivergedError(FloatingPointError):
    """Losses or weights are not finite."""


def check_finite(
    arrays: Iterable[NDArray[np.floating]], rate: str, activation: str
) -> None:
    """Check that losses or weights are numbers.

    ``rate`` is the setting that decides the learning rate, for the message.
    """
    if not all(np.isfinite(array).all() for array in arrays):
        or_else = ", or use activation='tanh'" if activation == "relu" else ""
        raise DivergedError(
            "Training diverged: losses or weights are not finite. "
            f"Lower {rate}, or scale the data{or_else}."
        )


def beats_mean(loss: float, baselines: Baselines) -> bool:
    """Whether a network predicts better than the mean of each feature."""
    return loss < NO_BETTER * baselines.of_mean


def warn_unless_learnt(
    settings: Settings,
    loss: float,
    baselines: Baselines,
    n_epochs: int,
    n_updates: int,
    rate: str,
) -> None:
    """Warn if the network predicts no better than the mean of each feature.

    ``loss`` is that of the epoch whose weights are kept, and updates include those
    of earlier fits.
    """
    is_far_off = loss >= FAR_OFF * baselines.of_zero
    is_judged = is_far_off or n_updates >= HARDLY_BEGUN
    if beats_mean(loss, baselines) or not is_judged:
        return
    penalties = {
        name: getattr(settings, name) for name in ("kl_weight", "sparsity_weight")
    }
    advice = [
        f"{'lower' if is_far_off else 'change'} {rate}",
        *(f"lower {name}={weight!r}" for name, weight in penalties.items() if weight),
        *([] if is_far_off else ["train for more epochs"]),
    ]
    warnings.warn(
        f"The loss is {loss:.4g} after {_count(n_epochs, 'epoch')}; predicting the "
        f"mean of each feature gives {baselines.of_mean:.4g}. To learn more, "
        f"{', or '.join(advice)}.",
        ConvergenceWarning,
        stacklevel=2,
    )
