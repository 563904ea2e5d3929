"""The sequences of a fit: a sample to design a network by, and the way to all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import RaggedArray, offsets_from_lengths
from sklearn_seqae._patches.preprocessing import Preprocessing
from sklearn_seqae._patches.source.data import Data, baselines
from sklearn_seqae._sequences.scaling import fit_scaler, scale
from sklearn_seqae._sequences.schema import Given, Schema
from sklearn_seqae._sequences.vocabulary import Column
from sklearn_seqae.exceptions import InvalidSequenceError, _count

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Source:
    """The sequences of a fit, scaled."""

    schema: Schema  # learnt from them, or earlier
    sample: RaggedArray  # those that count, scaled: distinct ones, of positive weight
    weight: NDArray[np.float64]  # of each, at most 1
    lengths: NDArray[np.int64]  # time steps of all in order, 0 for weight zero
    # Of all sequences, where they are elsewhere, and the sample is drawn at random
    digest: str = ""
    traces: Any = None  # of the chunks of each place, if they came in chunks

    @classmethod
    def in_memory(
        cls, encoded: RaggedArray, schema: Schema, sample_weight: Floats, *, reset: bool
    ) -> Self:
        """Return the source of sequences in own units; ``reset`` fits the scaler."""
        distinct, weight = merge_repeated(encoded, sample_weight)
        weight /= weight.max()  # only ratios count; clear of float32's limits
        if reset:
            ragged = encoded.take(distinct)
            refuse_unobserved(np.isnan(ragged.values).all(axis=0), len(ragged))
            scaler = fit_scaler(schema.scaler, ragged, weight)
            schema = replace(schema, scaler=scaler)
        # All are scaled, so that an error tells the place of a sequence in X
        sample = scale(schema.scaler, encoded).take(distinct)
        lengths = np.where(sample_weight > 0, encoded.lengths, 0)
        return cls(schema, sample, weight, lengths)

    @property
    def all_lengths(self) -> NDArray[np.int64] | None:
        """Time steps of all sequences, if the sample does not have all of them."""
        return self.lengths if self.digest else None

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.schema.events.columns

    @property
    def longest(self) -> int:
        """Time steps of the longest sequence that counts."""
        known = self.all_lengths
        return int((self.sample.lengths if known is None else known).max())

    def to_train(self, preprocessing: Preprocessing, batch_size: int) -> Any:
        data = training_data(preprocessing, self.sample, self.weight)
        untrained = baselines(data.patches, preprocessing.n_features, self.weight)
        return replace(data, baselines=untrained)


def training_data(
    preprocessing: Preprocessing, scaled: RaggedArray, weight: Floats | None = None
) -> Data:
    """Cut scaled sequences into patches to train on; None weighs each as 1."""
    n = len(scaled)
    return Data(
        preprocessing.patches(scaled),
        np.ones(n, np.float32) if weight is None else weight.astype(np.float32),
        np.arange(n),
        np.arange(0),
        preprocessing.prefixes(scaled),
    )


def merge_repeated(
    ragged: RaggedArray, sample_weight: Floats
) -> tuple[NDArray[np.int64], Floats]:
    """Merge equal sequences, add up their weights, and drop those of weight zero.

    Beside the largest weight, zero is what float32 can't tell from it. Returns the
    distinct ones by index, and their weights. Their order depends on the sequences
    alone, so a weight of 2 and a sequence passed twice give the same training.
    """
    digests = [hashlib.blake2b(s.data, digest_size=16).digest() for s in ragged]
    _, first, group = np.unique(digests, return_index=True, return_inverse=True)
    total: NDArray[Any] = np.bincount(group, sample_weight, len(first))
    if not np.isfinite(total).all():
        raise ValueError(
            f"sample_weight is as large as {sample_weight.max():.3g}, and weights of "
            "equal sequences add up to infinity; divide all weights by a constant."
        )
    kept = total > total.max() * np.finfo(np.float32).tiny
    return first[kept], total[kept]


def concatenate(parts: Sequence[RaggedArray]) -> RaggedArray:
    """Put ragged arrays one after the other."""
    lengths = np.concatenate([part.lengths for part in parts])
    values = np.concatenate([part.values for part in parts])
    return RaggedArray(values, offsets_from_lengths(lengths), parts[0].n_codes)


def smallest(
    keys: NDArray[np.float64], sizes: NDArray[np.int64], limit: int
) -> tuple[NDArray[np.int64], float]:
    """Return which smallest keys' sizes fit, one at least, rising; and the next key."""
    order = np.argsort(keys)
    total = np.cumsum(sizes[order])
    n = max(1, int(np.searchsorted(total, limit, side="right")))
    return np.sort(order[:n]), float(keys[order[n]]) if n < len(order) else np.inf


def refuse_unobserved(unobserved: Any, n_sequences: int) -> None:
    """Raise if a feature has no observed value."""
    if unobserved.any():
        raise InvalidSequenceError(
            f"feature {int(unobserved.argmax())} has no observed value in any of "
            f"{_count(n_sequences, 'sequence')}, only NaN; leave it out."
        )


# What is noted of each part: lengths, gaps, and a trace -------------------------------


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
