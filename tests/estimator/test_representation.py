"""What goes into the vector, and how it is trained."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae._patches.batching import auto_epochs

ALL = ("last", "mean", "max", "min", "std", "attention")


@pytest.fixture(scope="module")
def waves():
    """Sines of different periods and lengths: a crop of one is like the whole."""
    rng = np.random.default_rng(0)
    sequences = []
    for period in np.linspace(4, 24, 24):
        t = np.arange(rng.integers(40, 80)) + rng.uniform(0, period)
        sequences.append(np.sin(2 * np.pi * t / period)[:, None])
    return sequences


@pytest.fixture(scope="module")
def sequences_of_any_size(sequences):
    """Walks whose sizes span four orders of magnitude."""
    rng = np.random.default_rng(1)
    return [
        size * (rng.normal(0, 2, 2) + rng.normal(size=x.shape).cumsum(axis=0))
        for size, x in zip(np.logspace(-2, 2, len(sequences)), sequences, strict=True)
    ]


# The vector ---------------------------------------------------------------------------


@pytest.mark.slow
def test_without_a_head_the_pooled_states_are_the_vector(plain_autoencoder, sequences):
    ae = plain_autoencoder(n_components=None, pooling=ALL, hidden_layer_sizes=(3, 2))
    Z = ae.fit_transform(sequences)
    assert Z.shape == (len(sequences), 2 * (3 + 2) * len(ALL) + 1)
    assert len(ae.get_feature_names_out()) == Z.shape[1]
    back = ae.inverse_transform(Z)
    assert [len(x) for x in back] == [len(x) for x in sequences]
    for found, expected in zip(back, ae.reconstruct(sequences), strict=True):
        assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_pooled_states_are_statistics_of_one_another(plain_autoencoder, sequences):
    ae = plain_autoencoder(
        n_components=None, pooling=("mean", "max", "min", "std"), patch_size=1
    ).fit(sequences)
    Z = ae.transform(sequences)[:, :-1]
    mean, high, low, std = np.split(Z, 4, axis=1)
    assert (low <= mean + 1e-6).all()
    assert (mean <= high + 1e-6).all()
    assert (std <= (high - low) / 2 + 0.011).all()  # Popoviciu; sqrt(1e-4) is added
    # Of one step there is nothing to spread
    one = ae.transform([x[:1] for x in sequences])[:, :-1]
    mean, high, low, std = np.split(one, 4, axis=1)
    assert_array_equal(mean, high)
    assert_array_equal(mean, low)
    assert_allclose(std, 0.01, rtol=1e-2)


@pytest.mark.parametrize(
    "pooling", ["median", (), ("mean", "mean"), ["mean", 3], "meanmax", "all"]
)
def test_unknown_pooling(plain_autoencoder, sequences, pooling):
    with pytest.raises(ValueError, match=r"pooling is .* expected one of last, mean"):
        plain_autoencoder(pooling=pooling).fit(sequences)


@pytest.mark.parametrize(
    "changed",
    [
        {"pooling": "mean"},
        {"n_components": None},
        {"contrastive_weight": 0.5},
        {"encoder_inputs": ("differences",)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_going_on_needs_the_same_vector(plain_autoencoder, sequences, changed):
    ae = plain_autoencoder(warm_start=True).fit(sequences)
    before = ae.transform(sequences)
    (name,) = changed
    with pytest.raises(ValueError, match=f"{name} is .*(the|in the) fit to go on from"):
        ae.set_params(**changed).fit(sequences)
    assert_array_equal(ae.transform(sequences), before)


# Its training -------------------------------------------------------------------------


@pytest.mark.slow
def test_the_contrastive_loss_brings_crops_near_their_sequences(waves):
    """Rank of the right sequence among all, by distance from a crop of it."""
    parameters = {
        "n_components": None,
        "pooling": ("mean", "std"),
        "hidden_layer_sizes": 8,
        "exact_components": ["instance_norm"],
        "patch_size": 4,
        "encoder_inputs": ("kernels",),
        "mask_ratio": 0.0,
        "epochs": 150,
        "learning_rate": 0.01,
        "random_state": 0,
    }
    rng = np.random.default_rng(1)
    crops = []
    for x in waves:
        n = int(rng.integers(len(x) // 2, len(x)))
        start = int(rng.integers(0, len(x) - n + 1))
        crops.append(x[start : start + n])

    def hits(contrastive_weight):
        ae = LSTMAutoencoderTransformer(
            contrastive_weight=contrastive_weight, **parameters
        )
        Z, Z_crops = ae.fit_transform(waves), ae.transform(crops)
        distance = np.linalg.norm(Z_crops[:, None] - Z, axis=-1)
        own = np.diag(distance)[:, None]
        return float((distance < own).sum(axis=1).mean()), ae

    without, _ = hits(0.0)
    with_agreement, ae = hits(1.0)
    assert with_agreement < without
    contrastive_loss = ae.history_["contrastive_loss"]
    assert len(contrastive_loss) == ae.n_iter_
    assert contrastive_loss[-1] < 0.7 * contrastive_loss[0]


def test_noise_is_for_training_only(plain_autoencoder, sequences):
    noisy = plain_autoencoder(noise=0.5, mask_ratio=0.2).fit(sequences)
    assert_array_equal(noisy.transform(sequences), noisy.transform(sequences))
    quiet = plain_autoencoder().fit(sequences)
    assert (noisy.transform(sequences) != quiet.transform(sequences)).any()


@pytest.mark.trust
@pytest.mark.xla  # long training is faster so
@pytest.mark.parametrize("how", [{"noise": 0.5}, {"mask_ratio": 0.3}])
def test_trained_on_disturbed_input_it_minds_the_disturbance_less(waves, how):
    parameters = {
        "n_components": 8,
        "hidden_layer_sizes": 16,
        "pooling": "last",
        "patch_size": 2,
        "encoder_inputs": ("kernels",),
        "mask_ratio": 0.0,
        "contrastive_weight": 0.0,
        "epochs": 300,
        "learning_rate": 0.01,
        "scaler": None,
        "random_state": 0,
    }
    rng = np.random.default_rng(2)

    def disturb(x):
        if "noise" in how:
            return x + rng.normal(0, how["noise"], x.shape)
        hidden = np.repeat(rng.random(-(-len(x) // 2)) < how["mask_ratio"], 2)
        return np.where(hidden[: len(x), None], 0.0, x)

    disturbed = [disturb(x) for x in waves]

    def error(**training):
        ae = LSTMAutoencoderTransformer(**(parameters | training)).fit(waves)
        pairs = zip(ae.reconstruct(disturbed), waves, strict=True)
        return np.mean([np.mean((found - x) ** 2) for found, x in pairs])

    assert error(**how) < error()


@pytest.mark.slow
def test_auto_epochs_are_enough_updates(plain_autoencoder, sequences):
    ae = plain_autoencoder(
        epochs="auto",
        batch_size=1,
        hidden_layer_sizes=2,
        patch_size=4,
        learning_rate=2e-3,
    )
    assert ae.fit(sequences).n_iter_ == auto_epochs(len(sequences), 1)


@pytest.mark.slow
def test_the_cosine_ends_where_hardly_anything_changes(plain_autoencoder, sequences):
    import keras

    def last_changes(**rate):
        ae = plain_autoencoder(epochs=60, **rate).fit(sequences)
        return np.abs(np.diff(ae.history_["loss"][-10:])).mean()

    constant = keras.optimizers.Adam(0.02, global_clipnorm=1.0)
    assert last_changes(learning_rate=0.02) < 0.3 * last_changes(optimizer=constant)


@pytest.mark.slow
def test_a_schedule_of_ones_own_optimizer_stays(plain_autoencoder, sequences):
    import keras

    rates = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)

    def losses(**rate):
        return plain_autoencoder(**rate).fit(sequences).history_["loss"]

    own = keras.optimizers.Adam(rates, global_clipnorm=1.0)
    assert_allclose(losses(optimizer=own), losses(learning_rate=rates), rtol=1e-5)


# Units of each sequence ---------------------------------------------------------------

EXACT = ["instance_norm", "length"]


def test_level_and_scale_are_components(plain_autoencoder, sequences_of_any_size):
    X = sequences_of_any_size
    ae = plain_autoencoder(n_components=16, exact_components="auto").fit(X)
    Z = ae.transform(X)
    n_features = X[0].shape[1]
    assert Z.shape[1] == 16
    names = ae.get_feature_names_out().tolist()
    means = Z[:, [names.index(f"x{f}_mean") for f in range(n_features)]]
    for f in range(n_features):  # in the order of the levels
        levels = [x[:, f].mean() for x in X]
        assert_array_equal(np.argsort(means[:, f]), np.argsort(levels))
    for back in (ae.inverse_transform(Z), ae.reconstruct(X)):
        for x, z in zip(X, back, strict=True):
            size = np.abs(x).max(axis=0)
            assert_allclose(z.mean(axis=0), x.mean(axis=0), atol=1e-5 * size.max())


def test_components_are_named(plain_autoencoder, sequences):
    import pandas as pd

    names = pd.Index(["flow", "heat"], name="sensor")
    frames = [pd.DataFrame(x, columns=names) for x in sequences]
    ae = plain_autoencoder(n_components=16, exact_components="auto").fit(frames)
    assert ae.exact_components_ == ("instance_norm", "shape", "length")
    shape = ae._fitted.network.preprocessing.shape
    assert ae.get_feature_names_out().tolist() == [
        *(f"lstmautoencodertransformer{n}" for n in range(9)),
        *("flow_mean", "heat_mean", "flow_scale", "heat_scale"),
        *(f"{name}_cosine{k}" for name in names for k in shape.half_cycles),
        "length",
    ]


def test_without_epochs_the_weights_are_the_initial_ones(sequences):
    def embed(**given):
        ae = LSTMAutoencoderTransformer(random_state=0, **given).fit(sequences)
        return ae.transform(sequences), ae

    untrained, ae = embed(epochs=0)
    hardly_trained, _ = embed(epochs=1, learning_rate=1e-12)
    assert_allclose(untrained, hardly_trained, atol=1e-6)
    assert ae.n_iter_ == 0
    assert ae.history_ == {"loss": []}
    ae.partial_fit(sequences)
    assert ae.n_iter_ == 1


def test_all_that_is_exact_is_there_by_default(sequences):
    ae = LSTMAutoencoderTransformer(epochs=0, random_state=0).fit(sequences)
    assert ae.exact_components_ == ("instance_norm", "shape", "texture", "length")
    Z, names = ae.transform(sequences), ae.get_feature_names_out()
    assert Z.shape[1] == len(names) == len(set(names)) == ae.n_components_
    for x, z in zip(sequences, ae.inverse_transform(Z), strict=True):
        for k in ae._fitted.network.preprocessing.shape.half_cycles:
            if k < len(x):  # the coefficients are those of the sequence
                wave = np.cos(np.pi * k * (np.arange(len(x)) + 0.5) / len(x))
                assert_allclose(wave @ z, wave @ x, atol=1e-4)


def test_a_wide_bottleneck_has_room_for_texture(sequences):
    ae = LSTMAutoencoderTransformer(n_components=1200, epochs=0, random_state=0)
    ae.fit(sequences)
    assert ae.exact_components_ == ("instance_norm", "shape", "texture", "length")
    preprocessing = ae._fitted.network.preprocessing
    assert preprocessing.n_exact <= 600
    assert preprocessing.shape.n_components <= 150


def test_what_is_exact_leaves_room_for_content(plain_autoencoder, sequences):
    few = plain_autoencoder(n_components=2, exact_components=["shape"])
    with pytest.raises(ValueError, match=r"'shape' .*; expected at least"):
        few.fit(sequences)


def test_small_sequences_decode_small(plain_autoencoder, sequences_of_any_size):
    X = sequences_of_any_size
    ae = plain_autoencoder(n_components=16, exact_components=EXACT).fit(X)
    for x, z in zip(X, ae.reconstruct(X), strict=True):
        assert (z.std(axis=0) < 3 * x.std(axis=0)).all()


def test_own_units_are_asked_for_where_they_fit(plain_autoencoder, sequences):
    n_exact = 2 * sequences[0].shape[1] + 1
    few = plain_autoencoder(n_components=n_exact, exact_components=EXACT)
    with pytest.raises(ValueError, match=f"expected at least {n_exact + 1}"):
        few.fit(sequences)
    auto = plain_autoencoder(n_components=2 * n_exact - 1, exact_components="auto")
    off = plain_autoencoder(n_components=2 * n_exact - 1)
    Z = off.fit_transform(sequences)
    assert_array_equal(auto.fit_transform(sequences), Z)


def test_sequences_that_are_normalised_cost_nothing_more(plain_autoencoder, sequences):
    X = [(x - x.mean(axis=0)) / x.std(axis=0) for x in sequences if len(x) > 2]
    on = plain_autoencoder(n_components=None, exact_components=EXACT)
    off = plain_autoencoder(n_components=None)
    assert_array_equal(on.fit_transform(X), off.fit_transform(X))


@pytest.mark.slow
def test_the_keras_models_know_the_units(plain_autoencoder, sequences_of_any_size):
    X = sequences_of_any_size
    ae = plain_autoencoder(
        n_components=None,
        exact_components=EXACT,
        encoder_inputs=["differences"],
        patch_size=2,
    ).fit(X)
    n = -(-ae.max_length_ // 2) * 2
    padded = np.full((len(X), n, X[0].shape[1]), np.nan, np.float32)
    for row, x in zip(padded, X, strict=True):
        row[: len(x)] = ae.scaler_.transform(x)
    Z = ae.transform(X)
    assert_allclose(ae.encoder_.predict(padded, verbose=0), Z, atol=2e-4)
    decoded = ae.decoder_.predict(Z, verbose=0)
    for found, x in zip(decoded, ae.inverse_transform(Z), strict=True):
        expected = ae.scaler_.transform(x)
        assert_allclose(found[: len(x)], expected, rtol=1e-3, atol=1e-4)
        assert not found[len(x) :].any()


def test_what_follows_a_prefix_does_not_change_how_it_is_read(
    plain_autoencoder, sequences_of_any_size
):
    from sklearn_seqae._containers.ragged import RaggedArray

    X = sequences_of_any_size
    ae = plain_autoencoder(n_components=16, exact_components=EXACT, forecast_horizon=2)
    preprocessing = ae.fit(X)._fitted.network.preprocessing
    scaled = RaggedArray.from_list([ae.scaler_.transform(x) for x in X])
    shards, cuts = np.array([[[0]]]), np.array([[[5]]])
    other = scaled.with_values(
        np.concatenate([scaled.values[:5], 100 + scaled.values[5:]])
    )
    read = [
        prefixes.to_patches(prefixes.cut(shards, cuts)).values
        for prefixes in map(preprocessing.prefixes, (scaled, other))
    ]
    assert_array_equal(*read)
