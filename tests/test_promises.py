"""What the estimator promises, to the bit where it says so.

On the true defaults, and on a network that has what they have not. XLA compiles: to the
bit is promised where it does.
"""

import os

import numpy as np
import pytest
from helpers import as_bits, assert_same_model, assert_same_sequences, objects, padded
from internals import count_steps, xla
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoderTransformer

OTHER = {
    "hidden_layer_sizes": (8, 4),
    "activation": "relu",
    "patch_size": 3,
    "encoder_inputs": ["differences"],
}
ARCHITECTURES = ["defaults", "stacked_relu_in_patches"]


@pytest.fixture(scope="session")
def stacked_relu_in_patches(plain_autoencoder, sequences):
    with xla(False):
        return plain_autoencoder(**OTHER).fit(sequences)


@pytest.fixture(params=ARCHITECTURES)
def variant(request):
    """A fitted estimator; do not fit it again."""
    name = {"defaults": "default_autoencoder"}.get(request.param, request.param)
    return request.getfixturevalue(name)


# -- an embedding depends on its sequence alone ---------------------------------------


@pytest.mark.xla
def test_alone_and_in_company_is_the_same(variant, sequences):
    Z = variant.transform(sequences)
    for z, x in zip(Z, sequences, strict=True):
        assert_array_equal(variant.transform([x])[0], z)
    for n in (2, 7, 17):
        assert_array_equal(variant.transform(sequences[:n]), Z[:n])
        assert_array_equal(variant.transform(sequences * n)[-len(Z) :], Z)


@pytest.mark.xla
def test_order_does_not_matter(variant, sequences, rng):
    Z = variant.transform(sequences)
    order = rng.permutation(len(sequences))
    assert_array_equal(variant.transform([sequences[i] for i in order]), Z[order])


@pytest.mark.xla
def test_beside_a_much_longer_one_is_the_same(variant, sequences, rng):
    Z = variant.transform(sequences)
    long = rng.normal([5, -300], [0.1, 20], size=(1600, 2))
    assert_array_equal(variant.transform([*sequences, long])[:-1], Z)
    assert_array_equal(variant.transform([long, sequences[3]])[1], Z[3])


@pytest.mark.xla
@pytest.mark.parametrize("extra", [0, 1, 100])
def test_padding_does_not_matter(variant, sequences, extra):
    Z = variant.transform(sequences)
    assert_array_equal(variant.transform(padded(sequences, extra=extra)), Z)


@pytest.mark.xla
def test_the_container_does_not_matter(variant, sequences):
    Z = variant.transform(sequences)
    as_lists = [x.tolist() for x in sequences]
    for X in (tuple(sequences), objects(sequences), as_lists):
        assert_array_equal(variant.transform(X), Z)


@pytest.mark.xla
def test_decoding_depends_on_the_vector_alone(variant, sequences):
    Z = variant.transform(sequences)
    together = variant.inverse_transform(Z)
    lengths = [*map(len, sequences), 200]
    beside_a_long_one = variant.inverse_transform(np.vstack([Z, Z[:1]]), lengths)
    assert_same_sequences(beside_a_long_one[:-1], together)
    for z, expected in zip(Z, together, strict=True):
        assert_array_equal(variant.inverse_transform(z[np.newaxis])[0], expected)


@pytest.mark.xla
def test_a_score_depends_on_its_sequence_alone(variant, sequences):
    scores = variant.score_samples(sequences)
    alone = [variant.score_samples([x])[0] for x in sequences]
    assert_array_equal(scores, alone)


# -- padding reaches nothing ----------------------------------------------------------


def test_a_fit_on_padded_data_is_the_same(plain_autoencoder, fitted_plain, sequences):
    from_padded = plain_autoencoder().fit(padded(sequences, extra=5))
    assert_array_equal(from_padded.scaler_.mean_, fitted_plain.scaler_.mean_)
    assert from_padded.history_ == fitted_plain.history_
    assert from_padded.max_length_ == fitted_plain.max_length_
    Z = fitted_plain.transform(sequences)
    assert_array_equal(from_padded.transform(sequences), Z)


@pytest.mark.xla
def test_a_fit_of_the_defaults_on_padded_data_is_the_same(few_sequences):
    # Three epochs, not two thousand: the first three go through all that is there.
    def fit(X):
        return LSTMAutoencoderTransformer(random_state=0, epochs=3).fit(X)

    from_list, from_padded = fit(few_sequences), fit(padded(few_sequences, extra=5))
    assert from_padded.history_ == from_list.history_
    Z = from_list.transform(few_sequences)
    assert_array_equal(from_padded.transform(few_sequences), Z)


