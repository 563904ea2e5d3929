"""The gate through which `X`, `y` and `sample_weight` enter the estimator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length, validation

from sklearn_seqae._containers.chunks import SequenceChunks
from sklearn_seqae._containers.dask import is_dask
from sklearn_seqae._containers.kinds import KINDS, Container
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers import checks, ids_of_sequences, to_ragged
from sklearn_seqae._containers.readers.doubts import warn_of_doubts
from sklearn_seqae._containers.readers.misread import refuse_long_table
from sklearn_seqae._utils import warn_user
from sklearn_seqae.exceptions import InvalidSequenceError, _count


@dataclass(frozen=True)
class Features:
    """The features of `X` in a fit, to which later ones are held."""

    # Columns of a 2-D array or a frame, 1 for a Series, else features of a time step
    n_features_in: int
    n_features: int  # of a time step
    n_columns: int | None = None  # of a table whose rows are sequences
    feature_names_in: tuple[str, ...] | None = None  # columns of a frame with names
    sequence_names: tuple[str, ...] | None = None  # of the features of a time step

    @classmethod
    def of(cls, X: Any, ragged: RaggedArray, container: Container) -> Self:
        """Return the features of `X` and of the sequences that were read of it."""
        n_features_in, names = ragged.n_features, None
        if container.n_columns is not None:
            n_features_in, names = container.n_columns, validation._get_feature_names(X)
        elif KINDS[container.kind].is_column:  # one feature to a ColumnTransformer
            n_features_in = 1
        return cls(
            n_features_in,
            ragged.n_features,
            container.n_columns if container.tabular else None,
            None if names is None else tuple(names.tolist()),
            container.feature_names,
        )

    def check(self, X: Any, ragged: RaggedArray, container: Container, by: str) -> None:
        """Raise a ValueError if `X` has other features; ``by`` names the estimator."""
        fitted_on_rows = self.n_columns is not None
        if container.tabular and fitted_on_rows:
            validation._check_feature_names(self._seen(by), X, reset=False)
            validation._check_n_features(self._seen(by), X, reset=False)
            return
        if not (container.tabular or fitted_on_rows):
            self._check_sequence_names(X, container, by)
        if ragged.n_features == self.n_features:
            return
        if container.tabular:
            remedy = "each row of X is one univariate sequence; for more features pass "
            alone = container.n_columns == self.n_features
            remedy += (
                "X in a list, [X], if it is one sequence" if alone else checks.ACCEPTED
            )
        elif np.all(ragged.lengths == self.n_features):
            remedy = "if features come before time, pass from_channels_first(X)"
        else:
            remedy = "pass the features that fit saw, in the same order"
        raise InvalidSequenceError(
            f"sequence 0 has {_count(ragged.n_features, 'feature')}, but {by} is "
            f"expecting {_count(self.n_features, 'feature')} as input; {remedy}."
        )

    def _check_sequence_names(self, X: Any, container: Container, by: str) -> None:
        expected, found = self.sequence_names, container.feature_names
        if expected is None:
            if found is not None:
                warn_user(
                    f"X has feature names, but {by} was fitted without feature names"
                )
            elif container.n_columns == 1 and self.feature_names_in is not None:
                # a column of cells
                validation._check_feature_names(self._seen(by), X, reset=False)
        elif found is None:
            warn_user(
                f"X does not have valid feature names, but {by} was fitted with "
                f"feature names; their order can't be checked: {checks.shown(expected)}"
            )
        elif found != expected:
            has = f"{by} was fitted with"
            raise ValueError(checks.other_names("X", found, has, expected))

    def _seen(self, by: str) -> Any:
        """Return an estimator of this name that knows these features alone."""
        return type(by, (FeaturesIn,), {"_features": self})()


class FeaturesIn:
    """The attributes that scikit-learn gives an estimator that saw features."""

    @property
    def _features(self) -> Features:
        """Features of a fit; an AttributeError before there was one."""
        raise AttributeError("_features")

    @property
    def n_features_in_(self) -> int:
        """Columns of a table, 1 for a Series, else features of a time step."""
        return self._features.n_features_in

    @property
    def feature_names_in_(self) -> NDArray[np.object_]:
        """Column names, if `X` was a dataframe with names."""
        return self._names("feature_names_in")

    @property
    def sequence_feature_names_in_(self) -> NDArray[np.object_]:
        """Names of the features of a time step, if sequences had them."""
        return self._names("sequence_names")

    def _names(self, name: str) -> NDArray[np.object_]:
        names = getattr(self._features, name)
        if names is None:
            raise AttributeError("X had no such names in fit.")
        return np.array(names, dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_features")


def validate_sequences(X: Any, features: Features | None, by: str) -> checks.Read:
    """Convert `X`, and check its features against those of a fit, if given.

    Raise if rows look like time steps, unless they did in fit. ``by`` is for messages.
    """
    _refuse_parts(X)
    ragged, container = to_ragged(X)
    fitted_on_rows = features is not None and features.n_columns is not None
    if container.tabular and not fitted_on_rows:
        refuse_long_table(X)
    if features is not None:
        features.check(X, ragged, container, by)
    warn_of_doubts(X, ragged, container, at_fit=features is None)
    return ragged, container


def check_one_each(X: Any, ragged: RaggedArray, *, y: Any, sample_weight: Any) -> None:
    """Check that `y` and `sample_weight` have an entry for each sequence.

    scikit-learn ignores an index; so one that contradicts that of `X` is refused.
    """
    for name, given in (("y", y), ("sample_weight", sample_weight)):
        if given is None or np.isscalar(given):
            continue
        n = validation._num_samples(given)
        if n == ragged.n_timesteps != len(ragged):
            raise ValueError(
                f"{name} has {n} entries, one for each time step, but X holds "
                f"{_count(len(ragged), 'sequence')}; pass one for each sequence, in "
                f"the order of X. With an index like that of a long table: "
                f"{name}.groupby(level=0, sort=False).first()."
            )
        if n == len(ragged) and isinstance(given, pd.Series | pd.DataFrame):
            ids = ids_of_sequences(X)
            long = ids is not None and len(ids) < len(X)
            check_same_ids(given, ids, name, "X.index.unique(0)" if long else "X.index")
    if not (sample_weight is None or np.isscalar(sample_weight)):
        try:
            weights = np.asarray(sample_weight)
        except ValueError as error:  # a list for each sequence
            raise ValueError(
                "sample_weight needs a number for each sequence."
            ) from error
        checks.as_real(weights, "sample_weight")  # float() takes dates
    if y is not None:
        check_consistent_length(range(len(ragged)), y)


def check_alone(sample_weight: Any) -> None:
    """Raise if there are weights beside sequences that come in parts."""
    if sample_weight is not None:
        raise ValueError(
            "sample_weight is given, but X comes in parts, which have no weights; "
            "leave out sequences of weight zero, or repeat those of a larger one."
        )


def check_same_ids(given: Any, ids: pd.Index | None, name: str, labels: str) -> None:
    """Check that an entry for each sequence does not name another sequence.

    Whole numbers may be positions, which a splitter selects; then only the same numbers
    in another order are a contradiction. `labels` is an expression for `ids`.
    """
    index = getattr(given, "index", None)
    if ids is None or not isinstance(index, pd.Index) or index.equals(ids):
        return
    if index.tolist() == ids.tolist():  # of other dtypes
        return
    owner = labels.partition(".")[0]
    remedy = f"pass {name}.loc[{labels}], or {name}.to_numpy() if the order is right"
    foreign = ~index.isin(ids)
    if not foreign.any() and ids.isin(index).all():
        first, second = index.tolist()[0], ids.tolist()[0]
        raise ValueError(
            f"{name} has the ids of {owner} in another order (it begins with "
            f"{first!r}, {owner} with {second!r}), but is read by position; {remedy}."
        )
    may_be_positions = any(map(pd.api.types.is_integer_dtype, (index, ids)))
    if foreign.any() and not may_be_positions:
        raise ValueError(
            f"{name} has an entry for {index[foreign].tolist()[0]!r}, but no sequence "
            f"of {owner} has that id; {remedy}."
        )


def _refuse_parts(X: Any) -> None:
    """Raise where one container is expected, but several were passed."""
    if isinstance(X, SequenceChunks):
        raise TypeError(
            "X is in chunks, which this method does not take; call it with each of "
            "them: `for chunk in X`."
        )
    if is_dask(X):
        raise TypeError(
            f"X is a dask {type(X).__name__}, which this method does not take; call it "
            "with each partition, by X.map_partitions, or with X.compute()."
        )
