"""The masks of dropout. What layers make of them is tested with the layers."""

import numpy as np
import tensorflow as tf
from networks import small_architecture
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae._keras.lstm.dropout import (
    NO_MASKS,
    drop,
    factors,
    layer_masks,
    mask_widths,
    masks_from,
)

LAYERS = small_architecture(
    hidden_layer_sizes=(5, 4), decoder_layer_sizes=(4, 3), bidirectional=True
).lstm_layers
SHAPES = {  # of two rows: inputs, states
    "encoder_lstm_1": [[2, 2, 2], [2, 2, 5]],
    "encoder_lstm_2": [[2, 2, 10], [2, 2, 4]],
    "decoder_lstm_1": [[1, 2, 3], [1, 2, 4]],
    "decoder_lstm_2": [[1, 2, 4], [1, 2, 3]],
}


def numbered(width):
    """Two rows, in which every number is another."""
    return tf.constant(np.arange(2 * width).reshape(2, width), tf.float32)


def test_factors_leave_the_mean_as_it_is(rng):
    found = factors(tf.constant(rng.random((200, 500)), tf.float32), 0.3).numpy()
    assert_allclose(np.unique(found), [0, 1 / 0.7], rtol=1e-6)
    assert_allclose((found == 0).mean(), 0.3, atol=0.01)
    assert_allclose(found.mean(), 1, atol=0.01)


def test_every_layer_and_direction_has_masks_of_its_own():
    rows = [numbered(width) for width in mask_widths(LAYERS)]
    masks = layer_masks(LAYERS, *rows)
    found = {name: [m.shape.as_list() for m in own] for name, own in masks.items()}
    assert found == SHAPES
    for kind, whole in zip(zip(*masks.values(), strict=True), rows, strict=True):
        for row in range(2):
            parts = [part[:, row].numpy().ravel() for part in kind]
            assert_array_equal(np.concatenate(parts), whole[row])


def test_nothing_dropped_is_no_mask():
    assert layer_masks(LAYERS, None, None) == {}
    values = tf.ones((2, 3))
    assert drop(values, NO_MASKS.inputs) is values


def test_one_of_the_two_alone():
    n_inputs, n_states = mask_widths(LAYERS)
    for own in layer_masks(LAYERS, numbered(n_inputs), None).values():
        assert own.inputs is not None
        assert own.recurrent is None
    for own in layer_masks(LAYERS, None, numbered(n_states)).values():
        assert own.inputs is None
        assert own.recurrent is not None


def test_masks_of_the_rows_from_one_on():
    masks = layer_masks(LAYERS, numbered(mask_widths(LAYERS)[0]), None)
    for name, own in masks_from(masks, 1).items():
        assert_array_equal(own.inputs, masks[name].inputs[:, 1:])
        assert own.recurrent is None