def test_the_scaler_sees_the_time_steps_and_nothing_else(fitted_plain, sequences):
    expected = StandardScaler().fit(np.vstack(sequences))
    assert_allclose(fitted_plain.scaler_.mean_, expected.mean_, rtol=1e-12)
    assert_allclose(fitted_plain.scaler_.scale_, expected.scale_, rtol=1e-12)


@pytest.mark.parametrize("parameters", [{}, OTHER], ids=["plain", "stacked"])
def test_the_loss_is_the_mean_over_observed_values(
    plain_autoencoder, sequences, rng, parameters
):
    X = [np.where(rng.random(x.shape) < 0.3, np.nan, x) for x in sequences]
    for x in X:
        x[0] = 5, -300
    # With steps this small the weights stay what they were, and so does the error.
    autoencoder = plain_autoencoder(learning_rate=1e-12, epochs=1, **parameters).fit(X)
    scale = autoencoder.scaler_.transform
    decoded = np.vstack(autoencoder.reconstruct(X))
    expected = np.nanmean((scale(decoded) - scale(np.vstack(X))) ** 2)
    assert_allclose(autoencoder.history_["loss"], expected, rtol=1e-5)


# -- reproducible, and polite ---------------------------------------------------------


def test_one_seed_one_result(plain_autoencoder, fitted_plain, sequences):
    other_data = [x[::-1] for x in sequences[:10]]
    plain_autoencoder(random_state=1).fit(other_data)  # uses the kept program
    again = plain_autoencoder().fit(sequences)
    assert_same_model(again, fitted_plain, sequences)
    assert again.history_ == fitted_plain.history_


@pytest.mark.xla
def test_one_seed_one_result_of_the_defaults(few_sequences):
    # Of fifty epochs; that of all two thousand is compared with another process's
    def fit(X, random_state=0):
        make = LSTMAutoencoderTransformer(random_state=random_state, epochs=50)
        return make.fit(X)

    expected = fit(few_sequences)
    other = fit([x[::-1] for x in few_sequences], random_state=1)
    again = fit(few_sequences)  # all by one program
    assert_same_model(again, expected, few_sequences)
    assert again.history_ == expected.history_
    difference = other.transform(few_sequences) - again.transform(few_sequences)
    assert np.abs(difference[:, :-1]).max() > 1e-3


def test_another_seed_another_result(plain_autoencoder, fitted_plain, sequences):
    for random_state in (1, None):
        other = plain_autoencoder(random_state=random_state).fit(sequences)
        difference = other.transform(sequences) - fitted_plain.transform(sequences)
        assert np.abs(difference[:, :-1]).max() > 1e-3


def test_a_generator_is_drawn_from(plain_autoencoder, sequences):
    def embed(random_state):
        return plain_autoencoder(random_state=random_state).fit_transform(sequences)

    generator = np.random.RandomState(0)
    first, second = embed(generator), embed(generator)
    assert_array_equal(first, embed(np.random.RandomState(0)))
    assert np.abs(first - second).max() > 1e-3


def test_arguments_are_not_written_to(plain_autoencoder, sequences, rng):
    X = [np.where(rng.random(x.shape) < 0.1, np.nan, x) for x in sequences]
    Z = rng.normal(size=(5, 4))
    weight, lengths = rng.random(len(X)), np.arange(1, 6)
    before = [x.copy() for x in (*X, Z, weight, lengths)]
    scaler = StandardScaler(copy=False)
    autoencoder = plain_autoencoder(scaler=scaler).fit(X, sample_weight=weight)
    autoencoder.fit_transform(X, sample_weight=weight)
    autoencoder.partial_fit(X, sample_weight=weight)
    for use in ("transform", "reconstruct", "score_samples", "score"):
        getattr(autoencoder, use)(X)
    autoencoder.inverse_transform(Z)
    autoencoder.inverse_transform(Z, lengths)
    assert_same_sequences([*X, Z, weight, lengths], before)
    assert vars(scaler) == vars(StandardScaler(copy=False))


def test_results_are_the_callers_to_write_to(fitted_plain, sequences):
    Z = fitted_plain.transform(sequences)
    expected = Z.copy()
    X = fitted_plain.inverse_transform(Z)
    Z[:] = 0
    for x in X:
        x[:] = 0
    assert_array_equal(fitted_plain.transform(sequences), expected)


