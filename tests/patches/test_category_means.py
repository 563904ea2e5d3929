"""Means of numbers by category: against pandas, by padding, in ONNX."""

import keras
import numpy as np
import pandas as pd
import pytest
from helpers import padded
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae._containers.ragged import RaggedArray, offsets_from_lengths
from sklearn_seqae._network.padded import means_by_category
from sklearn_seqae._patches.category_means import CategoryMeans, default_n_groups
from sklearn_seqae._utils.plain import from_plain, to_plain

LENGTHS = [8, 1, 2, 30, 3, 17]


def sequences(sizes):
    """Numbers, some missing, and codes, some unknown, which is 0."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(sum(LENGTHS), 3)).astype(np.float32)
    numbers[rng.random(numbers.shape) < 0.2] = np.nan
    codes = rng.integers(0, np.array(sizes) + 1, (len(numbers), len(sizes)))
    values = np.hstack([numbers, codes.astype(np.float32)])
    return RaggedArray(values, offsets_from_lengths(LENGTHS), len(sizes))


def by_pandas(X, lag, column, groups):
    """Means of each number by group of the category some events before."""
    rows = []
    for x in X:
        frame = pd.DataFrame(x)
        group = frame[3 + column].shift(lag).fillna(0).astype(int).map(groups)
        sums = frame[[0, 1, 2]].groupby(group).agg(["sum", "count"])
        sums = sums.reindex(range(max(groups.values()) + 1), fill_value=0)
        rows.append(
            [sums[j]["sum"] / (sums[j]["count"] + 1) for j in range(3)],
        )
    return np.arcsinh(np.array(rows, float).reshape(len(X), -1))


@pytest.mark.parametrize("sizes", [(4,), (4, 3), (90, 3)])
def test_components_are_those_of_pandas(sizes):
    X = sequences(sizes)
    weight = np.array([1.0, 0, 2, 1, 1, 1])
    known = CategoryMeans.fit(8, X, weight, sizes)
    expected = np.hstack(
        [
            by_pandas(list(X), lag, column, dict(enumerate(groups.tolist())))
            for lag, column, groups in known.groups
        ]
    )
    counted = np.repeat(expected, weight.astype(int), axis=0)
    spread = counted.std(axis=0)
    spread[spread < 1e-6] = 1
    expected = (expected - counted.mean(axis=0)) / spread * 0.2
    found = known.encode(X)
    assert_allclose(found, expected, atol=1e-5)
    assert found.shape[1] == known.n_components == 2 * 3 * sum(min(s, 8) for s in sizes)
    for i in range(len(X)):  # alone as in company
        assert_array_equal(known.encode(X[i : i + 1])[0], found[i])
    assert from_plain(CategoryMeans, to_plain(known), "means") == known


def test_names_say_what_when_and_of_which_category():
    sizes, categories = (2, 90), [["pay", "home"], [f"{n}" for n in range(90)]]
    known = CategoryMeans.fit(8, sequences(sizes), np.ones(len(LENGTHS)), sizes)
    names = known.names(["amount", "size", "time"], ["page", "user"], categories)
    assert len(names) == len(set(names)) == known.n_components
    assert names[:2] == ["amount_at_page_pay", "amount_at_page_home"]
    assert {"time_after_page_pay", "time_at_user0", "size_after_user7"} < set(names)


@pytest.mark.parametrize("sizes", [(4,), (90, 3)])
def test_padded_sequences_and_a_graph_of_onnx(sizes):
    ort = pytest.importorskip("onnxruntime", reason="an option of ours")
    from sklearn_seqae._onnx import ops
    from sklearn_seqae._onnx.graph import Graph

    X = sequences(sizes)
    known = CategoryMeans.fit(8, X, np.ones(len(X)), sizes)
    expected = known.encode(X)
    array = padded(list(X), extra=2, dtype=np.float32)
    is_own = np.arange(array.shape[1]) < np.array(LENGTHS)[:, None]
    numbers, codes = array[:, :, :3], np.nan_to_num(array[:, :, 3:])
    observed = ~np.isnan(numbers) & is_own[..., None]
    found = means_by_category(keras.ops, known, numbers, observed, codes)
    assert_allclose(keras.ops.convert_to_numpy(found), expected, atol=1e-5)

    graph, given = Graph(), {"numbers": numbers, "observed": observed, "codes": codes}
    inputs = [
        graph.input(name, x.dtype, ["n", "t", x.shape[2]]) for name, x in given.items()
    ]
    found = means_by_category(ops, known, *inputs)
    graph.output(found, "found", ["n", known.n_components])
    file = graph.model("means", "").SerializeToString()
    session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, given)
    assert_allclose(found, expected, atol=1e-5)


def test_groups_have_room_or_there_are_none():
    found = [default_n_groups(*n) for n in ((np.inf, 3, 2), (48, 3, 2), (23, 3, 2))]
    assert found == [10, 4, 0]
