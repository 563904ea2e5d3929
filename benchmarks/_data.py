"""Made sequences. Speed does not depend on what they say, only on their shape."""

import importlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import loguniform


def log_uniform_lengths(
    n: int, shortest: int, longest: int, seed: int = 0
) -> NDArray[np.int64]:
    """Lengths whose logarithm is uniform: many short sequences, few long ones."""
    rng = np.random.default_rng(seed)
    drawn = loguniform.rvs(shortest, longest + 1, size=n, random_state=rng)
    return np.minimum(drawn.astype(np.int64), longest)


def make(
    n: int, shortest: int, longest: int, n_features: int = 3, seed: int = 0
) -> list[NDArray[np.float32]]:
    """Noisy sine waves, about standardised, with lengths log-uniform in a range."""
    rng = np.random.default_rng(seed + 1)
    sequences = []
    for length in log_uniform_lengths(n, shortest, longest, seed):
        period, phase = rng.uniform(8, 40), rng.uniform(0, 6.28, n_features)
        t = np.arange(length)[:, None]
        wave = 1.4 * np.sin(6.28 * t / period + phase)
        noise = rng.normal(scale=0.2, size=(length, n_features))
        sequences.append((wave + noise).astype(np.float32))
    return sequences


def lengths_of(data: dict[str, int]) -> list[int]:
    """How long the sequences are that `make` draws with these arguments."""
    sizes = data["n"], data["shortest"], data["longest"]
    return log_uniform_lengths(*sizes).tolist()


def long_frame(
    library: str, n_series: int = 100_000, n_rows: int = 10_000_000, seed: int = 0
) -> Any:
    """A shuffled long table in pandas or polars: id, time and three channels.

    Each row has a time of its own, so no two rows of a series share one.
    """
    rng = np.random.default_rng(seed)
    microseconds = 1_000_000 * rng.permutation(n_rows) + rng.integers(0, 10**6, n_rows)
    columns = {
        "id": rng.integers(0, n_series, n_rows),
        "time": np.datetime64("2024-01-01", "us") + microseconds.astype("m8[us]"),
        **{name: rng.normal(size=n_rows) for name in ("x", "y", "z")},
    }
    return importlib.import_module(library).DataFrame(columns)


def tutorial() -> list[NDArray[np.float32]]:
    """Four rising sequences, univariate, as the tutorial has: (length, 1) each."""
    steps = ((0.1, 9), (0.1, 8), (0.2, 4), (0.3, 4))
    return [(step * np.arange(1, n + 1, dtype="float32"))[:, None] for step, n in steps]


def squared_error(
    decoded: Iterable[NDArray[Any]], sequences: list[NDArray[np.float32]]
) -> float:
    """Mean over the sequences' own values, whatever is decoded beyond their ends."""
    pairs = zip(decoded, sequences, strict=True)
    errors = [(x_hat[: len(x)] - x).ravel() for x_hat, x in pairs]
    return float(np.mean(np.concatenate(errors) ** 2))


def pad(sequences: list[NDArray[Any]], n_timesteps: int | None = None) -> NDArray[Any]:
    """Right-pad with zeros to the longest or to so many steps, as tutorials do."""
    from keras.utils import pad_sequences

    return pad_sequences(sequences, n_timesteps, "float32", padding="post")


def observed(
    sequences: list[NDArray[Any]], n_timesteps: int | None = None
) -> NDArray[Any]:
    """1.0 where `pad` put a time step and 0.0 where it put padding."""
    return pad([np.ones(len(sequence)) for sequence in sequences], n_timesteps)


def batches_by_length(
    sequences: list[NDArray[np.float32]], batch_size: int
) -> list[NDArray[np.int64]]:
    """Indices of batches whose members are about equally long."""
    order = np.argsort([len(sequence) for sequence in sequences], kind="stable")
    return [order[k : k + batch_size] for k in range(0, len(order), batch_size)]
