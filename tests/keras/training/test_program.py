"""The shapes of batches: buffers within bounds, whatever the longest sequence."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from networks import small_architecture

from sklearn_seqae._keras.network.engines import count_bytes, declare_scratch
from sklearn_seqae._keras.training.program import (
    MAX_BYTES,
    Program,
    ShardShape,
    plan_shapes,
)

OF_DEFAULTS = small_architecture(
    hidden_layer_sizes=(64,),
    decoder_layer_sizes=(64,),
    bidirectional=True,
    projection_size=32,
)


def n_bytes(architecture, shape):
    size = count_bytes(architecture, shape.n_steps, shape.n_rows, shape.n_prefix_rows)
    return size * (shape.n_at_once or shape.n_shards)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"bidirectional": True, "hidden_layer_sizes": (3, 5)},
        {"decoder": "single_shot", "max_steps": 30},
        {"n_forecast_steps": 20, "n_recent": 2},
    ],
)
def test_bytes_are_those_of_what_is_allocated(changes):
    architecture = small_architecture(**changes)
    sizes = (32, 6, 2 if architecture.n_forecast_steps else 0)
    variables = tf.nest.flatten(declare_scratch(architecture, *sizes))
    allocated = sum(np.prod(v.shape) * v.dtype.size for v in variables)
    assert count_bytes(architecture, *sizes) == allocated > 0


def test_usual_data_has_one_shape():
    lengths = np.full(1000, 200)
    usual, long = plan_shapes(OF_DEFAULTS, lengths, 1000, 32)
    assert long is None
    assert usual == ShardShape(2, 32, 256)


def test_a_single_outlier_changes_nothing_for_the_others():
    lengths = np.append(np.full(1000, 200), 20_000)
    usual, long = plan_shapes(OF_DEFAULTS, lengths, 1001, 32)
    assert (usual.n_shards, usual.n_rows, usual.n_steps) == (2, 32, 256)
    assert long.n_at_once == 1
    assert long.n_steps == 20_480
    assert long.n_rows == 4  # two sequences, and a crop of each
    assert long.n_shards == 16


@given(
    lengths=st.lists(st.integers(1, 50_000), min_size=2, max_size=300),
    batch_size=st.integers(2, 64),
)
def test_every_batch_finds_room(lengths, batch_size):
    lengths = np.array(lengths)
    n = len(lengths)
    usual, long = plan_shapes(OF_DEFAULTS, lengths, n, batch_size)
    program = Program(OF_DEFAULTS, usual, long)
    largest = -(-n // -(-n // batch_size))
    for length in lengths:
        shape = program.shape_for(int(length))
        assert shape.n_steps >= length
        assert shape.n_shards * shape.n_rows // 2 >= largest
        assert 1 <= (shape.n_at_once or 1) <= shape.n_shards
        # Two sequences are trained together however long they are
        assert n_bytes(OF_DEFAULTS, shape) <= max(
            MAX_BYTES, count_bytes(OF_DEFAULTS, shape.n_steps, 4, 0)
        )
