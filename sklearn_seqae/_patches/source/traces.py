"""What is noted of each part of the sequences: lengths, gaps, and a trace."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._sequences.schema import Given
from sklearn_seqae.exceptions import _count


class Trace(NamedTuple):
    """A trace of a part of the sequences, by which a change is found."""

    n_sequences: int
    n_timesteps: int
    digest: bytes  # of values, lengths and categories
    # The same of moments; empty where there are none, or they don't count
    of_moments: bytes

    def check(self, again: Trace) -> None:
        """Check that the same part had the same trace when it was read again."""
        if again.n_sequences != self.n_sequences:
            n = _count(again.n_sequences, "sequence")
            what = f"{n} now, but had {self.n_sequences}"
        elif again.n_timesteps != self.n_timesteps:
            n = _count(again.n_timesteps, "time step")
            what = f"{n} now, but had {self.n_timesteps}"
        elif again.digest != self.digest or (
            self.of_moments and again.of_moments not in (b"", self.of_moments)
        ):  # whether moments count is known after the first reading
            what = "other values, categories, lengths or times now than"
        else:
            return
        raise ValueError(f"it has {what} when fit read X first. {SAME_AGAIN}")


SAME_AGAIN = (
    "A fit needs the same data in every epoch, to the bit and in the same order: call "
    "fit again once nothing writes to the files; a function that makes chunks must "
    "yield the same ones each time."
)


class Facts(NamedTuple):
    """Facts of a part of the sequences, or of all."""

    lengths: NDArray[np.int64]  # (n_sequences,)
    unobserved: NDArray[np.bool_]  # (n_features,): features without an observed value
    trace: Trace


def facts_of(given: Given) -> Facts:
    """Return the facts of sequences as they were read."""
    sequences = given.sequences
    is_missing: NDArray[np.bool_] = np.isnan(sequences.values)
    return Facts(sequences.lengths, np.all(is_missing, axis=0), trace_of(given))


def trace_of(given: Given) -> Trace:
    """Return the trace of sequences as they were read."""
    sequences, moments = given.sequences, given.moments
    levels = repr(given.container.levels).encode("utf-8", "surrogatepass")
    return Trace(
        len(sequences),
        len(sequences.values),
        _digest(sequences.lengths.data, sequences.values.data, levels),
        b"" if moments is None else _digest(moments.ticks.data),
    )


def joined(facts: Sequence[Facts]) -> tuple[NDArray[np.int64], NDArray[np.bool_], str]:
    """Return the lengths of all parts, what none has observed, and one digest."""
    lengths, unobserved, traces = zip(*facts, strict=True)
    digests = [digest for trace in traces for digest in trace[2:]]
    return (
        np.concatenate(lengths),
        np.all(unobserved, axis=0),
        _digest(*digests).hex(),
    )


def _digest(*parts: Any) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    return digest.digest()
