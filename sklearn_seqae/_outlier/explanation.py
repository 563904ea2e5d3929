"""Why a score is what it is: by measure, feature and time step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers.pandas import Moments
from sklearn_seqae._containers.writers.categories import as_objects, frame_of
from sklearn_seqae._containers.writers.pandas import index_of_times
from sklearn_seqae._fitted.autoencoder import Autoencoder
from sklearn_seqae._fitted.scores import losses_by_block
from sklearn_seqae._outlier.crossfit import CrossFittedChain
from sklearn_seqae._outlier.deviation import FLAT, Floats, Measures, Usual, traces
from sklearn_seqae._sequences.scaling import unscale
from sklearn_seqae._sequences.schema import Given, Schema

N_STRETCHES = 16  # of a sequence: each in turn is replaced by what is usual
CANCELLED = 1e-6  # share of the sizes of all weights that their sum may have lost


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Why a sequence or a recording has its scores; made by `explain` of a detector.

    Parameters
    ----------
    id : label
        Id of the sequence, or its position in `X`.
    deviations : Series
        Standard deviations above usual, by measure. The largest is the score, negated.
        Of a recording, the largest means over the windows around a time step.
    contributions : DataFrame of shape (n_timesteps, n_features)
        Contributions to the largest deviation: they add up to ``-score``. Every measure
        above usual has a share in them, in proportion to its deviation. Of a recording,
        those of each time step add up to its score, negated, or are 0 if that is NaN.
    measures : dict of str to DataFrame of shape (n_timesteps, n_features)
        Contributions to the deviation of each measure alone, which add up to it. Of a
        recording, those of each time step do.
    observed : DataFrame
        The sequence, with its names and times, if it has them.
    expected : DataFrame
        What would be usual: decoded from the usual embedding that is nearest. Of a
        recording, the mean over windows, or as observed where there is no window.
    offset : float, default=None
        Of a recording, the `offset_` of the detector.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_seqae import Explanation
    >>> parts = pd.DataFrame({"flow": [0.0, 4.0, 4.5], "heat": [0.0, 0.5, 0.0]})
    >>> deviations = pd.Series({"error": 9.0, "size": 1.0})
    >>> why = Explanation(7, deviations, parts, {"error": parts}, parts, parts)
    >>> why
    <Explanation of 7: error 9.0, time steps 1 to 2, features ['flow']>
    >>> why.contributions.iloc[why.stretch].sum().to_dict()
    {'flow': 8.5, 'heat': 0.5}
    """

    id: Any
    deviations: pd.Series
    contributions: pd.DataFrame
    measures: dict[str, pd.DataFrame]
    observed: pd.DataFrame
    expected: pd.DataFrame
    offset: float | None = None

    @property
    def _by_time(self) -> Floats:
        return self.contributions.to_numpy().sum(axis=1)

    @property
    def score(self) -> float:
        """Score of the sequence, as of `score_samples`; the lowest of a recording."""
        largest = self.deviations if self.offset is None else self._by_time
        return -float(largest.max())

    @property
    def measure(self) -> str:
        """Name of the measure with the largest deviation, which decides."""
        return str(self.deviations.idxmax())

    @property
    def stretch(self) -> slice:
        """Time steps, by position, that contribute most above the mean of all.

        Of a recording, above the threshold, or half of the most if that is less.
        """
        by_time = self._by_time
        level = by_time.mean()
        if self.offset is not None:
            level = min(-self.offset, by_time.max() / 2)
        above = by_time - level
        if above.max() <= CANCELLED * np.abs(by_time).max():
            return slice(0, len(above))
        total = np.append(0.0, np.cumsum(above))
        stop = int(np.argmax(total - np.minimum.accumulate(total)))
        return slice(int(np.argmin(total[:stop])), stop)

    @property
    def features(self) -> list[Any]:
        """Names of what contributes to the stretch, the most first.

        They contribute at least half as much as the first.
        """
        found = self.contributions.iloc[self.stretch].sum()
        found = found.sort_values(ascending=False, kind="stable")
        return found.index[found >= found.max() - 0.5 * abs(found.max())].tolist()

    def __repr__(self) -> str:
        first, last = self.contributions.index[self.stretch][[0, -1]]
        return (
            f"<Explanation of {self.id!r}: {self.measure} {-self.score:.1f}, "
            f"time steps {first} to {last}, features {self.features}>"
        )


