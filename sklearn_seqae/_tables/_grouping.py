"""Sort the rows of a long table by series and time, without a loop over the series.

NumPy sorts whole words several times faster than it finds the order of words, and a
word has room for the position beside a part of the key. So they are sorted together,
the order is read off the sorted words, and that it is stable comes for free. Keys that
don't fit beside the position take several passes, as in a radix sort.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._ragged import offsets_from_lengths


def group_rows(
    codes: NDArray[np.integer], n_groups: int
) -> tuple[NDArray[np.int64] | None, NDArray[np.int64]]:
    """Find the rows of every group.

    Parameters
    ----------
    codes : ndarray of shape (n_rows,), int
        The group of each row, from 0 to ``n_groups - 1``.

    n_groups : int
        How many groups there are, each with a row at least.

    Returns
    -------
    rows : ndarray of shape (n_rows,), int64, or None
        The rows by group, those of a group in the order that they stand in. None if
        that is how they stand already.
    offsets : ndarray of shape (n_groups + 1,), int64
        The rows of group i are ``rows[offsets[i]:offsets[i + 1]]``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae._tables._grouping import group_rows
    >>> rows, offsets = group_rows(np.array([1, 0, 1, 0]), 2)
    >>> rows, offsets
    (array([1, 3, 0, 2]), array([0, 2, 4]))
    """
    offsets = offsets_from_lengths(np.bincount(codes, minlength=n_groups))
    if np.all(codes[1:] >= codes[:-1]):
        return None, offsets
    return _stable_order(iter([codes.astype(np.uint64)])), offsets


def order_within(
    times: NDArray[Any], offsets: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    """Find the order of time within each group; equal times stay as they are.

    Parameters
    ----------
    times : ndarray of shape (n_rows,), int, float, datetime64 or timedelta64
        Times by group, none of them missing.

    offsets : ndarray of shape (n_groups + 1,), int64
        Where each group starts; none is empty.

    Returns
    -------
    ndarray of shape (n_rows,), int64, or None
        The order, in which every group is where it was. None if nothing has to move.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae._tables._grouping import order_within
    >>> order_within(np.array([3, 1, 2, 9, 8]), np.array([0, 3, 5]))
    array([1, 2, 0, 4, 3])
    """
    falls = times[1:] < times[:-1]
    falls[offsets[1:-1] - 1] = False  # from one group to the next it may
    if not falls.any():
        return None
    return _stable_order(_time_and_group(times, offsets))


def repeats(times: NDArray[Any], offsets: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which rows have the time of the row before, in the same group.

    Parameters
    ----------
    times : ndarray of shape (n_rows,)
        Sorted within each group.

    offsets : ndarray of shape (n_groups + 1,), int64
        Where each group starts; none is empty.

    Returns
    -------
    ndarray of shape (n_rows,), bool
        False for the first row of a group.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae._tables._grouping import repeats
    >>> repeats(np.array([1, 1, 2, 2, 3]), np.array([0, 3, 5]))
    array([False,  True, False, False, False])
    """
    repeated = np.empty(len(times), dtype=bool)
    np.equal(times[1:], times[:-1], out=repeated[1:])
    repeated[offsets[:-1]] = False
    return repeated


def mean_of_runs(
    values: NDArray[np.floating[Any]], starts: NDArray[np.int64]
) -> NDArray[np.floating[Any]]:
    """Average runs of rows, leaving missing values out.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features), float32 or float64
        NaN is a missing value.

    starts : ndarray of shape (n_runs,), int64
        The first row of each run, rising from 0.

    Returns
    -------
    ndarray of shape (n_runs, n_features)
        Of the same dtype; NaN where a run has no value. A run of one row is as it was.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae._tables._grouping import mean_of_runs
    >>> mean_of_runs(np.array([[1.0], [3.0], [np.nan]]), np.array([0, 2]))
    array([[ 2.],
           [nan]])
    """
    means = values[starts]
    lengths = np.diff(starts, append=len(values))
    several = lengths > 1
    if not several.any():
        return means
    chosen = values[np.repeat(several, lengths)].astype(np.float64)
    first = offsets_from_lengths(lengths[several])[:-1]
    counts = np.add.reduceat(~np.isnan(chosen), first, dtype=np.float64)
    sums = np.add.reduceat(np.where(np.isnan(chosen), 0.0, chosen), first)
    with np.errstate(invalid="ignore"):  # 0 / 0 is NaN, which is meant
        means[several] = sums / counts
    return means


def _time_and_group(
    times: NDArray[Any], offsets: NDArray[np.int64]
) -> Iterator[NDArray[np.uint64]]:
    """Make one key after the other: both at once are memory for nothing."""
    yield _since_first(times, offsets)
    lengths = np.diff(offsets)
    yield np.repeat(np.arange(len(lengths), dtype=np.uint64), lengths)


def _since_first(times: NDArray[Any], offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return numbers in the order of the times, 0 for the earliest of each group."""
    ticks = _ordered_bits(times) if times.dtype.kind == "f" else times
    ticks = ticks.view(np.int64) if ticks.dtype.kind in "mM" else ticks
    earliest = np.minimum.reduceat(ticks, offsets[:-1]).astype(np.uint64)
    # Modulo 2**64, where a difference is right even if a time is negative.
    elapsed = ticks.astype(np.uint64)
    elapsed -= np.repeat(earliest, np.diff(offsets))
    return elapsed


def _ordered_bits(times: NDArray[np.floating[Any]]) -> NDArray[np.uint64]:
    """Return integers in the order of the floats."""
    bits = (times.astype(np.float64) + 0.0).view(np.int64)  # + 0.0: no negative zero
    sign = np.uint64(1 << 63)
    return bits.view(np.uint64) ^ ((bits >> 63).view(np.uint64) | sign)


def _stable_order(keys: Iterator[NDArray[np.uint64]]) -> NDArray[np.int64]:
    """Return the order of rows by the last key, then by the one before, and so on."""
    order: NDArray[np.int64] | None = None
    for key in keys:
        position_bits = int(len(key) - 1).bit_length()
        for shift in range(0, int(key.max()).bit_length(), 64 - position_bits):
            words = key.copy() if order is None else key[order]
            words >>= np.uint64(shift)
            words <<= np.uint64(position_bits)  # pushes out what the next pass sorts by
            words |= np.arange(len(key), dtype=np.uint64)
            words.sort()
            words &= np.uint64((1 << position_bits) - 1)
            step = words.view(np.int64)
            order = step if order is None else order[step]
        del key
    assert order is not None  # what is in order already does not come here
    return order
