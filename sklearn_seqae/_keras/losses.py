"""The losses of a fit by name: what weighs each, and over what it is averaged.

A loss is a sum over the rows of a batch, each weighed by its sequence. The objective
divides the sums by constants of the training set, so that an epoch's gradients add up
to that of a mean; the history divides them by what was run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple


class Mass(NamedTuple):
    """How much there is to average over, the weights of sequences counted in.

    Attributes
    ----------
    values : float or ndarray
        Observed values.
    rows : float or ndarray
        Sequences, crops and prefixes of them.
    paired : float or ndarray
        Sequences and crops, but not prefixes.
    ahead : float or ndarray
        Observed values after prefixes, within the horizon.
    """

    values: Any
    rows: Any
    paired: Any
    ahead: Any


@dataclass(frozen=True)
class Loss:
    """One term of the objective.

    Attributes
    ----------
    weight : str or None
        The setting by which it is weighed. None is one: the reconstruction itself.
    divisor : callable
        What the objective divides its sum by, from the `Mass` of the training set as it
        is, without crops.
    mean_over : {"values", "rows", "paired", "ahead"}
        What the history divides its sum by, of the `Mass` of what was run.
    held_out : bool, default=True
        Whether it means something for sequences held out, which come without crops and
        prefixes. The others are zero there.
    """

    weight: str | None
    divisor: Callable[[Mass], float]
    mean_over: str
    held_out: bool = True

    def weight_in(self, settings: Any) -> float:
        """By what the settings weigh it."""
        return 1.0 if self.weight is None else getattr(settings, self.weight)


LOSSES = {
    "loss": Loss(None, lambda mass: mass.values, "values"),
    "contrastive_loss": Loss(
        "contrastive_weight", lambda mass: 2 * mass.paired, "paired", held_out=False
    ),
    "forecast_loss": Loss(
        "forecast_weight", lambda mass: mass.ahead, "ahead", held_out=False
    ),
    # Half the squared error is the negative log-likelihood under a normal distribution
    # of variance one: of twice the evidence lower bound this is the other part.
    "kl_loss": Loss("kl_weight", lambda mass: mass.values / 2, "rows"),
    "sparsity_loss": Loss("sparsity_weight", lambda mass: mass.rows, "rows"),
}


def losses_of(settings: Any) -> tuple[str, ...]:
    """Names of the losses that count with these settings, in the order of the table."""
    return tuple(name for name, loss in LOSSES.items() if loss.weight_in(settings) > 0)
