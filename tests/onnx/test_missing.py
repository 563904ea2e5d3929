"""Missing values in a graph, beside those that NumPy fills."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._sequences.missing import fill_missing

ort = pytest.importorskip("onnxruntime", reason="an option of ours")


@pytest.fixture(scope="module")
def filled():
    """Return a function that fills a ragged array of two features in a graph."""
    from sklearn_seqae._onnx import missing, ops, ragged
    from sklearn_seqae._onnx.graph import Graph

    graph = Graph()
    values = graph.input("values", np.float32, [None, 2])
    lengths = graph.input("lengths", np.int64, [None])

    def of_group(extent):
        padded = missing.fill_missing(ragged.to_padded(values, extent), extent)
        return [ragged.from_padded(padded, extent, 2)]

    (found,), order = ragged.in_groups(lengths, 3, of_group)
    in_order = ops.take(found, ragged.time_steps_in(order, lengths))
    graph.output(in_order, "filled", [None, 2])
    model = graph.model("missing", "Missing values.").SerializeToString()
    session = ort.InferenceSession(model)

    def fill(array):
        given = {"values": array.values, "lengths": array.lengths}
        return session.run(None, given)[0]

    return fill


@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=5),
    share=st.sampled_from([0.0, 0.3, 0.9, 1.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_as_in_numpy(filled, lengths, share, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(sum(lengths), 2)).astype(np.float32)
    values[rng.random(values.shape) < share] = np.nan
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    array = RaggedArray(values, offsets)
    assert_allclose(filled(array), fill_missing(array).values, rtol=1e-6)
