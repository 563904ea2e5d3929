"""The gate through which `X`, `y` and `sample_weight` enter the estimator."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import (
    _check_feature_names,
    _num_samples,
    validate_data,
)

from sklearn_seqae._containers.chunks import SequenceChunks
from sklearn_seqae._containers.dask import is_dask
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers import (
    Container,
    ids_of_sequences,
    refuse_long_table,
    to_ragged,
)
from sklearn_seqae._containers.readers.checks import ACCEPTED, as_real
from sklearn_seqae._containers.readers.names import in_order, shown
from sklearn_seqae._utils.warning import warn_user
from sklearn_seqae.exceptions import InvalidSequenceError, _count

FEATURES = (
    "n_features_in_",
    "feature_names_in_",
    "sequence_feature_names_in_",
    "_n_features",
    "_n_columns",
)


def validate_sequences(
    estimator: Any, X: Any, *, reset: bool
) -> tuple[RaggedArray, Container]:
    """Convert `X`, and set or check the attributes that describe its features.

    Parameters
    ----------
    estimator : BaseEstimator instance
        With `reset`, it gets `n_features_in_`: the columns of a 2-D array or a frame, 1
        for a Series, else the features of a time step. It gets `feature_names_in_` if
        `X` is a frame with names, and `sequence_feature_names_in_` if the features of a
        time step have names. For later checks, it gets `_n_features` and, if each row
        of a table is a sequence, `_n_columns`.

    X : list, tuple, array-like or DataFrame
        As `to_ragged` takes it.

    reset : bool
        Whether to set the attributes (`fit`) or to check `X` against them.

    Returns
    -------
    ragged : RaggedArray
        The sequences.
    container : Container
        Note on what `X` was.

    Raises
    ------
    ValueError
        If the sequences can't be used, or differ in features from those in `fit`. If
        the rows of a table look like time steps, unless fit saw such a table.
    TypeError
        If `X` is no container of sequences of numbers.
    """
    _refuse_parts(X)
    ragged, container = to_ragged(X)
    fitted_on_rows = not reset and estimator._n_columns is not None
    if container.tabular and not fitted_on_rows:
        refuse_long_table(X)
    if reset:
        _set_features(estimator, X, ragged, container)
    else:
        _check_features(estimator, X, ragged, container)
    return ragged, container


def describe_features(estimator: Any) -> dict[str, Any]:
    """Return the attributes that `validate_sequences` sets, by name."""
    return {name: vars(estimator)[name] for name in FEATURES if name in vars(estimator)}


def take_features(estimator: Any, features: dict[str, Any]) -> None:
    """Set the attributes that `describe_features` returned of another estimator."""
    for name in FEATURES:
        vars(estimator).pop(name, None)
    vars(estimator).update(features)


def check_one_each(X: Any, ragged: RaggedArray, *, y: Any, sample_weight: Any) -> None:
    """Check that `y` and `sample_weight` have an entry for each sequence.

    A user with a long table may pass an entry for each row instead. The message then
    says how to convert it. scikit-learn goes by position and ignores an index; so an
    index that contradicts that of `X` is refused.

    Parameters
    ----------
    X : object
        The sequences, as the user passed them.

    ragged : RaggedArray
        The same, as they were read.

    y : array-like or None
        Targets. The estimator ignores them, but a pipeline passes them on.

    sample_weight : array-like, number or None
        Weights. This function only refuses one for each time step, or other ids;
        `checked_weights` checks the rest.

    Raises
    ------
    ValueError
        If there are more or fewer entries, or entries for other sequences.
    """
    for name, given in (("y", y), ("sample_weight", sample_weight)):
        if given is None or np.isscalar(given):
            continue
        n = _num_samples(given)
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
        as_real(np.asarray(sample_weight), "sample_weight")  # float() takes dates
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
    in another order are a contradiction.

    Parameters
    ----------
    given : object
        What has an entry for each sequence. Passes if it has no index.

    ids : pandas.Index of shape (n_sequences,) or None
        Ids of the sequences, if they have some.

    name : str
        Name of `given` in messages.

    labels : str
        Expression for `ids` in messages, such as "X.index".

    Raises
    ------
    ValueError
        If the index of `given` has the ids in another order, or other ids.
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


def _set_features(
    estimator: Any, X: Any, ragged: RaggedArray, container: Container
) -> None:
    if container.n_columns is not None:
        validate_data(estimator, X, skip_check_array=True, reset=True)
    else:
        # A ColumnTransformer counts a selected column as one feature.
        estimator.n_features_in_ = 1 if container.is_column else ragged.n_features
        if hasattr(estimator, "feature_names_in_"):
            del estimator.feature_names_in_
    if container.feature_names is not None:
        names = np.array(container.feature_names, dtype=object)
        estimator.sequence_feature_names_in_ = names
    elif hasattr(estimator, "sequence_feature_names_in_"):
        del estimator.sequence_feature_names_in_
    estimator._n_features = ragged.n_features
    estimator._n_columns = container.n_columns if container.tabular else None


def _check_features(
    estimator: Any, X: Any, ragged: RaggedArray, container: Container
) -> None:
    fitted_on_rows = estimator._n_columns is not None
    if container.tabular and fitted_on_rows:
        validate_data(estimator, X, skip_check_array=True, reset=False)
        return
    if not (container.tabular or fitted_on_rows):
        _check_sequence_feature_names(estimator, X, container)
    expected = estimator._n_features
    if ragged.n_features == expected:
        return
    if container.tabular:
        remedy = "each row of X is one univariate sequence; for more features pass "
        alone = container.n_columns == expected
        remedy += "X in a list, [X], if it is one sequence" if alone else ACCEPTED
    elif np.all(ragged.lengths == expected):
        remedy = "if features come before time, pass from_channels_first(X)"
    else:
        remedy = "pass the features that fit saw, in the same order"
    raise InvalidSequenceError(
        f"sequence 0 has {_count(ragged.n_features, 'feature')}, but "
        f"{type(estimator).__name__} is expecting {_count(expected, 'feature')} as "
        f"input; {remedy}."
    )


def _check_sequence_feature_names(estimator: Any, X: Any, container: Container) -> None:
    seen = getattr(estimator, "sequence_feature_names_in_", None)
    expected, found = None if seen is None else tuple(seen), container.feature_names
    name = type(estimator).__name__
    if expected is None:
        if found is not None:
            warn_user(
                f"X has feature names, but {name} was fitted without feature names"
            )
        elif container.n_columns == 1 and hasattr(estimator, "feature_names_in_"):
            _check_feature_names(estimator, X, reset=False)  # of a column of cells
    elif found is None:
        warn_user(
            f"X does not have valid feature names, but {name} was fitted with feature "
            f"names; their order can't be checked: {shown(expected)}"
        )
    elif found != expected:
        raise ValueError(
            f"X has {shown(found)}, but {name} was fitted with {shown(expected)}; "
            f"{in_order(expected)}."
        )
