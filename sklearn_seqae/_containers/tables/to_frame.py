"""From sequences to a long table."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils._param_validation import StrOptions, validate_params

from sklearn_seqae._containers.kinds import Levels
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers import to_ragged
from sklearn_seqae._containers.readers.nested import Times, times_of_cells
from sklearn_seqae._containers.writers import categories
from sklearn_seqae._utils import require
from sklearn_seqae.exceptions import _count


@validate_params(
    {"kind": [StrOptions({"pandas", "polars", "pyarrow"})]},
    prefer_skip_nested_validation=True,
)
def to_frame(
    sequences: Any,
    *,
    ids: Any = None,
    times: Any = None,
    by: Any = None,
    order: Any = None,
    columns: Any = None,
    kind: Literal["pandas", "polars", "pyarrow"] = "pandas",
) -> Any:
    """Make a long table of sequences, with one row for each time step.

    This is the inverse of `to_sequences`. It also turns the output of
    `inverse_transform` and `reconstruct` into a table.

    Parameters
    ----------
    sequences : Series, list or other container
        Output of `to_sequences`, or any `X` that `LSTMAutoencoderTransformer` takes.
    ids : array-like or Index of shape (n_sequences,), default=None
        Id of each sequence, a tuple for several columns of ids. Ids must differ. None
        takes the index of `sequences` if it is a Series or a DataFrame, else 0, 1, 2,
        ...
    times : sequence of array-like of shape (n_timesteps_i,), default=None
        Time of each time step, as `to_sequences` returns with ``return_times=True``.
        None takes those that sequences with categories have, from `to_sequences` or
        decoded; else it counts 0, 1, 2, ... in each sequence.
    by : label or list of labels, default=None
        Name of the column of ids, or names if ids are tuples. None takes the names of
        the index that the ids come from, or "id" if it has no name.
    order : label, default=None
        Name of the column of times. None takes the name that `to_sequences` stored,
        else "time".
    columns : list of labels, default=None
        Names of the features. None takes the names that `sequences` has: those that
        `to_sequences` stored, or columns of frames; else "x0", "x1", ...
    kind : {"pandas", "polars", "pyarrow"}, default="pandas"
        Library of the table.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        Columns of ids, times and features, in this order. Rows have the order of the
        sequences. Missing values are NaN in pandas and null in the other libraries.

    Raises
    ------
    ValueError
        If the numbers of ids, times, names and sequences differ, or if ids or names are
        not unique.
    TypeError
        If a name is not a string, for polars or pyarrow.
    ImportError
        If the library is not installed.

    See Also
    --------
    to_sequences : Cut a long table into sequences.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae import to_frame
    >>> to_frame([np.array([[1.0, 10.0], [2.0, 20.0]]), np.array([[3.0, 30.0]])])
       id  time   x0    x1
    0   0     0  1.0  10.0
    1   0     1  2.0  20.0
    2   1     0  3.0  30.0
    """
    require(kind, f'to_frame(kind="{kind}")')
    ragged, feature_names, levels = _read(sequences)
    is_pandas = isinstance(sequences, pd.Series | pd.DataFrame)
    known = sequences.attrs if is_pandas else {}
    if ids is None:
        ids = sequences.index if is_pandas else pd.RangeIndex(len(ragged))
    index = _index(ids, by, len(ragged))
    known_names = known.get("columns", feature_names)
    names = _feature_names(columns, known_names, ragged.n_features)
    when = times_of_cells(sequences) or Times(ragged.positions)
    if times is not None:
        when = _given_times(times, ragged, index)
    if order is None:
        order = getattr(times, "attrs", {}).get("order", known.get("order", "time"))
    _check_names([*index.names, order, *names], kind)
    columns = [
        *(
            categories.repeated(kind, index.get_level_values(k), ragged.lengths)
            for k in range(index.nlevels)
        ),
        categories.column_of_times(kind, *when),
        *(
            _feature(column, known, kind)
            for column, known in zip(ragged.values.T, levels, strict=True)
        ),
    ]
    return categories.frame_of(kind, [*index.names, order, *names], columns)


def _read(
    sequences: Any,
) -> tuple[RaggedArray, tuple[str, ...] | None, Sequence[Levels | None]]:
    """Return the sequences, names of features if they are known, and categories."""
    # A sequence of to_sequences may be all NaN, which to_ragged refuses.
    is_list = isinstance(sequences, pd.Series | list) and len(sequences) > 0
    if is_list and all(
        isinstance(x, np.ndarray) and x.ndim == 2 and x.dtype in (np.float32, float)
        for x in sequences
    ):
        ragged = RaggedArray.from_list(list(sequences))
        return ragged, None, [None] * ragged.n_features
    ragged, container = to_ragged(sequences)
    levels = container.levels or [None] * ragged.n_features
    return ragged, container.feature_names, levels


def _feature(column: NDArray[Any], levels: Levels | None, kind: str) -> Any:
    """Return a column as a library has it: numbers, text or a categorical."""
    if levels is None:
        return categories.column_of(kind, column, None)
    is_categorical = levels.is_categorical
    if kind == "pandas" and not is_categorical:
        return pd.Series(categories.as_objects(column, levels).tolist())
    dtype = {
        "pandas": "category",
        "polars": "Categorical" if is_categorical else "String",
        "pyarrow": "dictionary<indices=int32," if is_categorical else "string",
    }[kind]
    if kind == "polars" and levels.ordered:
        dtype = "Enum"
    return categories.column_of(kind, column, replace(levels, dtype=dtype))


def _index(ids: Any, by: Any, n_sequences: int) -> pd.Index:
    """Return the ids as an index with the names of their columns."""
    if not isinstance(ids, pd.Index):
        ids = pd.Index(ids if isinstance(ids, pd.Series | np.ndarray) else list(ids))
    if len(ids) != n_sequences:
        raise ValueError(
            f"ids has {len(ids)} entries, but there are "
            f"{_count(n_sequences, 'sequence')}; pass one id for each."
        )
    if ids.has_duplicates:
        twice = ids[ids.duplicated()].tolist()[0]
        raise ValueError(
            f"several sequences have the id {twice!r}, so their rows could not be told "
            "apart; pass other ids=..."
        )
    return ids.set_names(_id_names(ids, by))


def _id_names(index: pd.Index, by: Any) -> list[Any]:
    if by is None:
        if index.nlevels == 1:
            return ["id" if index.name is None else index.name]
        return [
            f"id{k}" if name is None else name for k, name in enumerate(index.names)
        ]
    several = isinstance(by, list) or (isinstance(by, tuple) and index.nlevels > 1)
    names = list(by) if several else [by]
    if len(names) != index.nlevels:
        raise ValueError(
            f"by is {by!r}, {_count(len(names), 'name')}, but an id has "
            f"{_count(index.nlevels, 'part')}; pass one name for each."
        )
    return names


def _feature_names(columns: Any, known: Any, n_features: int) -> list[Any]:
    if columns is None and known is not None and len(known) == n_features:
        return list(known)
    if columns is None:
        return [f"x{j}" for j in range(n_features)]
    names = [columns] if isinstance(columns, str) else list(columns)
    if len(names) != n_features:
        raise ValueError(
            f"columns has {_count(len(names), 'name')}, {names}, but the sequences "
            f"have {_count(n_features, 'feature')}; pass one name for each."
        )
    return names


def _check_names(names: Sequence[Any], kind: str) -> None:
    for name in names:
        if list(names).count(name) > 1:
            raise ValueError(
                f"two columns would have the name {name!r} among {list(names)}; pass "
                "other names with by=, order= and columns=."
            )
        if kind != "pandas" and not isinstance(name, str):
            raise TypeError(
                f"column {name!r} has a name that is not a string, but {kind} takes "
                "only strings; pass other names with by=, order= and columns=."
            )


def _given_times(times: Any, ragged: RaggedArray, index: pd.Index) -> Times:
    if isinstance(times, pd.Series) and not times.index.equals(index):
        raise ValueError(
            "times and the sequences have different indexes; select the same series "
            "from both, for example with times.loc[sequences.index]."
        )
    arrays = [np.asarray(one) for one in times]
    if len(arrays) != len(ragged):
        raise ValueError(
            f"times has {len(arrays)} entries, but there are "
            f"{_count(len(ragged), 'sequence')}; pass one array for each."
        )
    for i, (array, length) in enumerate(zip(arrays, ragged.lengths, strict=True)):
        if array.shape != (length,):
            raise ValueError(
                f"times[{i}] has shape {array.shape}, but sequence {i} has "
                f"{_count(length, 'time step')}; pass one time for each."
            )
    return Times(np.concatenate(arrays), getattr(times, "attrs", {}).get("time_zone"))
