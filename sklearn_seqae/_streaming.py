"""Training on sequences that are too many for memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._autoencoder import Autoencoder
from sklearn_seqae._baselines import baselines
from sklearn_seqae._ragged import RaggedArray

if TYPE_CHECKING:
    from sklearn_seqae._keras.training.result import Result
    from sklearn_seqae._keras.training.settings import Data

Turns = Callable[[np.random.Generator], Iterator[RaggedArray]]


def train_in_turns(
    network: Autoencoder,
    turns: Turns,
    sample: RaggedArray,
    lengths: NDArray[np.int64],
    digest: str,
    parameters: Mapping[str, Any],
    random_state: np.random.RandomState,
) -> tuple[Autoencoder, Result]:
    """Train on sequences that come a part at a time; see `Autoencoder.train`.

    Parameters
    ----------
    network : Autoencoder
    turns : callable
        From a random generator to the scaled sequences of an epoch, a part at a time;
        as from `shuffled`.
    sample : RaggedArray
        Some of the sequences, scaled.
    lengths : ndarray of shape (n_sequences,)
        Time steps of all sequences.
    digest : str
        Stands for all sequences in the fingerprint of a checkpoint.
    parameters : mapping
        The estimator's, by name.
    random_state : RandomState

    Raises
    ------
    ValueError
        If sequences are to be held out.
    """
    from sklearn_seqae._keras.training import callbacks, checkpoint, epochs, settings

    preprocessing = network.preprocessing

    def data(scaled: RaggedArray) -> Data:
        return settings.Data(
            preprocessing.patches(scaled),
            np.ones(len(scaled), np.float32),
            np.arange(len(scaled)),
            np.arange(0),
            preprocessing.prefixes(scaled),
        )

    given = callbacks.checked_callbacks(
        parameters["callbacks"], parameters["checkpoint_path"] is not None
    )
    if parameters["early_stopping"] or callbacks.watch_validation(given):
        raise ValueError(
            "early_stopping=True, or a callback that monitors a validation loss, sets "
            "sequences aside, which needs all of them in memory, but X comes in chunks "
            "that are more than its buffer holds; set early_stopping=False and the "
            "number of epochs, or raise buffer_size of X."
        )
    file = checkpoint.file_of_fit(
        parameters,
        network.shaped_by,
        network.state,
        random_state,
        sequences=(digest, preprocessing),
    )
    of_sample = data(sample)
    stream = settings.Stream(
        preprocessing.n_steps(lengths),
        _extrapolated(of_sample.totals, sample.lengths, lengths),
        baselines(of_sample.patches, preprocessing.n_features, np.ones(len(sample))),
        lambda generator: map(data, turns(generator)),
    )
    asked = settings.asked_for(parameters, given, len(lengths))
    result = epochs.train(
        network.architecture, stream, asked, random_state, network.state, file
    )
    return replace(network, state=result.state), result


def _extrapolated(
    totals: Any, sampled: NDArray[np.int64], lengths: NDArray[np.int64]
) -> Any:
    """Return the counts of all sequences, from those of a sample.

    Only the size of the gradients depends on them; the history counts itself.
    """
    per_step = lengths.sum() / sampled.sum()
    return totals._replace(
        values=totals.values * per_step,
        sequences=float(len(lengths)),
        ahead=totals.ahead * len(lengths) / len(sampled),
    )
