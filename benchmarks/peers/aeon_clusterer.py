"""aeon's deep clusterer with a bidirectional encoder and a repeat decoder.

The nearest that aeon has: GRUs in place of LSTMs (three gates, not four), sequences
padded to one length with zeros that the encoder reads and the loss counts.
"""

import tempfile
import time
from typing import Any

import keras
import numpy as np
from aeon.clustering import DummyClusterer
from aeon.clustering.deep_learning import AEDRNNClusterer

from benchmarks import _data
from benchmarks._timing import Round


class Clock(keras.callbacks.Callback):
    """The time at which each epoch ended."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[float] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.ends.append(time.perf_counter())


def warm_epoch(
    data: dict[str, Any], n_units: int, n_components: int, batch_size: int, epochs: int
) -> Round:
    """Median epoch of a fit, the first left out: aeon compiles in every fit."""
    X = _data.pad(_data.make(**data)).transpose(0, 2, 1)

    def round_() -> dict[str, float]:
        clock = Clock()
        with tempfile.TemporaryDirectory() as folder:  # it writes its best model
            AEDRNNClusterer(
                DummyClusterer(n_clusters=2),
                latent_space_dim=n_components,
                n_layers_encoder=1,
                n_layers_decoder=1,
                n_units_encoder=[n_units],
                n_units_decoder=[n_units],
                activation_encoder="tanh",
                activation_decoder="tanh",
                n_epochs=epochs,
                batch_size=batch_size,
                callbacks=[clock],
                file_path=f"{folder}/",
                random_state=0,
            ).fit(X)
        return {"seconds": float(np.median(np.diff(clock.ends)))}

    return round_
