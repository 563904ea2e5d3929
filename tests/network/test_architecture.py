"""The specification of a network, by itself: names, shapes and order of the weights.

That stock Keras layers built from it have them is tested in tests/keras.
"""

from itertools import pairwise

import pytest

from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.decoders import DECODERS
from sklearn_seqae._network.pooling import POOLING

SMALL = Architecture(2, 3, (4,), (4,), False, "tanh")
EVERYTHING = Architecture(
    n_inputs=3,
    embedding_size=6,
    hidden_layer_sizes=(8, 5),
    decoder_layer_sizes=(5, 8),
    bidirectional=True,
    activation="tanh",
    pooling=tuple(POOLING),
    projection_size=7,
    n_extra_inputs=3,
    variational=True,
    n_forecast_steps=2,
    n_recent=4,
)


def test_names_of_weights_are_unique():
    names = [weight.name for weight in EVERYTHING.weights]
    assert len(set(names)) == len(names)


def test_names_of_layers_are_unique():
    names = [layer.name for layer in EVERYTHING.layers]
    assert len(set(names)) == len(names)


def test_a_plain_network_in_full():
    found = [(weight.name, weight.shape) for weight in SMALL.weights]
    assert found == [
        ("encoder_lstm_1/forward/kernel", (2, 16)),
        ("encoder_lstm_1/forward/recurrent_kernel", (4, 16)),
        ("encoder_lstm_1/forward/bias", (16,)),
        ("embedding/kernel", (4, 3)),
        ("embedding/bias", (3,)),
        ("decoder_lstm_1/forward/kernel", (3, 16)),
        ("decoder_lstm_1/forward/recurrent_kernel", (4, 16)),
        ("decoder_lstm_1/forward/bias", (16,)),
        ("reconstruction/kernel", (4, 2)),
        ("reconstruction/bias", (2,)),
    ]


def test_layers_come_in_the_order_of_the_data():
    names = [layer.name for layer in EVERYTHING.layers]
    assert names == [
        "encoder_lstm_1",
        "encoder_lstm_2",
        *(f"attention_{n}" for n in (1, 2, 3, 4)),  # by layer, then by direction
        "embedding",
        "decoder_lstm_1",
        "decoder_lstm_2",
        "reconstruction",
        "projection_hidden",
        "projection",
        "log_variance",
        "forecaster_lstm_1",
        "forecaster_lstm_2",
        "forecast",
    ]


def test_each_lstm_layer_reads_what_the_one_below_writes():
    specs = EVERYTHING.decoder_spec, EVERYTHING.forecaster_spec
    for layers in (EVERYTHING.encoder_layers, *(spec.lstm for spec in specs)):
        for below, above in pairwise(layers):
            assert above.n_inputs == below.n_outputs


def test_the_encoder_reads_extra_inputs_and_the_decoder_writes_none():
    assert EVERYTHING.encoder_layers[0].n_inputs == 3 + 3
    assert EVERYTHING.decoder_spec.output.units == 3


def test_the_forecaster_reads_the_last_time_steps_too():
    spec = EVERYTHING.forecaster_spec
    assert spec.lstm[0].n_inputs == 6 + 4
    assert spec.output.units == 3


def test_pooled_states_are_counted():
    assert EVERYTHING.n_pooled == len(POOLING) * 2 * (8 + 5)
    for layer in (EVERYTHING.bottleneck_layer, EVERYTHING.log_variance_layer):
        assert (layer.n_inputs, layer.units) == (EVERYTHING.n_pooled, 6)
    assert EVERYTHING.projection_head[0].n_inputs == EVERYTHING.n_pooled


def test_what_is_not_asked_for_has_no_layer():
    assert SMALL.projection_head == ()
    assert SMALL.pooling_layers == ({},)
    assert SMALL.log_variance_layer is SMALL.forecaster_spec is None
    no_bottleneck = Architecture(2, 4, (4,), (4,), False, "tanh", bottleneck=False)
    assert no_bottleneck.bottleneck_layer is None


@pytest.mark.parametrize(
    ("decoder", "n_read", "n_written", "n_parts"),
    [
        ("repeat", 12, 2, 0),
        ("unfold", 2 + 12, 2, 0),
        ("reshape", 3, 2, 4),
        ("single_shot", 3, 2 * 4, 4),
    ],
)
def test_what_a_decoder_reads_and_writes(decoder, n_read, n_written, n_parts):
    spec = Architecture(
        2, 12, (4,), (5, 4), False, "tanh", decoder=decoder, max_steps=4
    ).decoder_spec
    assert spec.lstm[0].n_inputs == n_read
    assert spec.output.units == n_written
    assert spec.n_parts == n_parts
    at_once = decoder == "single_shot"
    assert [layer.return_sequences for layer in spec.lstm] == [True, not at_once]
    assert spec.output.time_distributed is not at_once


def test_every_decoder_is_tried_above():
    tried = test_what_a_decoder_reads_and_writes.pytestmark[0].args[1]
    assert {decoder for decoder, *_ in tried} == set(DECODERS)


def test_equal_architectures_are_one_key():
    """Fits of equal architectures share compiled programs."""
    same = Architecture(2, 3, (4,), (4,), False, "tanh")
    assert {SMALL: "a program"}[same] == "a program"
    assert SMALL != EVERYTHING
