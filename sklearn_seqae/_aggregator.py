"""Statistics of sequences beside their embeddings: frequencies, sums, durations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, groupby
from numbers import Integral
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import TransformerMixin, _fit_context
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from sklearn_seqae._containers.gate import Features, check_one_each
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.writers import with_ids
from sklearn_seqae._fitted.saving import SequenceEstimator
from sklearn_seqae._patches.ngrams import Codes, frequent, numbers_of_column
from sklearn_seqae._sequences.clock import since
from sklearn_seqae._sequences.schema import Events, Schema, first_of, last_of
from sklearn_seqae._sequences.summary import Summary

AUTO = StrOptions({"auto"})
MOST = 100  # categories of a column that "auto" tells apart, the infrequent as one
OF_NUMBERS = ("mean", "std", "min", "max", "sum")
Floats = NDArray[np.float64]


class SequenceAggregator(TransformerMixin, SequenceEstimator):
    """Aggregate each sequence: frequencies of categories, statistics of numbers.

    These know nothing of order, but for `ngram_range`. Beside an embedding, which knows
    it, they are strong on sequences of events [1]_.

    Parameters
    ----------
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        As of `LSTMAutoencoderTransformer`.
    max_categories : int, "auto" or None, default="auto"
        Categories of a feature that are told apart, the infrequent ones as one of them,
        as in `OneHotEncoder`. "auto" is 100: each takes a column. None is no limit.
    time : bool or "auto", default="auto"
        Whether the time since the event before is a feature, its logarithm, as of
        `LSTMAutoencoderTransformer`.
    ngram_range : tuple (min_n, max_n), default=(1, 1)
        How many events in a row are counted together, at least and at most, as in
        `CountVectorizer`: (1, 2) has the column "page_home>cart" beside "page_home".
        For each feature and each number of events from 2 on, there are columns for the
        n-grams that are most frequent in `fit`, as many as `max_categories`.

    Attributes
    ----------
    n_features_in_ : int
        Columns of a table, 1 for a Series, else features of a time step.
    feature_names_in_ : ndarray of str
        Column names, if `X` was a dataframe with names.
    sequence_feature_names_in_ : ndarray of str
        Names of the features of a time step, if sequences had them.

    See Also
    --------
    LSTMAutoencoderTransformer : Embeddings of the same sequences.

    Notes
    -----
    The columns are the number of time steps; of each number the mean, the standard
    deviation, the least, the largest and the sum; of each category its share of the
    time steps, also of infrequent and missing ones; of each n-gram its share of all
    n-grams of as many events. Where time is a feature, its
    logarithms are such numbers, without a sum, and the duration comes after the number
    of time steps, in the unit of the times; of dates, in seconds. Where a sequence has
    no number at all, its mean, least and largest are the mean of all numbers in `fit`.

    References
    ----------
    .. [1] Babaev, D. et al. (2022). CoLES: contrastive learning for event sequences
       with self-supervision. SIGMOD.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_seqae import SequenceAggregator
    >>> log = pd.DataFrame(
    ...     {"page": ["home", "pay", "home", "help"], "amount": [0.0, 9.0, 0.0, 0.0]},
    ...     index=pd.MultiIndex.from_tuples([("a", 0), ("a", 4), ("b", 2), ("b", 3)]),
    ... )
    >>> aggregator = SequenceAggregator(time=False).set_output(transform="pandas")
    >>> aggregator.fit_transform(log).T
                   a    b
    n_timesteps  2.0  2.0
    amount_mean  4.5  0.0
    amount_std   4.5  0.0
    amount_min   0.0  0.0
    amount_max   9.0  0.0
    amount_sum   9.0  0.0
    page_help    0.0  0.5
    page_home    0.5  0.5
    page_pay     0.5  0.0
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "categorical_features": [StrOptions({"from_dtype"}), "array-like", None],
        "max_categories": [Interval(Integral, 2, None, closed="left"), AUTO, None],
        "time": ["boolean", AUTO],
        "ngram_range": [tuple],
    }

    _saved_as: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"_schema": Schema, "_typical": Floats, "_grams": tuple[Codes, ...]}
    )

    # Set by fit
    _schema: Schema
    _typical: Floats
    _grams: tuple[Codes, ...]  # of each feature with categories, those that are counted

    def __init__(
        self,
        *,
        categorical_features: Any = "from_dtype",
        max_categories: int | str | None = "auto",
        time: bool | str = "auto",
        ngram_range: tuple[int, int] = (1, 1),
    ) -> None:
        self.categorical_features = categorical_features
        self.max_categories = max_categories
        self.time = time
        self.ngram_range = ngram_range

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the categories, and which n-grams of them are frequent.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            Sequences, as `LSTMAutoencoderTransformer` takes them.
        y : Ignored
            Not used, present for API consistency by convention.

        Returns
        -------
        self : SequenceAggregator
            Fitted.

        Raises
        ------
        ValueError, TypeError
            If the sequences or a parameter can't be used.
        """
        orders = _orders(self.ngram_range)
        asked = self.get_params(deep=False)
        if asked["max_categories"] == "auto":
            asked["max_categories"] = MOST
        summary = Summary(asked, type(self).__name__)
        sequences, container = summary.read(X)
        check_one_each(X, sequences, y=y, sample_weight=None)
        given = summary.update(X, sequences, container)
        schema = summary.schema()
        encoded, _ = schema.events.encode(given)
        values = _numbers(encoded)
        observed = np.logical_not(np.isnan(values))
        total = np.where(observed, values, 0).sum(axis=1)
        self._grams = tuple(
            frequent(encoded, j, column.size, orders, asked["max_categories"])
            for j, column in enumerate(schema.events.columns)
        )
        self._typical = total / np.maximum(observed.sum(axis=1), 1)
        self._schema = schema
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Aggregate sequences.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            As in `fit`, with the same features.

        Returns
        -------
        X_aggregated : ndarray of shape (n_samples, n_features_out)
            Float32 if `X` was, float64 otherwise.

        Raises
        ------
        ValueError, TypeError
            If a sequence can't be used.
        """
        check_is_fitted(self)
        given = self._schema.read(X, type(self).__name__)
        encoded, moments = self._events.encode(given)
        columns = [encoded.lengths[:, None].astype(np.float64)]
        first, last = first_of(moments, encoded), last_of(moments, encoded)
        if first is not None and last is not None:
            columns.append(since(last, first)[:, None] * self._unit_of_duration)
        columns += [
            of_number[:, : len(self._statistics(j))]
            for j, of_number in enumerate(self._of_numbers(encoded))
        ]
        columns += self._shares(encoded)
        found = np.concatenate(columns, axis=1).astype(given.container.dtype)
        return with_ids(found, X, self)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the columns.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Checked against `feature_names_in_`, if there are some.

        Returns
        -------
        names : ndarray of str
            "page_home" for the share of the category "home" of the feature "page",
            "page_home>cart" for that of "home" and then "cart" among pairs of events.
        """
        check_is_fitted(self)
        _check_feature_names_in(self, input_features, generate_names=False)
        names = ["n_timesteps"]
        if self._events.clock is not None:
            names.append("duration")
        features = self._feature_names
        for j, feature in enumerate(features[: len(self._typical)]):
            names += [f"{feature}_{statistic}" for statistic in self._statistics(j)]
        of_codes, columns = self._events.names_of_codes, features[len(self._typical) :]
        for feature, own, grams in zip(columns, of_codes, self._grams, strict=True):
            names += [
                f"{feature}_{'>'.join(own[code - 1] for code in gram)}"
                for gram in grams
            ]
        return np.array(names, dtype=object)

    # Parts ----------------------------------------------------------------------------

    @property
    def _features(self) -> Features:
        return self._schema.features

    @property
    def _events(self) -> Events:
        return self._schema.events

    @property
    def _feature_names(self) -> list[str]:
        """Names in the order of encoded features: numbers, time, categories."""
        default = [f"x{j}" for j in range(self._features.n_features)]
        names = getattr(self, "sequence_feature_names_in_", default)
        known = self._events.names_in_network(names)
        return ["time" if name is None else str(name) for name in known]

    @property
    def _unit_of_duration(self) -> float:
        """Seconds of a tick of dates and durations; 1 where times are numbers."""
        times = self._events.times
        dtype: Any = np.dtype(float if times is None else times.dtype)
        if dtype.kind not in "mM":
            return 1.0
        unit: Any = np.datetime_data(dtype)[0]
        return float(np.timedelta64(1, unit) / np.timedelta64(1, "s"))

    def _statistics(self, j: int) -> tuple[str, ...]:
        """Return the statistics of a number; logarithms of waits have no sum."""
        is_time = self._events.clock is not None and j == len(self._typical) - 1
        return OF_NUMBERS[:-1] if is_time else OF_NUMBERS

    def _of_numbers(self, encoded: RaggedArray) -> Iterator[Floats]:
        """Yield the statistics of each number, (n_sequences, 5)."""
        starts, lengths = encoded.offsets[:-1], encoded.lengths
        numbers = _numbers(encoded)
        for values, typical in zip(numbers, self._typical, strict=True):
            observed = np.logical_not(np.isnan(values))
            n = np.maximum(np.add.reduceat(observed, starts, dtype=np.int64), 1)
            total = np.add.reduceat(np.where(observed, values, 0), starts)
            mean = total / n
            off = np.where(observed, values - np.repeat(mean, lengths), 0)
            deviation = np.sqrt(np.add.reduceat(off**2, starts) / n)
            least, largest = (f.reduceat(values, starts) for f in (np.fmin, np.fmax))
            is_empty = np.isnan(least)
            mean, least, largest = (
                np.where(is_empty, typical, each) for each in (mean, least, largest)
            )
            yield np.column_stack([mean, deviation, least, largest, total])

    def _shares(self, encoded: RaggedArray) -> Iterator[Floats]:
        """Yield the shares of n-grams, by feature and by their number of events."""
        row, n = np.repeat(np.arange(len(encoded)), encoded.lengths), len(encoded)
        columns = self._events.columns
        for j, (column, grams) in enumerate(zip(columns, self._grams, strict=True)):
            size = column.size
            for order, of_order in groupby(grams, len):
                codes = tuple(np.transpose([*of_order]))
                known = np.ravel_multi_index(codes, (size + 1,) * order)
                numbers = numbers_of_column(encoded, j, order, size)
                place = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
                there = known[place] == numbers
                places = (row * len(known) + place)[there]
                counts = np.bincount(places, minlength=n * len(known))
                in_all = np.maximum(encoded.lengths - order + 1, 1)
                yield counts.reshape(n, len(known)) / in_all[:, None]

    @classmethod
    def _check_fitted(cls, attributes: Mapping[str, Any]) -> None:
        schema, found = attributes["_schema"], attributes["_typical"].shape
        events, n_features = schema.events, schema.features.n_features
        expected = (n_features + events.n_moments - events.n_codes,)
        if found != expected:
            raise ValueError(f"_typical has shape {found}; expected {expected}")
        grams, sizes = attributes["_grams"], [column.size for column in events.columns]
        if len(grams) != len(sizes) or any(
            not 1 <= code <= size
            for of_feature, size in zip(grams, sizes, strict=True)
            for code in chain.from_iterable(of_feature)
        ):
            raise ValueError("_grams has n-grams of categories that there are not")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _orders(ngram_range: Any) -> range:
    """Return how many events n-grams have."""
    is_int = [isinstance(n, Integral) for n in ngram_range]
    if is_int != [True, True] or not 1 <= ngram_range[0] <= ngram_range[1]:
        raise ValueError(
            f"ngram_range is {ngram_range!r}; expected (min_n, max_n), two whole "
            "numbers of which the first is at least 1 and not above the second."
        )
    return range(ngram_range[0], ngram_range[1] + 1)


def _numbers(encoded: RaggedArray) -> Floats:
    """Return the numbers (n_numbers, n_timesteps), in one layout for one sum."""
    return encoded.numbers.values.T.astype(np.float64, order="C")
