"""Every way in which a vector becomes a sequence, through the estimator."""

import keras
import numpy as np
import pytest
from helpers import lstm_units
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae.exceptions import InvalidSequenceError

# Sequences have 3 to 16 time steps. With patches of 2 these are 8 parts of one number.
DECODERS = {
    "repeat": {"decoder": "repeat"},
    "reshape": {"decoder": "reshape", "n_components": 9, "patch_size": 2},
    "single_shot": {"decoder": "single_shot", "n_components": 17, "patch_size": 1},
    "unfold": {"decoder": "unfold", "decoder_layer_sizes": (6, 8)},
}
CUTTING = ["reshape", "single_shot"]


@pytest.fixture
def make(plain_autoencoder):
    return lambda kind, **parameters: plain_autoencoder(**DECODERS[kind], **parameters)


@pytest.mark.slow
@pytest.mark.parametrize("kind", DECODERS)
def test_sequences_come_back_at_their_lengths(make, sequences, kind):
    autoencoder = make(kind)
    Z = autoencoder.fit_transform(sequences)
    decoded = autoencoder.inverse_transform(Z)
    assert [len(x) for x in decoded] == [len(x) for x in sequences]
    for found, expected in zip(
        autoencoder.reconstruct(sequences), decoded, strict=True
    ):
        assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("kind", DECODERS)
def test_equal_to_the_bit_and_other_with_another_seed(make, sequences, kind):
    Z = make(kind).fit_transform(sequences)
    assert_array_equal(make(kind).fit_transform(sequences), Z)
    other = make(kind, random_state=1).fit_transform(sequences)
    assert (other != Z).any()


@pytest.mark.parametrize("kind", ["reshape", "single_shot"])
def test_partial_fits_are_the_epochs_of_a_fit(make, sequences, kind):
    import keras

    rate = {"optimizer": keras.optimizers.Adam(1e-3, global_clipnorm=1.0)}
    at_once = make(kind, epochs=2, **rate).fit_transform(sequences)
    one_by_one = make(kind, **rate).partial_fit(sequences).partial_fit(sequences)
    assert_array_equal(one_by_one.transform(sequences), at_once)


@pytest.mark.slow
@pytest.mark.parametrize("kind", DECODERS)
def test_it_learns(make, sequences, kind):
    """Which is to say: what a decoder gives when it runs freely gets better."""
    few, many = (make(kind, epochs=n, learning_rate=0.01) for n in (1, 60))
    before = few.fit(sequences).score(sequences)
    after = many.fit(sequences).score(sequences)
    assert after > 0.6 * before


def test_the_validation_loss_is_of_free_decoding(make, sequences):
    """And not of what the true step before lets the decoder guess."""
    autoencoder = make("unfold", early_stopping=True, validation_fraction=0.04)
    (loss,) = autoencoder.set_params(epochs=1).fit(sequences).history_["val_loss"]
    errors = -autoencoder.score_samples(sequences)  # one of them was held out
    assert np.isclose(errors, loss, rtol=1e-5).sum() == 1


@pytest.mark.parametrize("kind", DECODERS)
# Keras's own, about NumPy 2
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_the_plain_model_is_saved_without_this_package(make, sequences, kind, tmp_path):
    autoencoder = make(kind).fit(sequences)
    Z = autoencoder.transform(sequences).astype(np.float32)
    for layer in autoencoder.decoder_.layers:
        assert type(layer).__module__.startswith("keras.")
    autoencoder.decoder_.save(tmp_path / "decoder.keras")
    loaded = keras.saving.load_model(tmp_path / "decoder.keras", safe_mode=True)
    decoded = loaded(Z).numpy()
    for padded, x in zip(decoded, autoencoder.inverse_transform(Z), strict=True):
        own = autoencoder.scaler_.transform(x)
        assert_allclose(padded[: len(x)], own, rtol=1e-4, atol=1e-4)


# The layers ---------------------------------------------------------------------------


def test_the_decoder_has_the_layers_it_is_told(plain_autoencoder, sequences):
    """Else it mirrors the encoder, see `test_keras_models`."""
    autoencoder = plain_autoencoder(decoder_layer_sizes=np.array([5, 4]), epochs=1).fit(
        sequences
    )
    assert lstm_units(autoencoder.decoder_) == [5, 4]


@pytest.mark.parametrize("sizes", [0, (), (3, -1), (2.5,), [[1]], "ab"])
def test_what_are_no_sizes(plain_autoencoder, sequences, sizes):
    with pytest.raises(ValueError, match="decoder_layer_sizes"):
        plain_autoencoder(decoder_layer_sizes=sizes).fit(sequences)


