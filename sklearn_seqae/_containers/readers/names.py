"""Names of the features of a time step, where sequences carry them."""

import json
from collections.abc import Iterable, Mapping
from reprlib import Repr
from typing import Any

import numpy as np

from sklearn_seqae._utils.libraries import comes_from
from sklearn_seqae.exceptions import InvalidSequenceError

Names = tuple[str, ...]
MANY = 12  # names that a message can still show

_BRIEF = Repr()
_BRIEF.maxlist = MANY


def as_names(labels: Any) -> Names | None:
    """Return labels as names, if all are strings, as scikit-learn does.

    Parameters
    ----------
    labels : object
        Labels of columns, or something else.

    Returns
    -------
    tuple of str or None
    """
    if not isinstance(labels, list | tuple) or not labels:
        return None
    return tuple(labels) if all(isinstance(name, str) for name in labels) else None


def shown(names: Names) -> str:
    """Return names for a message.

    Parameters
    ----------
    names : tuple of str
        Names of features.

    Returns
    -------
    str
        For example "the features ['pulse', 'temp']".
    """
    return f"the features {_BRIEF.repr(list(names))}"


def in_order(names: Names) -> str:
    """Return how to bring features into an order, for a message.

    Parameters
    ----------
    names : tuple of str
        Names in the order that is needed.

    Returns
    -------
    str
        What to do.
    """
    if len(names) > MANY:
        return "select them by name, in that order"
    columns = list(names)
    return (
        f"select them in that order: x[{columns}] of a frame, or to_sequences(..., "
        f"columns={columns})"
    )


def frames_of(sequences: Iterable[Any]) -> tuple[str, Names | None]:
    """Return the library and the columns of sequences that are frames.

    Parameters
    ----------
    sequences : iterable
        Sequences of any kind.

    Returns
    -------
    library : str
        "pandas", "polars" or "pyarrow" if all are frames of it with names, else "".
    names : tuple of str or None
        Names of the columns; None if a sequence has none.

    Raises
    ------
    InvalidSequenceError
        If two frames have other columns, or the same ones in another order.
    """
    libraries = set()
    first: tuple[int, Names] | None = None
    for i, sequence in enumerate(sequences):
        library, names = _frame(sequence)
        libraries.add(library)
        if names is None:
            continue
        if first is None:
            first = i, names
        elif names != first[1]:
            raise InvalidSequenceError(
                f"sequence {i} has {shown(names)}, but sequence {first[0]} has "
                f"{shown(first[1])}; {in_order(first[1])}."
            )
    if first is None or "" in libraries:
        return "", None
    return libraries.pop() if len(libraries) == 1 else "", first[1]


def stored_names(X: Any, n_features: int) -> Names | None:
    """Return the names that `to_sequences` left in a Series, or in a file of it.

    Parameters
    ----------
    X : Series, DataFrame or Table
        A column of sequences of pandas or pyarrow. In pyarrow, pandas' metadata of a
        Parquet file hold the names.

    n_features : int
        Features of the sequences. Another number of names says that they are not those
        of these sequences.

    Returns
    -------
    tuple of str or None
    """
    attrs = getattr(X, "attrs", None)
    if attrs is None:
        metadata = X.schema.metadata or {}
        attrs = json.loads(metadata.get(b"PANDAS_ATTRS", b"{}"))
    names = as_names(attrs.get("columns") if isinstance(attrs, Mapping) else None)
    return names if names is not None and len(names) == n_features else None


def _frame(sequence: Any) -> tuple[str, Names | None]:
    """Return the library and the names of a frame with names, else "" and None."""
    if type(sequence) is np.ndarray or isinstance(sequence, list | tuple):
        return "", None
    library, names = "", None
    if comes_from(sequence, "pandas", "DataFrame"):
        library, names = "pandas", as_names(sequence.columns.tolist())
    elif comes_from(sequence, "polars", "DataFrame"):
        library, names = "polars", as_names(sequence.columns)
    elif comes_from(sequence, "pyarrow", "Table", "RecordBatch"):
        library, names = "pyarrow", as_names(sequence.schema.names)
    return ("", None) if names is None else (library, names)
