"""N-grams of padded sequences, beside those of ragged ones."""

import keras
import numpy as np
import pytest
from helpers import padded
from numpy.testing import assert_allclose

from sklearn_seqae._containers.ragged import RaggedArray, offsets_from_lengths
from sklearn_seqae._network.standardized import ngrams
from sklearn_seqae._patches.ngrams import N_COMPONENTS, Ngrams

LENGTHS = [8, 1, 2, 30, 3, 17]


@pytest.fixture(params=[(3,), (50, 7)], ids=["a_component_each", "shared"])
def sequences(request):
    """N-grams, codes, some of them unknown, and the same as a padded array."""
    rng = np.random.default_rng(0)
    sizes = request.param
    shape = sum(LENGTHS), len(sizes)
    values = rng.integers(0, np.array(sizes) + 1, shape).astype(np.float32)
    codes = RaggedArray(values, offsets_from_lengths(LENGTHS), len(sizes))
    known = Ngrams.fit(N_COMPONENTS, codes, np.ones(len(codes)), sizes)
    array = padded(list(codes), extra=2, dtype=np.float32)
    return known, known.encode(codes), np.nan_to_num(array)


def test_padded_sequences_have_the_same_components(sequences):
    known, expected, given = sequences
    found = keras.ops.convert_to_numpy(ngrams(keras.ops, known, given))
    assert_allclose(found, expected, atol=1e-5)


def test_a_keras_model_of_any_number_of_time_steps(sequences):
    known, expected, given = sequences
    codes = keras.Input((None, given.shape[2]))
    model = keras.Model(codes, ngrams(keras.ops, known, codes))
    for rows, longest in ((slice(None), 32), ([1, 2], 2), ([1], 1)):
        found = model(given[rows][:, :longest])
        assert_allclose(found, expected[rows], atol=1e-5)


def test_a_graph_of_onnx(sequences):
    ort = pytest.importorskip("onnxruntime", reason="an option of ours")
    from sklearn_seqae._onnx import ops
    from sklearn_seqae._onnx.graph import Graph

    known, expected, given = sequences
    graph = Graph()
    codes = graph.input("codes", given.dtype, ["n", "t", given.shape[2]])
    found = ngrams(ops, known, codes)
    graph.output(found, "found", ["n", known.n_components])
    file = graph.model("ngrams", "").SerializeToString()
    session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    for rows, longest in ((slice(None), 32), ([1], 1)):
        (found,) = session.run(None, {"codes": given[rows][:, :longest]})
        assert_allclose(found, expected[rows], atol=1e-5)