@pytest.mark.slow
def test_the_tutorials_model_is_a_matter_of_parameters(plain_autoencoder):
    """LSTM(2, relu), RepeatVector, LSTM(100, relu), TimeDistributed(Dense(1))."""
    X = [step * np.arange(1, 10)[:, None] for step in (0.1, 0.2, 0.3)]
    autoencoder = plain_autoencoder(
        n_components=None,
        hidden_layer_sizes=2,
        decoder_layer_sizes=100,
        pooling="last",
        bidirectional=False,
        activation="relu",
        patch_size=1,
        scaler=None,
        random_state=1,
    ).fit(X)

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((9, 1)),
            layers.LSTM(2, activation="relu"),
            layers.RepeatVector(9),
            layers.LSTM(100, activation="relu", return_sequences=True),
            layers.TimeDistributed(layers.Dense(1)),
        ]
    )
    weights = autoencoder.autoencoder_.get_weights()
    model.set_weights(weights)
    by_hand = model(np.array(X, np.float32)).numpy()[:, ::-1]  # ours: the last first
    assert np.abs(by_hand).max() > 1e-3
    assert_allclose(autoencoder.reconstruct(X), by_hand, rtol=1e-4, atol=1e-5)


# The limits of those that cut the vector ----------------------------------------------


@pytest.mark.parametrize("kind", CUTTING)
@pytest.mark.parametrize("exact_components", [("length",), ()])
def test_a_size_that_can_not_be_cut_is_told_one_that_can(
    plain_autoencoder, sequences, kind, exact_components
):
    autoencoder = plain_autoencoder(
        decoder=kind, n_components=20, exact_components=exact_components
    )
    sizes = "17 or 33" if exact_components else "16 or 32"
    match = rf"decoder='{kind}' .* 16 LSTM steps .* n_components is 20.* {sizes}"
    with pytest.raises(ValueError, match=match):
        autoencoder.fit(sequences)
    assert not hasattr(autoencoder, "scaler_")
    autoencoder.set_params(n_components=int(sizes[:2])).fit(sequences)


def test_pooled_states_that_can_not_be_cut(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(
        decoder="reshape", n_components=None, hidden_layer_sizes=7, pooling="last"
    )
    match = "n_components is None, which makes 15 of them, one .* 17 or 33"
    with pytest.raises(ValueError, match=match):
        autoencoder.fit(sequences)
    autoencoder.set_params(hidden_layer_sizes=8).fit(sequences)  # twice 8 of 16 steps


@pytest.fixture(params=CUTTING)
def cutting(request, make, sequences):
    """Fitted, and sequences of which the third is too long by one time step."""
    autoencoder = make(request.param).fit(sequences)
    longer = np.concatenate([sequences[0], sequences[0][:1]])
    assert autoencoder.max_length_ == 16
    return autoencoder, [*sequences[:2], longer]


@pytest.mark.parametrize("use", ["reconstruct", "score_samples", "score"])
def test_a_longer_sequence_is_refused(cutting, use):
    autoencoder, longer = cutting
    match = "sequence 2 has 17 time steps, but .* at most 16.* or use decoder='repeat'"
    with pytest.raises(InvalidSequenceError, match=match):
        getattr(autoencoder, use)(longer)


def test_a_longer_sequence_is_embedded(cutting):
    """It is the decoder that has a limit."""
    autoencoder, longer = cutting
    Z = autoencoder.transform(longer)
    match = "row 2 of Z .* 17 time steps, but .* at most 16"
    with pytest.raises(ValueError, match=match):
        autoencoder.inverse_transform(Z)
    with pytest.raises(ValueError, match=r"row 1 of Z .* 20 time steps"):
        autoencoder.inverse_transform(Z, lengths=[16, 20, 16])
    assert len(autoencoder.inverse_transform(Z, lengths=[16] * 3)) == 3


@pytest.mark.parametrize("use", ["partial_fit", "fit"])
def test_going_on_with_a_longer_sequence_is_refused(cutting, sequences, use):
    autoencoder, longer = cutting
    autoencoder.set_params(warm_start=True)
    before = autoencoder.transform(sequences)
    with pytest.raises(InvalidSequenceError, match="sequence 2 has 17 time steps"):
        getattr(autoencoder, use)(longer)
    assert_array_equal(autoencoder.transform(sequences), before)
    getattr(autoencoder, use)(sequences[1:])  # shorter ones will do


@pytest.mark.parametrize("cutting", ["reshape"], indirect=True)
def test_a_new_fit_has_new_limits(cutting):
    autoencoder, longer = cutting
    autoencoder.set_params(n_components=35, patch_size=1).fit(longer)
    assert [len(x) for x in autoencoder.reconstruct(longer)] == [16, len(longer[1]), 17]


@pytest.mark.parametrize("change", [{"decoder": "unfold"}, {"decoder_layer_sizes": 5}])
def test_going_on_with_another_decoder_is_refused(make, sequences, change):
    autoencoder = make("repeat").fit(sequences)
    autoencoder.set_params(**change)
    with pytest.raises(ValueError, match=f"{next(iter(change))} is .* set it back"):
        autoencoder.partial_fit(sequences)
