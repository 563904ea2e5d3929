"""Made sequences. Speed does not depend on what they say, only on their shape."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def log_uniform_lengths(
    n: int, shortest: int, longest: int, seed: int = 0
) -> NDArray[np.int64]:
    """Lengths whose logarithm is uniform: many short sequences, few long ones."""
    rng = np.random.default_rng(seed)
    logs = rng.uniform(np.log(shortest), np.log(longest + 1), n)
    return np.minimum(np.exp(logs).astype(np.int64), longest)


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
    if library == "polars":
        import polars as pl

        return pl.DataFrame(columns)
    import pandas as pd

    return pd.DataFrame(columns)


def n_bytes(frame: Any) -> int:
    """How much memory the columns of a frame of pandas or polars take."""
    if hasattr(frame, "estimated_size"):
        return int(frame.estimated_size())
    return int(frame.memory_usage(index=False).sum())


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


def pad(sequences: list[NDArray[np.float32]], n_timesteps: int) -> NDArray[np.float32]:
    """Right-pad with zeros to (n, n_timesteps, n_features), as tutorials do."""
    padded = np.zeros((len(sequences), n_timesteps, sequences[0].shape[1]), "float32")
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    return padded


def observed(
    sequences: list[NDArray[np.float32]], n_timesteps: int
) -> NDArray[np.float32]:
    """1.0 where `pad` put a time step and 0.0 where it put padding."""
    lengths = np.array([len(sequence) for sequence in sequences])
    return (np.arange(n_timesteps) < lengths[:, None]).astype("float32")


def batches_by_length(
    sequences: list[NDArray[np.float32]], batch_size: int
) -> list[NDArray[np.int64]]:
    """Indices of batches whose members are about equally long."""
    order = np.argsort([len(sequence) for sequence in sequences], kind="stable")
    return [order[k : k + batch_size] for k in range(0, len(order), batch_size)]
