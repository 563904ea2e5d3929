"""Texture of padded sequences, beside that of ragged ones."""

import keras
import numpy as np
import pytest
from helpers import padded, random_ragged
from numpy.testing import assert_allclose

from sklearn_seqae._network.padded import texture
from sklearn_seqae._patches.texture import N_COMPONENTS, Texture

LENGTHS = [50, 3, 200, 17, 1, 64, 2]
TOLERANCE = 1e-4  # a share of 1e-6, in standard deviations


@pytest.fixture(params=[(1, 1, 0), (4, 2, 9)], ids=["one", "two_units"])
def sequences(request):
    """Texture, ragged sequences, and padded ones as what `texture` takes."""
    n_features, n_units, extra = request.param
    ragged = random_ragged(LENGTHS, n_features)
    known = Texture.fit(N_COMPONENTS, ragged, np.ones(len(ragged)), n_units)
    array = padded(list(ragged), extra=extra, dtype=np.float32)
    inside = ~np.isnan(array).any(axis=-1, keepdims=True)
    return known, ragged, (np.nan_to_num(array), inside)


def test_padded_sequences_have_the_same_components(sequences):
    known, ragged, given = sequences
    found = keras.ops.convert_to_numpy(texture(keras.ops, known, *given))
    assert_allclose(found, known.encode(ragged), atol=TOLERANCE)


def test_a_keras_model_of_any_number_of_time_steps(sequences):
    known, ragged, given = sequences
    inputs = [
        keras.Input((None, known.n_features)),
        keras.Input((None, 1), dtype="bool"),
    ]
    model = keras.Model(inputs, texture(keras.ops, known, *inputs))
    expected = known.encode(ragged)
    for rows in (slice(None), [1, 4, 6], [4]):
        longest = int(ragged.lengths[rows].max())
        cut = [array[rows][:, :longest] for array in given]
        assert_allclose(model(cut), expected[rows], atol=TOLERANCE)


def test_a_graph_of_onnx(sequences):
    ort = pytest.importorskip("onnxruntime", reason="an option of ours")
    from sklearn_seqae._onnx import ops
    from sklearn_seqae._onnx.graph import Graph

    known, ragged, given = sequences
    graph = Graph()
    shapes = {"numbers": ["n", "t", known.n_features], "inside": ["n", "t", 1]}
    inputs = [
        graph.input(name, array.dtype, shape)
        for (name, shape), array in zip(shapes.items(), given, strict=True)
    ]
    found = texture(ops, known, *inputs)
    graph.output(found, "found", ["n", known.n_components])
    file = graph.model("texture", "").SerializeToString()
    session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, dict(zip(shapes, given, strict=True)))
    assert_allclose(found, known.encode(ragged), atol=TOLERANCE)
