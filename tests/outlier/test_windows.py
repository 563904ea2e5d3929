"""Windows, and the way back to time steps."""

import numpy as np
import pandas as pd
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae import from_windows, to_windows
from sklearn_seqae._outlier.windows import Windows


@pytest.mark.parametrize("stride", [1, 2, 3, 7])
@pytest.mark.parametrize("n", [7, 8, 20, 33])
def test_windows_are_those_of_numpy(rng, n, stride):
    x = rng.normal(size=(n, 3))
    found = to_windows(x, 7, stride=stride)
    expected = sliding_window_view(x, 7, axis=0).swapaxes(1, 2)[::-1][::stride][::-1]
    if (n - 7) % stride:
        expected = np.concatenate([x[np.newaxis, :7], expected])
    assert_array_equal(np.stack(found.tolist()), expected)
    starts = found.index.get_level_values("start")
    assert_array_equal([x[start] for start in starts], expected[:, 0])


@pytest.mark.parametrize("stride", [1, 4, 5])
def test_every_time_step_is_told_of(rng, stride):
    offsets = np.cumsum([0, *rng.integers(1, 40, size=30)])
    windows = Windows.place(offsets, 5, stride)
    covered = np.zeros(offsets[-1])
    for start, length, count in zip(*windows, strict=True):
        assert 1 <= count <= length <= 5
        covered[start : start + count] += 1
        part = np.searchsorted(offsets, start, side="right")
        assert start + length <= offsets[part]
    assert covered.min() >= 1


def test_names_and_ids_come_along():
    X = pd.DataFrame(
        {"a": np.arange(7.0), "b": 1.0},
        pd.MultiIndex.from_arrays([list("ppppqqq"), [0, 1, 2, 3, 0, 1, 2]]),
    )
    windows = to_windows(X, 3, stride=2)
    assert windows.index.tolist() == [("p", 0), ("p", 1), ("q", 0)]
    assert windows.attrs["columns"] == ["a", "b"]
    assert_array_equal(windows.loc["q"].iloc[0][:, 0], [4.0, 5.0, 6.0])


def test_categories_come_along(plain_autoencoder):
    pages = pd.Series([*"abcabcabcabc"]).to_frame("page").assign(load=np.arange(12.0))
    windows = to_windows(pages, 4, stride=2)
    assert windows.iloc[0]["page"].tolist() == ["a", "b", "c", "a"]
    assert windows.iloc[0]["load"].tolist() == [0.0, 1.0, 2.0, 3.0]
    fitted = plain_autoencoder(epochs=1, exact_components=[]).fit(windows)
    assert fitted.sequence_feature_names_in_.tolist() == ["page", "load"]


def test_a_short_recording_is_one_window():
    found = to_windows([np.arange(3.0), np.arange(6.0)], 4)
    assert [len(x) for x in found] == [3, 4, 4, 4]


def test_the_way_back_is_the_mean(rng):
    X = [rng.normal(size=(n, 2)) for n in (23, 4, 9)]
    windows = to_windows(X, 6, stride=3)
    values = rng.normal(size=len(windows))
    found = from_windows(values, X, 6, stride=3)
    for i, x in enumerate(X):
        told = [[] for _ in x]
        mine = windows.index.get_level_values(0) == i
        places = zip(windows.index[mine], windows[mine], values[mine], strict=True)
        for k, ((_, start), window, value) in enumerate(places):
            stop = start + len(window)
            if k == 0 and (len(x) - 6) % 3 and len(x) > 6:
                stop = (len(x) - 6) % 3
            for t in range(start, stop):
                told[t].append(value)
        assert_allclose(found.loc[i], [np.mean(each) for each in told])


def test_the_index_comes_back():
    X = pd.Series(np.arange(9.0), pd.date_range("2024", periods=9))
    assert from_windows(np.arange(7.0), X, 3).index.equals(X.index)


@pytest.mark.parametrize("parameters", [{"window": 0}, {"window": 2.5}, {"stride": 0}])
def test_parameters_are_checked(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        to_windows(np.arange(9.0), **({"window": 3} | parameters))


def test_time_steps_left_out_are_an_error():
    with pytest.raises(ValueError, match="stride is 5, but windows have 4 time steps"):
        to_windows(np.arange(9.0), 4, stride=5)


def test_values_of_other_windows_are_an_error():
    message = r"values has shape \(6,\); expected \(7,\)"
    with pytest.raises(ValueError, match=message):
        from_windows(np.zeros(6), np.arange(9.0), 3)
