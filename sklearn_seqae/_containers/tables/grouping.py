"""Sort the rows of a long table by series and time, without a loop over the series.

A word holds a part of the key and, in its low bits, the position of the row. So sorted
words give the order, and the sort is stable. Keys that don't fit beside the position
take several passes, as in a radix sort.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import Ints, offsets_from_lengths

_BLOCK = 2**14  # numbers to work on at once, which fit the cache


def sort_rows(
    codes: NDArray[np.integer], times: NDArray[Any] | None = None
) -> Ints | None:
    """Find the order of rows by series, and by time in each; None if they are in order.

    The sort is stable. `codes` count the series from 0. Times are int, float,
    datetime64 or timedelta64, without missing values; None keeps the order in a series.
    """
    misplaced = codes[1:] < codes[:-1]
    if times is not None:
        falls = times[1:] < times[:-1]
        is_log = not falls.any()  # a log: rows sorted by time, with series mixed
        falls &= codes[1:] == codes[:-1]
        misplaced |= falls
    if not misplaced.any():
        return None
    series = codes.astype(np.uint64, copy=False)
    if times is None or is_log:
        return _stable_order([series])
    ticks = _ticks(times)
    time_bits = int(ticks.max()).bit_length()
    if int(series.max()).bit_length() + time_bits > 64:
        return _stable_order([ticks, series])
    ticks |= series << np.uint64(time_bits)
    return _stable_order([ticks])


def repeats(times: NDArray[Any], offsets: Ints) -> NDArray[np.bool_]:
    """Mark rows with the same time as the row before, in the same group.

    `offsets` has the row where each group starts; times rise in a group.
    """
    repeated = np.append(False, times[1:] == times[:-1])
    repeated[offsets[:-1]] = False
    return repeated


def mean_of_runs(
    values: NDArray[np.floating[Any]], starts: Ints
) -> NDArray[np.floating[Any]]:
    """Average runs of rows, without the missing values.

    `starts` has the first row of each run, rising from 0. The mean is NaN if a run has
    no value; a run of one row does not change.
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
    with np.errstate(invalid="ignore"):  # 0 / 0 is NaN on purpose
        means[several] = sums / counts
    return means


def _ticks(times: NDArray[Any]) -> NDArray[np.uint64]:
    """Return integers that sort as the times do, 0 for the earliest."""
    if times.dtype.kind == "f":  # the bits of a float, so that they sort as it does
        bits = (times.astype(np.float64) + 0.0).view(np.int64)  # no negative zero
        sign = np.uint64(1 << 63)
        times = bits.view(np.uint64) ^ ((bits >> 63).view(np.uint64) | sign)
    elif times.dtype.kind in "mM":
        times = times.view(np.int64)
    # The difference modulo 2**64 is right even if a time is negative.
    ticks = times.astype(np.uint64)
    ticks -= times.min().astype(np.uint64)
    return ticks


def _stable_order(keys: Sequence[NDArray[np.uint64]]) -> Ints:
    """Return the order of rows by the last key, then by the one before, and so on."""
    n_rows = len(keys[0])
    position_bits = int(n_rows - 1).bit_length()
    words, spare = np.empty(n_rows, np.uint64), np.empty(n_rows, np.int64)
    order: Ints | None = None
    for key in keys:
        for shift in range(0, int(key.max()).bit_length(), 64 - position_bits):
            if order is None:
                np.right_shift(key, np.uint64(shift), out=words)
            else:
                np.take(key, order, out=words, mode="clip")  # mode="raise" copies
                words >>= np.uint64(shift)
            words <<= np.uint64(position_bits)  # drops the bits of the next pass
            _add_positions(words)
            words.sort()
            words &= np.uint64((1 << position_bits) - 1)
            step = words.view(np.int64)
            if order is None:
                order, words = step, np.empty(n_rows, np.uint64)
            else:
                np.take(order, step, out=spare, mode="clip")
                order, spare = spare, order
    assert order is not None  # callers sort only if a row has to move
    return order


def _add_positions(words: NDArray[np.uint64]) -> None:
    """Add to each word its position, whose bits are zero; a block at a time."""
    block = np.arange(_BLOCK, dtype=np.uint64)
    for start in range(0, len(words), _BLOCK):
        part = words[start : start + _BLOCK]
        part += block[: len(part)] + np.uint64(start)