class Attribution(NamedTuple):
    """Contributions to the deviations of scaled sequences; features as scaled."""

    deviations: dict[str, Floats]  # (n_sequences,)
    contributions: Floats  # (n_timesteps, n_features): to the largest one
    measures: dict[str, Floats]  # (n_timesteps, n_features): to each
    expected: RaggedArray  # scaled


def attribution(
    network: Autoencoder,
    chains: tuple[CrossFittedChain, ...],
    usual: Usual,
    scaled: RaggedArray,
    n_stretches: int = N_STRETCHES,
) -> Attribution:
    """Split deviations. It takes an embedding for each stretch.

    Without stretches, it is quick: differences from what is expected tell all.
    """
    values, squares, steps = traced = traces(network, scaled, chains)
    measures = Measures.of(network, scaled, chains, traced)
    deviations, embedding = usual.deviations(measures), measures.embedding
    size, profile = measures.statistics(usual.variance)
    expected, weights = _of_embedding(network, usual, scaled, embedding, n_stretches)
    squares, relative = squares / usual.variance, steps / usual.variance
    after = (scaled.positions > 0)[:, None]
    least = np.add.reduceat(squares, scaled.offsets[:-1])
    least = np.repeat(least == least.min(axis=1, keepdims=True), scaled.lengths, axis=0)

    def split(distance: Any, points: Floats, statistics: Any) -> Floats:
        """Split by statistic, then by how far each time step is above their means."""
        (parts, means), found, first = distance.parts(points), np.zeros(1), 0
        for width, above in statistics:
            columns = slice(first, first := first + width)
            level = np.repeat(means[:, columns], scaled.lengths, axis=0)
            found = found + _spread(parts[:, columns], above(level), scaled)
        return found

    n, length = scaled.n_features, (1, lambda _: np.ones(squares.shape))
    in_size = (
        length,
        (1, lambda log: squares - np.exp(log) + FLAT),
        (1, lambda log: after * (relative - np.exp(log) + FLAT)),
        (1, lambda log: least * (squares - np.exp(log) + FLAT)),
    )
    in_profile = (
        length,
        (n, lambda mean: values - mean),
        (n, lambda root: squares - root**2),
        (n, lambda root: after * (relative - root**2)),
    )
    found = {
        "embedding": weights,
        "error": _losses(network, scaled, embedding, usual),
        "size": split(usual.size, size, in_size),
        "profile": split(usual.profile, profile, in_profile),
    }
    if usual.order_mean is not None:
        found["order"] = after * (steps - usual.order_mean)
        found["order"][:, : scaled.n_numbers] = 0
    above = {name: np.maximum(each, 0) for name, each in deviations.items()}
    ups = {n: _spread(each[:, None], found[n], scaled) for n, each in above.items()}
    parts = {n: ups[n] + _even(d - above[n], scaled) for n, d in deviations.items()}
    # The largest deviation, shared by those above usual
    largest = reduce(np.maximum, deviations.values())
    total = sum(above.values(), np.zeros(len(scaled)))
    share = np.divide(largest, total, np.zeros(len(scaled)), where=total > 0)
    contributions = np.repeat(share, scaled.lengths)[:, None] * sum(ups.values())
    contributions += _even(np.minimum(largest, 0), scaled)
    return Attribution(deviations, contributions, parts, expected)


def _even(amounts: Floats, scaled: RaggedArray) -> Floats:
    """Divide amounts of sequences evenly."""
    return _spread(amounts[:, None], np.ones(scaled.values.shape), scaled)


def _spread(amounts: Floats, weights: Floats, scaled: RaggedArray) -> Floats:
    """Divide amounts among time steps in proportion to weights.

    Amounts of sequences, (n_sequences, 1), or of features, (n_sequences, n_features).
    Where weights cancel one another to no more than rounding, all count alike.
    """

    def summed(each: Floats) -> Floats:
        total = np.add.reduceat(each, scaled.offsets[:-1])
        return total if amounts.shape == total.shape else total.sum(1, keepdims=True)

    cancel = np.abs(summed(weights)) <= CANCELLED * summed(np.abs(weights))
    weights = np.where(np.repeat(cancel, scaled.lengths, axis=0), 1.0, weights)
    return np.repeat(amounts / summed(weights), scaled.lengths, axis=0) * weights


