"""Autoencoders of other kinds: sparse, with dropout, variational."""

import pickle

import numpy as np
import pandas as pd
import pytest
from helpers import assert_same_sequences, keras_input
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

VARIANTS = [
    {"dropout": 0.2},
    {"sparsity_weight": 0.1},
    {"kl_weight": 0.1},
]
EVERYTHING = {
    "contrastive_weight": 0.1,
    "noise": 0.1,
    "mask_ratio": 0.1,
    "hidden_layer_sizes": (4, 3),
    **{name: value for variant in VARIANTS for name, value in variant.items()},
}


def name_of(variant):
    return next(iter(variant))


@pytest.fixture(params=[*VARIANTS, EVERYTHING], ids=name_of)
def variant(request):
    """Each variant, and all of them at once, of stacked layers and with crops."""
    return request.param


# All ----------------------------------------------------------------------------------


def test_a_variant_is_a_transformer(plain_autoencoder, sequences, variant):
    """Reproducible, deterministic once fitted, no slave of its pickle."""
    ae = plain_autoencoder(**variant)
    Z = ae.fit_transform(sequences)
    assert_array_equal(ae.transform(sequences), Z)
    assert_array_equal(plain_autoencoder(**variant).fit_transform(sequences), Z)
    assert (plain_autoencoder().fit_transform(sequences) != Z).any()
    assert_array_equal(pickle.loads(pickle.dumps(ae)).transform(sequences), Z)
    assert [len(x) for x in ae.inverse_transform(Z)] == [len(x) for x in sequences]


def test_twice_the_weight_is_the_sequence_given_twice(
    plain_autoencoder, sequences, variant
):
    weight = np.ones(len(sequences))
    weight[:3] = 2
    weighted = plain_autoencoder(**variant).fit(sequences, sample_weight=weight)
    repeated = plain_autoencoder(**variant).fit(sequences + sequences[:3])
    assert weighted.history_ == repeated.history_
    assert_array_equal(weighted.transform(sequences), repeated.transform(sequences))


def test_a_variant_goes_on(plain_autoencoder, sequences, variant):
    def fit():
        ae = plain_autoencoder(warm_start=True, **variant).fit(sequences)
        return ae.fit(sequences).partial_fit(sequences)

    ae = fit()
    assert ae.n_iter_ == 5
    assert {len(losses) for losses in ae.history_.values()} == {5}
    assert ae.history_ == fit().history_
    assert len(set(ae.history_["loss"])) == 5


def test_grid_search_over_variants(plain_autoencoder, sequences):
    grid = [
        {name: [0.0, *variant.values()]}
        for v in VARIANTS
        for name, variant in [(name_of(v), v)]
    ]
    search = GridSearchCV(plain_autoencoder(epochs=1), grid, cv=2).fit(sequences)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert len(set(scores[::2])) == 1  # off is off
    assert len(set(scores)) == 1 + len(VARIANTS)


@pytest.mark.parametrize(
    "parameters",
    [
        {"dropout": 1.0},
        {"sparsity_weight": -1.0},
        {"kl_weight": "much"},
    ],
    ids=name_of,
)
def test_what_a_parameter_may_not_be(plain_autoencoder, sequences, parameters):
    with pytest.raises(ValueError, match=f"{name_of(parameters)}.* must be"):
        plain_autoencoder(**parameters).fit(sequences)


# Sparse -------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_l1_norm_drives_components_to_zero(
    plain_autoencoder, sequences, fitted_plain
):
    """What a sine takes are two numbers; eight are there."""
    import keras

    one_rate = keras.optimizers.Adam(0.01, global_clipnorm=1.0)

    def fit(sparsity_weight):
        ae = plain_autoencoder(
            n_components=9,
            sparsity_weight=sparsity_weight,
            epochs=150,
            optimizer=one_rate,
        )
        size = np.abs(ae.fit_transform(sequences)[:, :-1])
        return ae, size, (size < 0.05).mean()

    _, _, few = fit(1e-9)  # next to nothing, in the same program
    sparse, size, many = fit(0.05)
    assert few < 0.2
    assert many > 0.5
    assert sparse.score(sequences) > -0.5  # and it does reconstruct
    activity = sparse.history_["sparsity_loss"][-1]
    assert_allclose(activity, size.sum(axis=1).mean(), rtol=0.2)
    assert "activity" not in fitted_plain.history_


# Variational --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def waves():
    """Sines of two numbers each, sine and cosine amplitude, in units of their own."""
    rng = np.random.default_rng(0)
    X = []
    for n in [16, *rng.integers(6, 17, size=79)]:
        a, b = rng.normal(size=2)
        t = 0.5 * np.arange(n)
        x = a * np.sin(t) + b * np.cos(t)
        X.append(np.column_stack([x, -x]) * [0.1, 20] + [5, -300])
    return X


@pytest.fixture(scope="module")
def fit_vae(plain_autoencoder, waves):
    """Fit with some weight of the divergence; one program serves all."""

    def fit(kl_weight, **parameters):
        usual = {"epochs": 120, "learning_rate": 0.01}
        ae = plain_autoencoder(kl_weight=kl_weight, **(usual | parameters))
        return ae.fit(waves)

    return fit


@pytest.fixture(scope="module")
def vae(fit_vae):
    return fit_vae(0.05)


def test_the_same_seed_gives_the_same_bits(fit_vae, waves):
    first, again = (fit_vae(0.05, epochs=3) for _ in range(2))
    assert first.history_ == again.history_
    assert_array_equal(first.transform(waves), again.transform(waves))
    other = fit_vae(0.05, epochs=3, random_state=1)
    assert other.history_ != first.history_


