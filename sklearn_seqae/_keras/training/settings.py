"""What training is asked for, the rate of each update, and what comes of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from sklearn_seqae._network.layers import State
from sklearn_seqae._patches.batching import auto_epochs
from sklearn_seqae._patches.source.data import Baselines
from sklearn_seqae.exceptions import _count

FORECAST_WEIGHT = 1.0  # beside the reconstruction; both losses are about 1 untrained
WARM_UP = 0.05  # share of the updates
LAST = 0.01  # of the highest rate
HARDLY_BEGUN = 100  # updates; with fewer, a network may not yet beat the mean
NO_BETTER = 0.99  # of the loss of predicting the mean
FAR_OFF = 2.0  # times the loss of predicting zero; an untrained network is nearer


@dataclass(frozen=True)
class Settings:
    """Settings of training: the estimator's parameters of the same names.

    `callbacks` is a list of instances. With `constant_rate`, a float `learning_rate` is
    that of every update; else it is the highest of a `warm_cosine`.
    """

    epochs: int
    batch_size: int
    optimizer: Any
    learning_rate: Any
    early_stopping: bool
    n_iter_no_change: int
    callbacks: list[keras.callbacks.Callback]
    verbose: int
    constant_rate: bool = False
    contrastive_weight: float = 0.0
    noise: float = 0.0
    mask_ratio: float = 0.0
    dropout: float = 0.0
    sparsity_weight: float = 0.0
    kl_weight: float = 0.0
    forecast_horizon: int | None = None

    @property
    def forecast_weight(self) -> float:
        return FORECAST_WEIGHT if self.forecast_horizon else 0.0

    @property
    def sets_rate(self) -> bool:
        """Whether `learning_rate` counts: an optimizer instance has its own."""
        return not isinstance(self.optimizer, keras.optimizers.Optimizer)


def asked_for(
    parameters: Mapping[str, Any],
    callbacks: list[keras.callbacks.Callback],
    n_sequences: int,
    left: float = 1.0,
) -> Settings:
    """Return the settings that parameters ask for; ``left`` as in `auto_epochs`."""
    names = {field.name for field in fields(Settings)}
    values = {n: value for n, value in parameters.items() if n in names}
    values["callbacks"] = callbacks
    if values["epochs"] == "auto":
        values["epochs"] = auto_epochs(n_sequences, values["batch_size"], left)
    return Settings(**values)


@dataclass
class Result:
    """A trained state, its history and the epochs run; what ended them early, if so."""

    state: State
    history: dict[str, list[float]] = field(default_factory=dict)
    n_epochs: int = 0
    interrupt: KeyboardInterrupt | None = None


def warm_cosine(update: NDArray[Any], n_updates: int) -> NDArray[np.float64]:
    """Factors of the rate of updates, from 0: a rise, then half a cosine down."""
    n_warm = max(1, round(WARM_UP * n_updates))
    rise = (update + 1) / n_warm
    done = np.clip((update + 1 - n_warm) / max(1, n_updates - n_warm), 0, 1)
    fall = LAST + (1 - LAST) * (1 + np.cos(np.pi * done)) / 2
    return np.minimum(np.minimum(rise, 1), fall)


class LearningRates:
    """Learning rates of one update after the other.

    A schedule ends where a callback sets a rate: that stands. One of Keras's counts the
    ``n_earlier`` updates of the fits that this goes on from.
    """

    def __init__(self, settings: Settings, n_updates: int, n_earlier: int) -> None:
        self._settings, self._n_updates = settings, n_updates
        self._n_earlier, self._next = n_earlier, 0
        self._is_set_by_callback = False
        self._runs = settings.sets_rate and (
            callable(settings.learning_rate) or not settings.constant_rate
        )

    @property
    def next(self) -> float | None:
        """The rate of the next update; None is the optimizer's own."""
        if not self._settings.sets_rate:
            return None
        return float(self._of(np.array([self._next]))[0])

    @property
    def setting(self) -> str:
        """The setting that decides the rate, for messages."""
        settings, rate = self._settings, self._settings.learning_rate
        if self._is_set_by_callback:
            return "the learning rate that a callback sets"
        if not settings.sets_rate:
            own = settings.optimizer.get_config()["learning_rate"]
            shown = own["class_name"] if isinstance(own, dict) else f"{own:.6g}"
            return (
                "the learning rate of the optimizer, an instance of "
                f"{type(settings.optimizer).__name__} ({shown})"
            )
        if callable(rate):
            return f"the rates of learning_rate, a schedule ({type(rate).__name__})"
        return f"learning_rate={rate!r}"

    def of_next(self, n: int) -> NDArray[np.float32]:
        """Rates of the next ``n`` updates; 0 keeps the optimizer's own."""
        updates = self._next + np.arange(n)
        self._next += n
        rates = self._of(updates) if self._runs else np.zeros(n)
        return np.asarray(rates, np.float32)

    def stop(self) -> None:
        """Keep the rate that a callback has set from now on."""
        self._runs, self._is_set_by_callback = False, True

    def state(self) -> dict[str, Any]:
        return {"next": self._next, "is_set_by_callback": self._is_set_by_callback}

    def restore(self, state: dict[str, Any]) -> None:
        self._next = state["next"]
        if state["is_set_by_callback"]:
            self.stop()

    def _of(self, updates: NDArray[np.int64]) -> NDArray[np.floating]:
        rate = self._settings.learning_rate
        if callable(rate):
            return np.array([float(rate(self._n_earlier + u)) for u in updates])
        if self._settings.constant_rate:
            return np.full(len(updates), rate)
        return rate * warm_cosine(updates, self._n_updates)


# Whether a fit has learnt anything, and what to change if not -------------------------


class DivergedError(FloatingPointError):
    """Losses or weights are not finite."""


def check_finite(
    arrays: Iterable[NDArray[np.floating]], rate: str, activation: str
) -> None:
    """Check that losses or weights are numbers; ``rate`` says what to lower."""
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
    """Warn if the loss that is kept is no better than that of the mean."""
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
