"""From sequences to a long table."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.utils._param_validation import StrOptions, validate_params

from sklearn_seqae._inputs import to_ragged
from sklearn_seqae._ragged import RaggedArray
from sklearn_seqae._tables._dispatch import writer
from sklearn_seqae._tables._long_table import Times
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

    The inverse of `to_sequences`, and the way from what `inverse_transform` and
    `reconstruct` return to a table.

    Parameters
    ----------
    sequences : Series, list or other container
        What `to_sequences` returned, or anything that `LSTMAutoencoderTransformer`
        takes as `X`.

    ids : array-like or Index of shape (n_sequences,), default=None
        The id of each sequence, a tuple if there are several columns of them; all
        different. None: the index of `sequences` if it is a Series or a DataFrame, else
        0, 1, 2, ...

    times : sequence of array-like of shape (n_timesteps_i,), default=None
        The time of each time step, such as `to_sequences` returns with
        ``return_times=True``. None: 0, 1, 2, ... in each sequence.

    by : label or list of labels, default=None
        Name of the column of ids, or names if they are tuples. None: the names of the
        index that the ids come from, "id" where it has none.

    order : label, default=None
        Name of the column of times. None: what `to_sequences` knew it as, else "time".

    columns : list of labels, default=None
        Names of the channels. None: what `to_sequences` knew them as, else "x0", "x1",
        ...

    kind : {"pandas", "polars", "pyarrow"}, default="pandas"
        Whose table to make.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        Columns of ids, times and channels, in this order; rows as they stand in the
        sequences. Missing values are NaN in pandas and null in the others.

    Raises
    ------
    ValueError
        If numbers of ids, times, names and sequences differ, or ids or names are not
        unique.
    TypeError
        If polars or pyarrow are to have a name that is not a string.
    ImportError
        If the library that is asked for is not installed.

    See Also
    --------
    to_sequences : The way there.

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
    write = writer(kind)
    ragged = _read(sequences)
    known = getattr(sequences, "attrs", {}) if isinstance(sequences, pd.Series) else {}
    index = _index(sequences, ids, by, len(ragged))
    channels = _channel_names(columns, known.get("columns"), ragged.n_features)
    when = _times(times, ragged, index)
    if order is None:
        order = getattr(times, "attrs", {}).get("order", known.get("order", "time"))
    _check_names([*index.names, order, *channels], kind)
    return write(
        [(name, index.get_level_values(k)) for k, name in enumerate(index.names)],
        ragged.lengths,
        (order, when),
        [(name, ragged.values[:, j]) for j, name in enumerate(channels)],
    )


def _read(sequences: Any) -> RaggedArray:
    # Of to_sequences, say: unlike what is to be learnt from, all of it may be NaN.
    if (
        isinstance(sequences, pd.Series | list)
        and len(sequences) > 0
        and all(map(_is_plain, sequences))
    ):
        return RaggedArray.from_list(list(sequences))
    return to_ragged(sequences)[0]


def _is_plain(sequence: Any) -> bool:
    return (
        isinstance(sequence, np.ndarray)
        and sequence.ndim == 2
        and sequence.dtype in (np.float32, np.float64)
    )


def _index(sequences: Any, ids: Any, by: Any, n_sequences: int) -> pd.Index:
    """Return the ids, under the names that they are to have."""
    if ids is None and isinstance(sequences, pd.Series | pd.DataFrame):
        ids = sequences.index
    elif ids is None:
        ids = pd.RangeIndex(n_sequences)
    index = ids if isinstance(ids, pd.Index) else pd.Index(_as_list(ids))
    if len(index) != n_sequences:
        raise ValueError(
            f"ids has {len(index)} entries, but there are "
            f"{_count(n_sequences, 'sequence')}; one id for each is needed."
        )
    if index.has_duplicates:
        twice = index[index.duplicated()].tolist()[0]
        raise ValueError(
            f"the id {twice!r} is that of several sequences, whose rows could not be "
            "told apart; pass other ids=..."
        )
    return index.set_names(_id_names(index, by))


def _as_list(ids: Any) -> Any:
    return ids if isinstance(ids, np.ndarray | pd.Series) else list(ids)


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
            f"by is {by!r}, {_count(len(names), 'name')}, but an id consists of "
            f"{index.nlevels}; one name for each is needed."
        )
    return names


def _channel_names(columns: Any, known: Any, n_features: int) -> list[Any]:
    if columns is None and known is not None and len(known) == n_features:
        return list(known)
    if columns is None:
        return [f"x{j}" for j in range(n_features)]
    names = [columns] if isinstance(columns, str) else list(columns)
    if len(names) != n_features:
        raise ValueError(
            f"columns has {_count(len(names), 'name')}, {names}, but the sequences "
            f"have {_count(n_features, 'feature')}; one name for each is needed."
        )
    return names


def _check_names(names: Sequence[Any], kind: str) -> None:
    for name in names:
        if list(names).count(name) > 1:
            raise ValueError(
                f"two columns would have the name {name!r}, of {list(names)}; pass "
                "other names with by=, order= and columns=."
            )
        if kind != "pandas" and not isinstance(name, str):
            raise TypeError(
                f"column {name!r} has a name that is not a string, which {kind} can't "
                "have; pass other names with by=, order= and columns=."
            )


def _times(times: Any, ragged: RaggedArray, index: pd.Index) -> Times:
    """Return the time of every row."""
    lengths = ragged.lengths
    if times is None:
        starts = np.repeat(ragged.offsets[:-1], lengths)
        return Times(np.arange(ragged.n_timesteps) - starts)
    if isinstance(times, pd.Series) and not times.index.equals(index):
        raise ValueError(
            "the index of times is not that of the sequences; select the same series "
            "from both, for example with times.loc[sequences.index]."
        )
    arrays = [np.asarray(one) for one in times]
    if len(arrays) != len(ragged):
        raise ValueError(
            f"times has {len(arrays)} entries, but there are "
            f"{_count(len(ragged), 'sequence')}; one array for each is needed."
        )
    for i, (array, length) in enumerate(zip(arrays, lengths, strict=True)):
        if array.shape != (length,):
            raise ValueError(
                f"times[{i}] has shape {array.shape}, but sequence {i} has "
                f"{_count(length, 'time step')}; one time for each is needed."
            )
    return Times(np.concatenate(arrays), getattr(times, "attrs", {}).get("time_zone"))