@pytest.mark.xla
def test_a_fresh_process_gives_the_same_bits(
    first_fit, default_autoencoder, few_sequences
):
    Z = default_autoencoder.transform(few_sequences)
    assert first_fit["embeddings"][0] == as_bits(Z)


def test_nothing_global_is_changed_by_the_first_fit(first_fit):
    # TensorFlow and Keras add filters of warnings when they are imported.
    first, *others = first_fit["changed"]
    assert first in (["warnings"], [])
    assert not any(others)


def test_no_seed_is_a_new_seed(first_fit):
    assert first_fit["embeddings"][1] != first_fit["embeddings"][2]


def test_no_file_is_left(first_fit):
    assert first_fit["files"] == []


def test_nothing_is_said_on_either_stream(first_fit):
    assert first_fit["streams"] == ["", ""]


def test_many_lengths_are_no_news(fitted_plain, caplog, capfd):
    # TensorFlow takes a new shape for a mistake if they come too fast, and says so.
    for n in (16, 32, 64, 128, 256, 512, 1024, 2048):
        fitted_plain.inverse_transform(np.zeros((1, 4)), lengths=[n])
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


# -- there and back -------------------------------------------------------------------


@pytest.mark.xla
def test_each_comes_back_at_its_own_length(variant, sequences):
    X = variant.inverse_transform(variant.transform(sequences))
    assert [x.shape for x in X] == [x.shape for x in sequences]


@pytest.mark.slow
@pytest.mark.xla
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_lengths_never_seen_come_back_too(fitted_plain, rng, dtype):
    # With XLA, without which so many steps take half a minute
    lengths = [1, 2, 31, 1000, 99_999]  # XLA compiles for each power of two
    X = [rng.normal([5, -300], [0.1, 20], size=(n, 2)).astype(dtype) for n in lengths]
    Z = fitted_plain.transform(X)
    assert Z.dtype == dtype
    assert [len(x) for x in fitted_plain.inverse_transform(Z)] == lengths


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "seen", [[3, 16], [99_999, 100_000], [1, 2], [1, 100_000], [5, *[4] * 999]]
)
def test_every_length_to_100000_survives_as_a_component(dtype, seen):
    # Decoding 5e9 time steps takes too long: this is the code that transform and
    # inverse_transform use for the last component.
    from sklearn_seqae._patches.exact import LengthCode

    code = LengthCode.fit(np.array(seen), np.ones(len(seen)))
    lengths = np.arange(1, 100_001)
    assert_array_equal(code.decode(code.encode(lengths).astype(dtype)), lengths)


def test_the_units_are_those_of_the_data(fitted_plain, sequences):
    # Far off after two epochs, but by the scale of a feature and not by its offset.
    values = np.vstack(
        fitted_plain.inverse_transform(fitted_plain.transform(sequences))
    )
    truth = np.vstack(sequences)
    assert np.all(np.abs(values - truth.mean(axis=0)) < 3 * truth.std(axis=0))


# -- cost -----------------------------------------------------------------------------


@pytest.mark.slow
def test_cost_grows_with_time_steps_and_not_with_the_longest(
    plain_autoencoder, rng, monkeypatch
):
    short = [rng.normal(size=(n, 2)) for n in np.resize(np.arange(1, 17), 384)]
    long = rng.normal(size=(400, 2))
    total = sum(map(len, short))
    n_steps = count_steps(monkeypatch)

    # One epoch: each batch of 8 has about equal lengths, so little is wasted ...
    autoencoder = plain_autoencoder(epochs=1, patch_size=1).fit(short)
    autoencoder.transform(short)
    alone = dict(n_steps)
    for what in ("fit", "transform"):
        assert total <= alone[what] <= 1.1 * total

    # ... and a long one adds what it costs itself, with the rows beside it.
    n_steps.update(fit=0, transform=0)
    plain_autoencoder(epochs=1, patch_size=1).fit([*short, long])
    autoencoder.transform([*short, long])
    for what in ("fit", "transform"):
        rows = n_steps[f"rows of {what}"]
        assert n_steps[what] <= alone[what] + rows * (len(long) + 16)
        assert n_steps[what] < 0.15 * len(short) * len(long)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks on this system")
def test_a_fork_after_use_is_refused_where_it_would_hang(first_fit):
    errors = first_fit["fork"]["errors"]
    assert {"fit", "transform", "inverse_transform", "score_samples"} < set(errors)
    for kind, message in errors.values():
        assert kind == "RuntimeError"
        assert f"forked from process {first_fit['fork']['of']}" in message
        assert '"spawn"' in message and '"forkserver"' in message
