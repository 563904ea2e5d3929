"""The settings of a fit, as training takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import keras

from sklearn_seqae._patches.batching import (
    auto_epochs,
)

FORECAST_WEIGHT = 1.0  # beside the reconstruction; both losses are about 1 untrained


@dataclass(frozen=True)
class Settings:
    """Settings of training: the estimator's parameters of the same names.

    `callbacks` is a list of instances.
    """

    epochs: int
    batch_size: int
    optimizer: Any
    learning_rate: Any
    early_stopping: bool
    n_iter_no_change: int
    tol: float
    callbacks: list[keras.callbacks.Callback]
    verbose: int
    learning_rate_schedule: str | None = None
    contrastive_weight: float = 0.0
    noise: float = 0.0
    mask_ratio: float = 0.0
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
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
) -> Settings:
    """Return the settings that parameters ask for.

    Parameters
    ----------
    parameters : mapping
        The estimator's, by name.
    callbacks : list of Callback
        What its `callbacks` are.
    n_sequences : int
        Of the training set.
    """
    values = {field.name: parameters[field.name] for field in fields(Settings)}
    values["callbacks"] = callbacks
    if values["epochs"] == "auto":
        values["epochs"] = auto_epochs(n_sequences, values["batch_size"])
    return Settings(**values)
