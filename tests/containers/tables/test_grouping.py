"""Sorting against `numpy.lexsort`, which is slower and takes anything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.testing import assert_array_equal

from sklearn_seqae._containers.tables.grouping import mean_of_runs, repeats, sort_rows

dtypes = st.sampled_from(["i1", "i8", "u1", "u8", "f4", "f8", "M8[ns]", "m8[s]"])


@st.composite
def tables(draw):
    """Codes of which each occurs, and times of any range, many of them equal."""
    n_rows = draw(st.integers(1, 40))
    codes = draw(npst.arrays(np.int64, n_rows, elements=st.integers(0, 5)))
    codes = np.unique(codes, return_inverse=True)[1]
    dtype = np.dtype(draw(dtypes))
    if dtype.kind == "f":
        elements = st.floats(width=8 * dtype.itemsize, allow_nan=False)
    else:
        least = -(2**63) + 1  # what is below is NaT
        elements = st.integers(least, 2**63 - 1).map(np.int64)
    few = np.array(draw(st.lists(elements, min_size=3, max_size=3)))
    chosen = draw(npst.arrays(np.int64, n_rows, elements=st.integers(0, 2)))
    return codes, few.astype(dtype)[chosen]


@given(tables())
def test_rows_are_sorted_by_series_and_time_and_stay_stable(table):
    codes, times = table
    expected = np.lexsort((times, codes))
    rows = sort_rows(codes, times)
    assert_array_equal(np.arange(len(codes)) if rows is None else rows, expected)

    offsets = np.append(0, np.cumsum(np.bincount(codes)))
    same = np.diff(codes[expected]) == 0
    same &= times[expected][1:] == times[expected][:-1]
    assert_array_equal(repeats(times[expected], offsets), [False, *same])


@given(tables())
def test_without_times_rows_of_a_series_stay_as_they_stand(table):
    codes, _ = table
    rows = sort_rows(codes)
    rows = np.arange(len(codes)) if rows is None else rows
    assert_array_equal(rows, np.argsort(codes, kind="stable"))


def test_what_is_in_order_is_left_alone():
    codes, times = np.array([0, 0, 1, 1, 1]), np.array([8, 9, 1, 1, 2])
    assert sort_rows(codes) is None
    assert sort_rows(codes, times) is None


@pytest.mark.parametrize("n_rows", [2, 1000, 100_000])  # several blocks of positions
@pytest.mark.parametrize("large", [2**10, 2**40, 2**62])  # in one pass, or in several
def test_small_and_large_ranges_of_time_agree(n_rows, large, rng):
    times, codes = rng.integers(-large, large, n_rows), rng.integers(0, 50, n_rows)
    times[:2], codes[:2] = [1, 0], 0
    assert_array_equal(sort_rows(codes, times), np.lexsort((times, codes)))


def test_zeros_of_both_signs_are_one_time():
    times = np.array([1.0, 0.0, -0.0, -1.0])
    assert_array_equal(sort_rows(np.zeros(4, dtype=int), times), [3, 1, 2, 0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_means_leave_out_what_is_missing(dtype):
    nan = np.nan
    values = np.array(
        [[1, nan], [2, nan], [6, 5], [0.1, nan], [np.inf, 4]], dtype=dtype
    )
    means = mean_of_runs(values, np.array([0, 3, 4]))
    assert_array_equal(means, np.array([[3, 5], [0.1, nan], [np.inf, 4]], dtype=dtype))
    assert means.dtype == dtype
    assert_array_equal(mean_of_runs(values[:2], np.array([0])), [[1.5, nan]])


def test_no_runs_of_several_rows_change_nothing():
    values = np.array([[1.0], [np.nan]])
    assert_array_equal(mean_of_runs(values, np.array([0, 1])), values)