@pytest.mark.slow
def test_the_divergence_falls_with_its_weight(vae, fit_vae):
    kl = vae.history_["kl_loss"]
    assert len(kl) == vae.n_iter_
    assert min(kl) > 0
    strong = fit_vae(2.0, epochs=40)
    assert strong.history_["kl_loss"][-1] < 0.5 * kl[-1]
    assert strong.history_["loss"][-1] > vae.history_["loss"][-1]


@pytest.mark.slow
def test_embeddings_are_about_as_the_prior(vae, waves, plain_autoencoder):
    code = vae.transform(waves)[:, :-1]
    spread = code.std(axis=0)
    assert np.abs(code.mean(axis=0)).max() < 0.35
    assert (spread < 1.2).all()
    assert np.sort(spread)[-2] > 0.7  # the two numbers of a wave


@pytest.mark.slow
def test_samples_are_like_the_data(vae, waves):
    samples = vae.sample(200, random_state=0)
    X, drawn = np.vstack(waves), np.vstack(samples)
    assert_allclose(drawn.mean(axis=0), X.mean(axis=0), atol=0.3 * X.std(axis=0).max())
    assert (np.abs(drawn.mean(axis=0) - X.mean(axis=0)) < 0.3 * X.std(axis=0)).all()
    assert_allclose(drawn.std(axis=0), X.std(axis=0), rtol=0.3)
    lengths = [len(x) for x in samples]
    seen = [len(x) for x in waves]
    assert min(seen) <= min(lengths) < max(lengths) <= max(seen)
    assert abs(np.mean(lengths) - np.mean(seen)) < 2


def test_a_sample_is_decided_by_its_random_state(vae):
    first = vae.sample(3, random_state=0)
    assert len(first) == 3
    assert_same_sequences(vae.sample(3, random_state=0), first)
    state = np.random.RandomState(0)
    firsts = [vae.sample(random_state=state)[0] for _ in range(2)]
    assert firsts[0].shape != firsts[1].shape or (firsts[0] != firsts[1]).any()
    np.random.seed(0)
    a, b = vae.sample(20), vae.sample(20)
    assert [x.tobytes() for x in a] != [x.tobytes() for x in b]
    untouched = np.random.random()
    np.random.seed(0)
    assert np.random.random() == untouched


@pytest.mark.slow
def test_samples_come_as_fit_had_them(plain_autoencoder, rng):
    table = pd.DataFrame(rng.normal(size=(12, 5)), columns=list("abcde"))
    ae = plain_autoencoder(kl_weight=0.1, n_components=2, epochs=1).fit(table)
    drawn = ae.sample(4, random_state=0)
    assert isinstance(drawn, pd.DataFrame)
    assert drawn.shape == (4, 5)
    assert list(drawn.columns) == list("abcde")


@pytest.mark.slow
def test_the_keras_encoder_gives_the_mean(vae, waves):
    found = vae.encoder_.predict(keras_input(vae, waves), verbose=0)
    assert_allclose(found, vae.transform(waves), rtol=1e-4, atol=1e-5)
    module = {type(layer).__module__.split(".")[0] for layer in vae.encoder_.layers}
    assert module == {"keras"}


@pytest.mark.slow
def test_early_stopping_looks_at_all_of_the_objective(plain_autoencoder, waves):
    """Of twice the evidence lower bound per value, up to its constant."""
    ae = plain_autoencoder(
        kl_weight=0.3, sparsity_weight=0.2, early_stopping=True, epochs=3, scaler=None
    )
    X = [x[:6] / 100 for x in waves]  # equal lengths: each has as many values
    history = ae.fit(X).history_
    assert_allclose(
        history["val_objective"],
        np.array(history["val_loss"])
        + 0.3 * 2 * np.array(history["val_kl_loss"]) / (6 * 2)
        + 0.2 * np.array(history["val_sparsity_loss"]),
        rtol=1e-5,
    )


def test_without_a_layer_there_is_no_distribution(vae, waves):
    before = vae.transform(waves[:3])
    ae = pickle.loads(pickle.dumps(vae))
    with pytest.raises(ValueError, match=r"kl_weight=0.05 .*n_components is None"):
        ae.set_params(n_components=None).fit(waves)
    assert_array_equal(ae.transform(waves[:3]), before)


def test_sample_is_there_after_a_fit_with_kl_weight(plain_autoencoder, sequences):
    ae = plain_autoencoder(epochs=1)
    assert not hasattr(ae, "sample")
    with pytest.raises(AttributeError, match="set kl_weight, and fit"):
        ae.sample()
    with pytest.raises(NotFittedError):
        plain_autoencoder(kl_weight=0.1).sample()
    ae.fit(sequences).set_params(kl_weight=0.1)
    assert not hasattr(ae, "sample")  # what was fitted has no prior
    assert hasattr(ae.fit(sequences).set_params(kl_weight=0.0), "sample")


@pytest.mark.parametrize("n_samples", [0, -1, 1.5, "many"])
def test_how_many_samples(vae, n_samples):
    with pytest.raises((TypeError, ValueError), match="n_samples"):
        vae.sample(n_samples)


@pytest.mark.parametrize("fitted_with", [0.0, 0.1])
def test_going_on_needs_the_same_kind(plain_autoencoder, sequences, fitted_with):
    ae = plain_autoencoder(kl_weight=fitted_with, warm_start=True, epochs=1)
    ae.fit(sequences).set_params(kl_weight=0.1 - fitted_with)
    with pytest.raises(ValueError, match=r"kl_weight is .*the fit to go on from"):
        ae.fit(sequences)
