"""Missing values, filled before the network reads them."""

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._containers.ragged import RaggedArray


def fill_missing(ragged: RaggedArray) -> RaggedArray:
    """Fill NaN by linear interpolation over time, sequence by sequence.

    The first observed value is repeated before it, the last one after it. A feature
    without any becomes 0, which is the mean of standardized values.
    """
    missing = np.isnan(ragged.values)
    columns = np.flatnonzero(missing.any(axis=0))
    if len(columns) == 0:
        return ragged
    values = ragged.values.copy()
    for column in columns:
        _fill_column(values[:, column], missing[:, column], ragged)
    return ragged.with_values(values)


def _fill_column(
    column: NDArray[np.floating], missing: NDArray[np.bool_], ragged: RaggedArray
) -> None:
    """Fill the missing values of one feature of all sequences, in place."""
    rows = np.flatnonzero(missing)
    observed = np.flatnonzero(~missing)
    if len(observed) == 0:
        column[rows] = 0.0
        return
    sequence = np.searchsorted(ragged.offsets, rows, side="right") - 1
    start, stop = ragged.offsets[sequence], ragged.offsets[sequence + 1]

    # Observed rows on either side; they count only in the same sequence.
    position = np.searchsorted(observed, rows)
    before = observed[np.maximum(position - 1, 0)]
    after = observed[np.minimum(position, len(observed) - 1)]
    has_before = (before >= start) & (before < rows)
    has_after = (after < stop) & (after > rows)

    # At the edges, both neighbours are the same value and the weight is exactly 0.
    between = has_before & has_after
    first = np.where(has_before, before, after)
    last = np.where(has_after, after, before)
    weight = np.where(between, (rows - first) / np.maximum(last - first, 1), 0.0)
    low, high = column[first].astype(np.float64), column[last].astype(np.float64)
    # low + weight * (high - low) could overflow in the difference.
    filled = (1.0 - weight) * low + weight * high
    column[rows] = np.where(has_before | has_after, filled, 0.0)