def _losses(
    network: Autoencoder, scaled: RaggedArray, Z: Floats, usual: Usual
) -> Floats:
    """Return the terms of relative errors of what embeddings mean, 0 where missing."""
    losses = np.concatenate([each for *_, each in losses_by_block(network, scaled, Z)])
    observed = ~np.isnan(losses)
    counts = np.add.reduceat(observed, scaled.offsets[:-1], dtype=int)
    counts = np.repeat(np.maximum(counts, 1), scaled.lengths, axis=0)
    return np.nan_to_num(losses) / usual.variance / counts


def _of_embedding(
    network: Autoencoder,
    usual: Usual,
    scaled: RaggedArray,
    embedding: Floats,
    n_stretches: int,
) -> tuple[RaggedArray, Floats]:
    """Return what is expected, and how the distance falls where a stretch is like that.

    Occlusion (Zeiler and Fergus, 2014), by one stretch after the other. Within one, the
    losses tell time steps and features.
    """
    nearest = usual.embedding.gaussians[0].nearest(embedding)
    expected = network.decode(nearest, scaled.lengths)
    weights = _losses(network, scaled, nearest, usual)
    row = np.repeat(np.arange(len(scaled)), scaled.lengths)
    stretch = scaled.positions * n_stretches // scaled.lengths[row]
    before = usual.embedding.standardized(embedding)
    for k in range(n_stretches):
        here = stretch == k
        changed = here[:, None] & ~np.isnan(scaled.values)
        values = np.where(changed, expected.values, scaled.values).astype(scaled.dtype)
        Z = network.embed(scaled.with_values(values), "float64")
        falls = np.maximum(before - usual.embedding.standardized(Z), 0)
        total = np.bincount(row, weights.sum(axis=1) * here, len(scaled))
        share = np.divide(falls, total, np.zeros_like(total), where=total > 0)
        weights[here] *= share[row[here]][:, None]
    return expected, weights


def explanations(
    schema: Schema,
    given: Given,
    found: Attribution,
    known_ids: pd.Index | None,
    moments: Moments | None,
    offset: float | None = None,
) -> list[Explanation]:
    """Return an explanation of each sequence that was given."""
    names, clock, sequences = [*schema.names], schema.events.times, given.sequences
    labels = names if clock is None else [*names, clock.name or "time"]
    if len(labels) != found.expected.n_features:  # a scaler made others
        labels = list(range(found.expected.n_features))
    index = pd.Index(sequences.positions)
    ids = range(len(sequences)) if known_ids is None else known_ids.tolist()
    if moments is not None:
        ticks = moments.ticks.astype(moments.times.dtype)
        index = index_of_times(ticks, moments.times)
    decoded = unscale(schema.scaler, found.expected)
    expected, _ = schema.events.decode(decoded, schema.container, None, None)
    frames = [
        *(
            pd.DataFrame(schema.events.in_order(each.T).T, index, labels)
            for each in (found.contributions, *found.measures.values())
        ),
        _frame(sequences.values, given.container, names, index),
        _frame(expected.values, schema.container, names, index),
    ]
    explained = list[Explanation]()
    for one, (start, stop) in zip(ids, pairwise(sequences.offsets), strict=True):
        i, of_it = len(explained), [f.iloc[start:stop].copy() for f in frames]
        contributions, *of_measures, seen, usual = of_it
        measures = dict(zip(found.measures, of_measures, strict=True))
        largest = {name: each[i] for name, each in found.deviations.items()}
        why = pd.Series(largest, name=one), contributions, measures, seen, usual
        explained.append(Explanation(one, *why, offset))
    return explained


def _frame(
    values: NDArray[Any], container: Container, names: list[Any], index: pd.Index
) -> pd.DataFrame:
    """Return time steps with the categories of a container."""
    columns = [
        as_objects(values[:, j], levels) if levels else values[:, j]
        for j, levels in enumerate(map(container.levels_of, range(len(names))))
    ]
    return frame_of("pandas", names, columns).set_index(index)
