"""What the parameters and methods of the estimator do."""

import copy
import inspect
import io
import itertools
import pickle
import signal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from helpers import (
    assert_same_model,
    assert_same_sequences,
    assert_same_values,
    objects,
    padded,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae import LSTMAutoencoderTransformer

nan = np.nan


# -- embedding ------------------------------------------------------------------------


def test_fit_returns_itself_and_fit_transform_the_embedding(
    plain_autoencoder, fitted_plain, sequences
):
    autoencoder = plain_autoencoder()
    assert autoencoder.fit(sequences) is autoencoder
    Z = plain_autoencoder().fit_transform(sequences)
    assert Z.shape == (24, 4)
    assert_array_equal(Z, fitted_plain.transform(sequences))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_the_dtype_is_float32_if_that_of_the_data_is(fitted_plain, sequences, dtype):
    expected = "float64" if dtype in ("float64", "int32") else "float32"
    assert (
        fitted_plain.transform([x.astype(dtype) for x in sequences]).dtype == expected
    )
    mixed = [sequences[0], *(x.astype("float32") for x in sequences[1:])]
    assert fitted_plain.transform(mixed).dtype == "float64"


def test_the_last_component_is_the_standardized_log_length(fitted_plain, sequences):
    log_lengths = np.log([len(x) for x in sequences])
    expected = (log_lengths - log_lengths.mean()) / log_lengths.std()
    assert_allclose(fitted_plain.transform(sequences)[:, -1], expected, rtol=1e-12)


def test_the_components_differ_between_sequences(fitted_plain, sequences):
    Z = fitted_plain.transform(sequences)
    assert np.all(np.isfinite(Z))
    assert np.all(Z.std(axis=0) > 1e-3)


@pytest.mark.parametrize(
    ("exact_components", "n_components", "lengths", "expected"),
    [
        ("auto", 4, (3, 16), True),
        ("auto", 3, (16, 16), False),
        ("auto", 1, (3, 16), False),
        (["length"], 4, (16, 16), True),
        ((), 3, (3, 16), False),
    ],
)
def test_when_the_length_is_a_component(
    plain_autoencoder,
    rng,
    exact_components,
    n_components,
    lengths,
    expected,
):
    lengths = [*lengths] * 4
    X = [rng.normal(size=(n, 2)) for n in lengths]
    autoencoder = plain_autoencoder(
        n_components=n_components, exact_components=exact_components
    )
    Z = autoencoder.fit_transform(X)
    assert autoencoder.exact_components_ == (("length",) if expected else ())
    assert Z.shape == (8, n_components)
    wanted = lengths if expected else [16] * 8
    assert [len(x) for x in autoencoder.inverse_transform(Z)] == wanted
    others = [1, 2, 3, 9, 4, 5, 6, 7]
    assert [len(x) for x in autoencoder.inverse_transform(Z, others)] == others
    assert [len(x) for x in autoencoder.reconstruct(X)] == lengths


def test_parameters_set_after_fit_wait_for_the_next(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder().fit(sequences)
    Z = autoencoder.transform(sequences)
    X = autoencoder.inverse_transform(Z)
    autoencoder.set_params(
        n_components=3, patch_size=5, scaler=None, exact_components=()
    )
    assert_array_equal(autoencoder.transform(sequences), Z)
    assert len(autoencoder.get_feature_names_out()) == 4
    assert_same_sequences(autoencoder.inverse_transform(Z), X)


# -- patches --------------------------------------------------------------------------


def test_patches_by_the_median_length(plain_autoencoder, rng):
    lengths = [320, 320, 1]
    X = [rng.normal(size=(n, 2)) for n in lengths]
    autoencoder = plain_autoencoder(epochs=1, hidden_layer_sizes=2).fit(X)
    assert autoencoder.patch_size_ == 10
    assert [len(x) for x in autoencoder.reconstruct(X)] == lengths


@pytest.mark.slow
@pytest.mark.parametrize("patch_size", [2, 50])
def test_patches_of_any_size(plain_autoencoder, sequences, patch_size):
    autoencoder = plain_autoencoder(
        patch_size=patch_size, epochs=100, **at_one_rate(0.03)
    )
    autoencoder.fit(sequences)
    assert autoencoder.patch_size_ == patch_size
    assert [x.shape for x in autoencoder.reconstruct(sequences)] == [
        x.shape for x in sequences
    ]
    # It has learnt the first and the last step of sequences, partial patches or not.
    scale = autoencoder.scaler_.transform
    decoded = autoencoder.reconstruct(sequences)
    for end in (slice(0, 1), slice(-1, None)):
        truth = scale(np.vstack([x[end] for x in sequences]))
        difference = scale(np.vstack([x[end] for x in decoded])) - truth
        assert np.sum(np.square(difference)) < 0.3 * np.sum(np.square(truth))


# -- reconstruction and score ---------------------------------------------------------


def test_reconstruct_is_there_and_back(fitted_plain, sequences):
    expected = fitted_plain.inverse_transform(fitted_plain.transform(sequences))
    assert_same_sequences(fitted_plain.reconstruct(sequences), expected)


@pytest.mark.parametrize("with_missing", [False, True])
def test_scores_by_numpy(fitted_plain, sequences, rng, with_missing):
    X = sequences
    if with_missing:
        X = [np.where(rng.random(x.shape) < 0.3, nan, x) for x in sequences]
        for x in X:
            x[0, 0] = 5
    scale = fitted_plain.scaler_.transform
    expected = [
        -np.nanmean((scale(decoded) - scale(x)) ** 2)
        for decoded, x in zip(fitted_plain.reconstruct(X), X, strict=True)
    ]
    scores = fitted_plain.score_samples(X)
    assert scores.dtype == np.float64
    assert_allclose(scores, expected, rtol=1e-4)
    assert fitted_plain.score(X) == pytest.approx(np.mean(expected), rel=1e-4)
    assert isinstance(fitted_plain.score(X), float)
    assert fitted_plain.score(X, np.zeros(len(X))) == fitted_plain.score(X)


def test_scores_without_a_scaler_and_with_more_sequences_than_a_block(
    plain_autoencoder, rng
):
    X = [rng.normal(size=(n, 2)) for n in np.resize(np.arange(1, 9), 2500)]
    autoencoder = plain_autoencoder(scaler=None).fit(X[:100])
    decoded = autoencoder.reconstruct(X)
    expected = [-np.mean((y - x) ** 2) for x, y in zip(X, decoded, strict=True)]
    assert_allclose(autoencoder.score_samples(X), expected, rtol=1e-4)


# -- what X may be, and what comes back -----------------------------------------------


CONTAINERS = {
    "list": lambda s: s,
    "tuple": tuple,
    "object array": objects,
    "list of 2-D": lambda s: [x[:, np.newaxis] for x in s],
    "list of lists": lambda s: [x.tolist() for x in s],
    "3-D array": lambda s: padded(s)[:, :, np.newaxis],
    "2-D array": padded,
    "2-D float32": lambda s: padded(s).astype(np.float32),
    "DataFrame": lambda s: pd.DataFrame(padded(s)).add_prefix("t"),
    "list of Series": lambda s: [pd.Series(x) for x in s],
}


@pytest.mark.parametrize("kind", CONTAINERS)
def test_the_container_that_came_in_comes_back(plain_autoencoder, sequences, kind):
    univariate = [x[:, 0] for x in sequences]
    X = CONTAINERS[kind](univariate)
    autoencoder = plain_autoencoder(scaler="minmax")
    Z = autoencoder.fit_transform(X)
    expected = plain_autoencoder(scaler="minmax").fit_transform(univariate)
    assert_allclose(Z, expected, atol=1e-3 if kind == "2-D float32" else 1e-6)
    for back in (autoencoder.inverse_transform(Z), autoencoder.reconstruct(X)):
        if isinstance(X, np.ndarray | pd.DataFrame):
            assert type(back) is type(X)
            assert back.shape == X.shape
        if isinstance(X, pd.DataFrame):
            assert list(back.columns) == list(X.columns)
        if kind in ("2-D array", "2-D float32", "DataFrame", "3-D array"):
            assert_array_equal(np.isnan(back), np.isnan(X))
            assert np.asarray(back).dtype == np.asarray(X).dtype
        else:
            assert isinstance(back, tuple if kind == "tuple" else type(X))
            assert [np.shape(x) for x in back] == [np.shape(x) for x in X]
            assert all(type(x) is np.ndarray for x in back)
    if kind != "2-D float32":
        assert_array_equal(autoencoder.transform(univariate[:3]), Z[:3])


def test_a_longer_sequence_widens_the_table(plain_autoencoder, sequences):
    X = pd.DataFrame(padded([x[:, 0] for x in sequences])).add_prefix("t")
    autoencoder = plain_autoencoder().fit(X)
    back = autoencoder.inverse_transform(np.zeros((2, 4)), lengths=[2, 20])
    assert back.shape == (2, 20)
    assert list(back.columns[:16]) == list(X.columns)
    assert_array_equal(back.notna().sum(axis=1), [2, 20])


# -- scaling --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scaler", "reference"),
    [
        ("standard", StandardScaler()),
        ("minmax", MinMaxScaler()),
        ("robust", RobustScaler()),
        (MinMaxScaler((-1, 1)), MinMaxScaler((-1, 1))),
    ],
)
def test_the_scaler_is_fitted_to_stacked_time_steps(
    plain_autoencoder, sequences, scaler, reference
):
    X = [x.copy() for x in sequences]
    X[0][3] = nan
    fitted_plain = plain_autoencoder(scaler=scaler).fit(X).scaler_
    assert fitted_plain is not scaler
    values = np.vstack(sequences)
    expected = reference.fit(np.vstack(X)).transform(values)
    assert_allclose(fitted_plain.transform(values), expected, rtol=1e-9, atol=1e-9)


def test_no_scaler(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(scaler=None).fit([x / 100 for x in sequences])
    assert autoencoder.scaler_ is None
    assert autoencoder.score(sequences) < autoencoder.score(
        [x / 100 for x in sequences]
    )


def test_a_scaler_may_change_the_number_of_features(plain_autoencoder, rng):
    factors = [rng.normal(size=(n, 2)) for n in range(3, 13)]
    X = [factor @ rng.normal(size=(2, 6)) for factor in factors]
    autoencoder = plain_autoencoder(scaler=PCA(2, whiten=True)).fit(X)
    assert autoencoder.n_features_in_ == 6
    assert [x.shape for x in autoencoder.reconstruct(X)] == [x.shape for x in X]


# -- weights, repetitions, order ------------------------------------------------------


@pytest.mark.parametrize("scaler", ["standard", "minmax", "robust"])
def test_a_weight_is_a_repetition(plain_autoencoder, sequences, rng, scaler):
    weight = rng.integers(0, 4, size=len(sequences))
    repeated = [x for x, n in zip(sequences, weight, strict=True) for _ in range(n)]
    weighted = plain_autoencoder(scaler=scaler).fit(sequences, sample_weight=weight)
    expected = plain_autoencoder(scaler=scaler).fit(repeated)
    assert weighted.history_ == expected.history_
    assert_same_model(weighted, expected, sequences)


def test_weight_zero_is_removal(plain_autoencoder, sequences):
    weight = np.arange(len(sequences)) % 3 > 0
    weighted = plain_autoencoder().fit(sequences, sample_weight=weight)
    kept = [x for x, w in zip(sequences, weight, strict=True) if w]
    assert_same_model(weighted, plain_autoencoder().fit(kept), sequences)
    # Also of the only sequence that is long, or of another scale.
    wild = [*sequences, 1e6 * np.ones((16 * 40, 2))]
    weight = [1.0] * len(sequences) + [0.0]
    weighted = plain_autoencoder().fit(wild, sample_weight=weight)
    assert_same_model(weighted, plain_autoencoder().fit(sequences), sequences)


@pytest.mark.parametrize("factor", [2.0, 1e-50, 1e45])
def test_only_the_relation_of_weights_counts(plain_autoencoder, sequences, rng, factor):
    weight = rng.integers(1, 4, size=len(sequences)).astype(float)
    expected = plain_autoencoder().fit(sequences, sample_weight=weight)
    other = plain_autoencoder().fit(sequences, sample_weight=factor * weight)
    assert_allclose(
        other.transform(sequences), expected.transform(sequences), atol=1e-5
    )


def test_weight_zero_removes_what_it_alone_observes(plain_autoencoder, sequences):
    X = [np.column_stack([x[:, 0], np.full(len(x), nan)]) for x in sequences]
    X[0] = sequences[0]
    weight = [0.0] + [1.0] * (len(X) - 1)
    with pytest.raises(ValueError, match="feature 1 has no observed value"):
        plain_autoencoder().fit(X, sample_weight=weight)


def test_a_heavy_sequence_is_learnt_better(plain_autoencoder, sequences):
    def score_of_first(weight):
        weights = [weight] + [1.0] * (len(sequences) - 1)
        autoencoder = plain_autoencoder(epochs=30, learning_rate=0.01, scaler="minmax")
        autoencoder.fit(sequences, sample_weight=weights)
        return autoencoder.score(sequences[:1])

    assert score_of_first(100.0) > score_of_first(0.01)


def test_one_weight_for_all(plain_autoencoder, fitted_plain, sequences):
    autoencoder = plain_autoencoder().fit(sequences, sample_weight=1.0)
    assert_same_model(autoencoder, fitted_plain, sequences)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_the_order_of_sequences_does_not_matter(
    plain_autoencoder, sequences, rng, early_stopping
):
    order = rng.permutation(len(sequences))
    shuffled = [sequences[i] for i in order]
    one = plain_autoencoder(early_stopping=early_stopping).fit(sequences)
    other = plain_autoencoder(early_stopping=early_stopping).fit(shuffled)
    assert one.history_ == other.history_
    assert_same_model(one, other, sequences)


# -- going on -------------------------------------------------------------------------


def at_one_rate(rate=1e-3):
    """Return the optimizer whose rate does not depend on the epochs to come."""
    import keras

    return {"optimizer": keras.optimizers.Adam(rate, global_clipnorm=1.0)}


def test_partial_fits_are_the_epochs_of_a_fit(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(**at_one_rate())
    for _ in range(4):
        assert autoencoder.partial_fit(sequences) is autoencoder
    expected = plain_autoencoder(epochs=4, **at_one_rate()).fit(sequences)
    assert autoencoder.history_ == expected.history_
    assert autoencoder.n_iter_ == 4
    assert_same_model(autoencoder, expected, sequences)


def test_a_partial_fit_has_one_rate(plain_autoencoder, sequences):
    by_name = plain_autoencoder(learning_rate=1e-3).partial_fit(sequences)
    expected = plain_autoencoder(**at_one_rate(1e-3)).partial_fit(sequences)
    assert_same_model(by_name, expected, sequences)


def test_a_warm_start_goes_on(plain_autoencoder, sequences):
    parameters = at_one_rate() | {"warm_start": True, "epochs": 1}
    autoencoder = plain_autoencoder(**parameters).fit(sequences)
    autoencoder.set_params(epochs=3).fit(sequences)
    expected = plain_autoencoder(epochs=4, **at_one_rate()).fit(sequences)
    assert autoencoder.history_ == expected.history_
    assert autoencoder.n_iter_ == 4
    assert_same_model(autoencoder, expected, sequences)


def test_without_a_warm_start_fit_starts_anew(
    plain_autoencoder, fitted_plain, sequences
):
    autoencoder = plain_autoencoder().fit([1000 * x for x in sequences[:9]])
    autoencoder.partial_fit(sequences).fit(sequences)
    assert autoencoder.n_iter_ == 2
    assert_same_model(autoencoder, fitted_plain, sequences)


@pytest.mark.parametrize("way", ["partial_fit", "warm_start"])
def test_going_on_with_other_sequences_keeps_scaler_and_shapes(
    plain_autoencoder, sequences, rng, way
):
    autoencoder = plain_autoencoder(warm_start=way == "warm_start")
    go_on = autoencoder.fit if way == "warm_start" else autoencoder.partial_fit
    go_on(sequences[1:])
    Z = autoencoder.transform(sequences)
    mean, shortest = autoencoder.scaler_.mean_.copy(), autoencoder.max_length_
    go_on([100 * x for x in sequences])
    assert_array_equal(autoencoder.scaler_.mean_, mean)
    assert shortest <= autoencoder.max_length_ == 16
    assert autoencoder.patch_size_ == 1
    assert_array_equal(autoencoder.transform(sequences)[:, -1], Z[:, -1])
    assert np.abs(autoencoder.transform(sequences) - Z).max() > 1e-4


def test_going_on_after_pickling(plain_autoencoder, sequences):
    import pickle

    autoencoder = plain_autoencoder().partial_fit(sequences)
    copy = pickle.loads(pickle.dumps(autoencoder))
    autoencoder.partial_fit(sequences)
    copy.partial_fit(sequences)
    assert copy.history_ == autoencoder.history_
    assert_same_model(copy, autoencoder, sequences)


@pytest.mark.parametrize("way", ["partial_fit", "warm_start"])
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("n_components", 5),
        ("hidden_layer_sizes", (8, 8)),
        ("bidirectional", False),
        ("activation", "relu"),
        ("patch_size", 2),
        ("exact_components", ()),
    ],
)
def test_going_on_with_another_architecture_is_an_error(
    plain_autoencoder, sequences, parameter, value, way
):
    autoencoder = plain_autoencoder(warm_start=way == "warm_start").fit(sequences)
    Z = autoencoder.transform(sequences)
    autoencoder.set_params(**{parameter: value})
    go_on = autoencoder.fit if way == "warm_start" else autoencoder.partial_fit
    with pytest.raises(ValueError, match=f"{parameter} is .* set it back, or start"):
        go_on(sequences)
    assert autoencoder.n_iter_ == 2
    assert_array_equal(autoencoder.transform(sequences), Z)


def test_going_on_with_another_optimizer_starts_it_fresh_or_says_so(
    plain_autoencoder, sequences
):
    autoencoder = plain_autoencoder().fit(sequences)
    autoencoder.set_params(optimizer="sgd")
    try:
        autoencoder.partial_fit(sequences)
    except ValueError as error:
        assert "optimizer" in str(error)
    else:
        assert autoencoder.n_iter_ == 3


def test_history_goes_on_with_every_loss_that_it_had(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(early_stopping=True).fit(sequences)
    before = autoencoder.history_["val_loss"]
    autoencoder.partial_fit(sequences)
    assert len(autoencoder.history_["loss"]) == 3
    assert autoencoder.history_["val_loss"][:2] == before
    assert np.isnan(autoencoder.history_["val_loss"][2:]).tolist() == [True]


# -- early stopping -------------------------------------------------------------------


def test_all_epochs_without_early_stopping(fitted_plain):
    assert fitted_plain.n_iter_ == 2
    assert list(fitted_plain.history_) == ["loss"]
    assert len(fitted_plain.history_["loss"]) == 2
    assert all(type(loss) is float for loss in fitted_plain.history_["loss"])


def test_it_stops_when_nothing_becomes_better(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(
        early_stopping=True, n_iter_no_change=3, learning_rate=1e-12, epochs=50
    ).fit(sequences)
    assert autoencoder.n_iter_ == 4  # the first is better than nothing, then three
    assert len(autoencoder.history_["val_loss"]) == 4


def test_the_weights_of_the_best_epoch_are_kept(plain_autoencoder, sequences):
    def make(epochs):
        return plain_autoencoder(
            early_stopping=True,
            n_iter_no_change=1000,
            epochs=epochs,
            validation_fraction=0.3,
            **at_one_rate(0.3),
        ).fit(sequences)

    autoencoder = make(30)
    assert autoencoder.n_iter_ == 30
    best = int(np.argmin(autoencoder.history_["val_loss"]))
    assert best < 29, "the test needs a learning rate that makes it worse again"
    until_then = make(best + 1)
    loss = until_then.history_["val_loss"]
    assert loss == autoencoder.history_["val_loss"][: best + 1]
    assert_same_model(autoencoder, until_then, sequences)


def test_whole_sequences_are_set_aside(plain_autoencoder, sequences):
    X = sequences[:8]
    autoencoder = plain_autoencoder(
        early_stopping=True, validation_fraction=0.25, epochs=1, learning_rate=1e-12
    ).fit(X)  # the weights, and so the errors, stay what they are
    n_values = np.array([x.size for x in X])
    errors = -autoencoder.score_samples(X) * n_values
    pairs = [list(pair) for pair in itertools.combinations(range(8), 2)]
    distance = [
        abs(
            errors[pair].sum() / n_values[pair].sum()
            - autoencoder.history_["val_loss"][0]
        )
        for pair in pairs
    ]
    pair = pairs[int(np.argmin(distance))]
    assert min(distance) < 1e-5 < sorted(distance)[1]
    rest = np.setdiff1d(range(8), pair)
    expected = errors[rest].sum() / n_values[rest].sum()
    assert_allclose(autoencoder.history_["loss"], expected, rtol=1e-4)


def test_it_takes_fewer_epochs_than_asked_for_and_is_reproducible(
    plain_autoencoder, sequences
):
    def make():
        return plain_autoencoder(
            early_stopping=True, n_iter_no_change=2, epochs=500, learning_rate=0.1
        ).fit(sequences)

    one, other = make(), make()
    assert one.n_iter_ < 500
    assert one.history_ == other.history_
    assert_same_model(one, other, sequences)


# -- optimizer and callbacks ----------------------------------------------------------


@pytest.mark.slow
def test_a_learning_rate_and_an_optimizer_are_what_is_trained_with(
    plain_autoencoder, sequences
):
    import keras

    def loss(**parameters):
        return plain_autoencoder(epochs=5, **parameters).fit(sequences).history_["loss"]

    by_name = loss(optimizer="sgd", learning_rate=0.1)
    assert by_name != loss(optimizer="sgd", learning_rate=0.2)
    assert by_name == loss(optimizer=keras.optimizers.SGD, learning_rate=0.1)
    instance = keras.optimizers.SGD(learning_rate=0.1, global_clipnorm=1.0)
    constant = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 1.0)
    assert loss(optimizer=instance) == loss(optimizer="sgd", learning_rate=constant)
    assert float(instance.learning_rate) == np.float32(0.1)
    assert not instance.built


@pytest.fixture
def recorder():
    """A Keras callback that notes what it is told."""
    import keras

    class Recorder(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.told = []

        def on_train_begin(self, logs=None):
            self.told.append("begin")

        def on_epoch_begin(self, epoch, logs=None):
            self.told.append(("begin", epoch))

        def on_epoch_end(self, epoch, logs=None):
            self.told.append((epoch, dict(logs)))
            self.has_model = isinstance(self.model, keras.Model)

        def on_train_end(self, logs=None):
            self.told.append("end")

    return Recorder()


@pytest.mark.parametrize("as_given", [lambda c: c, lambda c: [c], lambda c: (c,)])
def test_callbacks_are_told_of_every_epoch(
    plain_autoencoder, fitted_plain, sequences, recorder, as_given
):
    autoencoder = plain_autoencoder(callbacks=as_given(recorder)).fit(sequences)
    losses = autoencoder.history_["loss"]
    assert recorder.told == [
        "begin",
        ("begin", 0),
        (0, {"loss": losses[0]}),
        ("begin", 1),
        (1, {"loss": losses[1]}),
        "end",
    ]
    assert recorder.has_model
    # Looking on changes nothing.
    assert losses == pytest.approx(fitted_plain.history_["loss"], rel=1e-6)
    assert_same_model(autoencoder, fitted_plain, sequences)


def test_callbacks_are_told_of_the_validation_loss(
    plain_autoencoder, sequences, recorder
):
    autoencoder = plain_autoencoder(callbacks=[recorder], early_stopping=True)
    autoencoder.fit(sequences)
    told = [
        logs
        for _, logs in (item for item in recorder.told if len(item) == 2)
        if isinstance(logs, dict)
    ]
    assert [logs["val_loss"] for logs in told] == autoencoder.history_["val_loss"]


# Keras's own, about NumPy 2
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_callbacks_of_keras_work(plain_autoencoder, sequences):
    import keras

    early = keras.callbacks.EarlyStopping(monitor="loss", min_delta=100, patience=2)
    autoencoder = plain_autoencoder(callbacks=[early], epochs=50).fit(sequences)
    assert autoencoder.n_iter_ == 3

    standstill = keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: rate if epoch == 0 else 0.0
    )
    parameters = at_one_rate() | {"epochs": 1}
    autoencoder = plain_autoencoder(**parameters, callbacks=[standstill])
    autoencoder.set_params(epochs=3).fit(sequences)
    one_epoch = plain_autoencoder(**parameters).fit(sequences)
    assert_same_model(autoencoder, one_epoch, sequences)
    # The next fit has its own rate again.
    again = plain_autoencoder(**parameters).fit(sequences)
    assert_same_model(again, one_epoch, sequences)


def test_callbacks_may_look_at_batches(plain_autoencoder, fitted_plain, sequences):
    import keras

    batches = []

    class OnBatch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            batches.append(batch)

    autoencoder = plain_autoencoder(callbacks=[OnBatch()]).fit(sequences)
    assert batches == [0, 1, 2, 0, 1, 2]
    assert_same_model(autoencoder, fitted_plain, sequences)


def test_a_schedule_of_keras_sets_the_rate_of_every_update(
    plain_autoencoder, sequences
):
    """With `warm_start` the second fit counts on; the cosine is not in force."""
    import keras

    rates = []

    class NoteRates(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            rates.append(float(self.model.optimizer.learning_rate.numpy()))

    autoencoder = plain_autoencoder(
        learning_rate=keras.optimizers.schedules.ExponentialDecay(0.01, 4, 0.5),
        callbacks=[NoteRates()],
        warm_start=True,
    )
    n_updates = 2 * 3  # epochs times batches
    autoencoder.fit(sequences)
    assert rates == pytest.approx(0.01 * 0.5 ** (np.arange(n_updates) / 4), rel=1e-6)
    autoencoder.fit(sequences)
    updates = np.arange(2 * n_updates)
    assert rates == pytest.approx(0.01 * 0.5 ** (updates / 4), rel=1e-6)


def test_a_schedule_of_keras_is_the_same_whoever_looks_on(plain_autoencoder, sequences):
    import keras

    def fit(**parameters):
        decay = keras.optimizers.schedules.ExponentialDecay(0.01, 4, 0.5)
        return plain_autoencoder(learning_rate=decay, **parameters).fit(sequences)

    watched = fit(callbacks=[keras.callbacks.Callback()])
    assert_same_model(watched, fit(), sequences)


# -- Ctrl-C ---------------------------------------------------------------------------


@pytest.fixture
def interrupt_after():
    """A callback that is a user's Ctrl-C at the end of an epoch."""
    import keras

    class Interrupt(keras.callbacks.Callback):
        def __init__(self, epoch):
            super().__init__()
            self.epoch = epoch

        def on_epoch_end(self, epoch, logs=None):
            if epoch == self.epoch:
                raise KeyboardInterrupt

    return Interrupt


@pytest.mark.parametrize("epoch", [0, 3])
def test_interrupted_keeps_what_it_has(
    plain_autoencoder, sequences, interrupt_after, epoch
):
    parameters = at_one_rate()
    autoencoder = plain_autoencoder(
        epochs=50, callbacks=[interrupt_after(epoch)], **parameters
    )
    with pytest.raises(KeyboardInterrupt) as interrupt:
        autoencoder.fit_transform(sequences)
    (note,) = interrupt.value.__notes__
    assert note.endswith(f"keeps what it learnt in {epoch + 1} epochs.")
    assert autoencoder.n_iter_ == len(autoencoder.history_["loss"]) == epoch + 1
    expected = plain_autoencoder(epochs=epoch + 1, **parameters).fit(sequences)
    assert_same_model(autoencoder, expected, sequences)
    # and it goes on
    assert autoencoder.set_params(callbacks=None).partial_fit(sequences).n_iter_ > epoch


@pytest.mark.parametrize("early_stopping", [False, True])
def test_interrupted_before_the_first_epoch_ends_it_changes_nothing(
    plain_autoencoder, fitted_plain, sequences, early_stopping
):
    import keras

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            raise KeyboardInterrupt

    autoencoder = plain_autoencoder(
        callbacks=[Interrupt()], early_stopping=early_stopping
    )
    with pytest.raises(KeyboardInterrupt):
        autoencoder.fit(sequences)
    with pytest.raises(NotFittedError):
        autoencoder.transform(sequences)
    autoencoder = clone(fitted_plain).fit(sequences).set_params(callbacks=[Interrupt()])
    with pytest.raises(KeyboardInterrupt):
        autoencoder.fit(sequences[:5])
    assert_same_model(autoencoder, fitted_plain, sequences)


def test_interrupted_early_stopping_keeps_the_best(
    plain_autoencoder, sequences, interrupt_after
):
    parameters = {
        "early_stopping": True,
        "n_iter_no_change": 1000,
        "validation_fraction": 0.3,
        **at_one_rate(0.3),
        "epochs": 12,
    }
    expected = plain_autoencoder(**parameters).fit(sequences)
    assert np.argmin(expected.history_["val_loss"]) < 11
    autoencoder = plain_autoencoder(
        **{**parameters, "epochs": 500}, callbacks=[interrupt_after(11)]
    )
    with pytest.raises(KeyboardInterrupt):
        autoencoder.fit(sequences)
    assert_same_model(autoencoder, expected, sequences)


def test_a_search_is_interrupted(plain_autoencoder, sequences):
    import keras

    begun = []

    class Interrupt(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            begun.append(1)

        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    autoencoder = plain_autoencoder(callbacks=[Interrupt()], epochs=50)
    search = GridSearchCV(autoencoder, {"learning_rate": [1e-3, 1e-2]}, cv=2)
    with pytest.raises(KeyboardInterrupt):
        search.fit(sequences)
    assert len(begun) == 1


@pytest.mark.slow
def test_a_signal_interrupts_a_fit_that_no_callback_looks_at(
    plain_autoencoder, sequences, monkeypatch
):
    class Interrupt(io.StringIO):
        """The user's Ctrl-C when the third line is shown."""

        def write(self, text):
            super().write(text)
            if self.getvalue().count("epoch ") == 3:
                signal.raise_signal(signal.SIGINT)

    autoencoder = plain_autoencoder(epochs=10_000, verbose=2, **at_one_rate())
    # A process started in the background may ignore the signal; here it is heard.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), monkeypatch.context() as patch:
            patch.setattr("sys.stdout", Interrupt())
            autoencoder.fit(sequences)
    finally:
        signal.signal(signal.SIGINT, before)
    n_epochs = len(autoencoder.history_["loss"])
    assert 0 < autoencoder.n_iter_ == n_epochs < 10_000
    expected = plain_autoencoder(epochs=n_epochs, **at_one_rate()).fit(sequences)
    assert_same_model(autoencoder, expected, sequences)


# -- nobody sees half a fit -----------------------------------------------------------


@pytest.fixture
def look_on():
    """A callback that notes what somebody sees at the end of every epoch."""
    import keras

    class Look(keras.callbacks.Callback):
        def __init__(self, look):
            super().__init__()
            self.look, self.seen = look, []

        def on_epoch_end(self, epoch, logs=None):
            self.seen.append(self.look())

    return Look


def test_during_a_first_fit_an_estimator_is_not_fitted(
    plain_autoencoder, sequences, look_on
):
    autoencoder = plain_autoencoder()

    def is_fitted():
        found = []
        for seen in (autoencoder, copy.copy(autoencoder)):
            try:
                check_is_fitted(seen)
            except NotFittedError:
                continue
            found.append(seen)
        return found

    look = look_on(is_fitted)
    autoencoder.set_params(callbacks=[look]).fit(sequences)
    assert look.seen == [[], []]


def test_during_a_later_fit_an_estimator_is_what_it_was(
    plain_autoencoder, fitted_plain, sequences, look_on
):
    autoencoder = plain_autoencoder().fit(sequences)
    other = [3 * x + 7 for x in sequences[:9]]

    def embeddings():
        unpickled = pickle.loads(pickle.dumps(clone_with_state(autoencoder)))
        return autoencoder.transform(sequences), unpickled.transform(sequences)

    def clone_with_state(estimator):  # without the callback, which holds this test
        copied = copy.copy(estimator)
        copied.callbacks = None
        return copied

    look = look_on(embeddings)
    autoencoder.set_params(callbacks=[look]).fit(other)
    expected = fitted_plain.transform(sequences)
    for Z in itertools.chain(*look.seen):
        assert_array_equal(Z, expected)
    assert_same_model(autoencoder, plain_autoencoder().fit(other), sequences)


@pytest.mark.parametrize("use", ["transform", "reconstruct", "score_samples"])
def test_who_has_begun_before_a_fit_ends_finishes_with_the_fit_before(
    plain_autoencoder, sequences, use
):
    class Scaler(StandardScaler):
        """Lets something else happen before it is used."""

        meanwhile = None

        def transform(self, X):
            if Scaler.meanwhile:
                meanwhile, Scaler.meanwhile = Scaler.meanwhile, None
                meanwhile()
            return super().transform(X)

    autoencoder = plain_autoencoder(scaler=Scaler()).fit(sequences)
    expected = getattr(autoencoder, use)(sequences)
    Scaler.meanwhile = lambda: autoencoder.fit([2 * x for x in sequences[:9]])
    assert_same_values(getattr(autoencoder, use)(sequences), expected)
    changed = getattr(autoencoder, use)(sequences)
    assert not np.array_equal(changed[0], expected[0])


def test_the_models_of_an_earlier_fit_are_not_those_of_a_later_one(
    plain_autoencoder, sequences
):
    autoencoder = plain_autoencoder(epochs=1).fit(sequences)
    first = autoencoder.encoder_
    assert autoencoder.encoder_ is first
    autoencoder.fit(sequences[:9])
    assert autoencoder.encoder_ is not first


# -- what is shown --------------------------------------------------------------------


def test_silent_by_default(plain_autoencoder, sequences, capfd):
    plain_autoencoder().fit(sequences).transform(sequences)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("verbose", "n_lines"), [(1, 10), (True, 10), (2, 30)])
def test_a_line_now_and_then(plain_autoencoder, sequences, capsys, verbose, n_lines):
    # With early stopping, each epoch is an event of its own.
    autoencoder = plain_autoencoder(
        verbose=verbose, epochs=30, early_stopping=True, n_iter_no_change=100
    ).fit(sequences)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == n_lines
    assert lines[-1].startswith("epoch 30/30 - loss: ")
    assert f"val_loss: {autoencoder.history_['val_loss'][-1]:.4f}" in lines[-1]


# -- difficult data -------------------------------------------------------------------


def test_missing_values(plain_autoencoder, sequences, rng):
    X = [np.where(rng.random(x.shape) < 0.3, nan, x) for x in sequences]
    for x in X:
        x[0] = 5, -300
    X[3][:, 1] = nan  # a feature that one sequence does not observe at all
    X[4][0] = nan  # at the beginning
    X[5][-1] = nan  # in a list, at the end too
    autoencoder = plain_autoencoder().fit(X)
    Z = autoencoder.transform(X)
    assert np.all(np.isfinite(Z))
    assert np.all(np.isfinite(autoencoder.score_samples(X)))
    for x, decoded in zip(X, autoencoder.reconstruct(X), strict=True):
        assert decoded.shape == x.shape
        assert np.all(np.isfinite(decoded))


@pytest.mark.slow
def test_constant_features_and_single_steps(plain_autoencoder):
    X = [np.full((1, 2), [3.0, k]) for k in range(8)]
    autoencoder = plain_autoencoder().fit(X)
    assert np.all(np.isfinite(autoencoder.transform(X)))
    assert_allclose([x[0, 0] for x in autoencoder.reconstruct(X)], 3, atol=2)
    one = plain_autoencoder().fit(X[:1])
    assert_allclose(one.reconstruct(X[:1])[0], X[0], atol=2)


def test_a_huge_offset_does_not_hide_the_signal(plain_autoencoder, sequences):
    X = [x + 1e9 for x in sequences]
    parameters = {"epochs": 5, "learning_rate": 0.01}
    offset = plain_autoencoder(**parameters).fit(X)
    plain = plain_autoencoder(**parameters).fit(sequences)
    assert_allclose(offset.scaler_.scale_, plain.scaler_.scale_, rtol=1e-5)
    # Rounded, the sequences fall into other batches: the losses are only about equal.
    assert_allclose(offset.history_["loss"], plain.history_["loss"], rtol=0.05)
    deviation = np.vstack(offset.reconstruct(X)) - offset.scaler_.mean_
    assert np.all(np.abs(deviation) < 3 * offset.scaler_.scale_)
    assert np.all(deviation.std(axis=0) > 0.01 * offset.scaler_.scale_)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_any_finite_vector_is_decoded(plain_autoencoder, sequences, activation):
    autoencoder = plain_autoencoder(activation=activation).fit(sequences)
    Z = np.zeros((4, 4))
    Z[0, :3] = 1e3
    Z[1, :3] = 1e30, -1e30, 1e30
    Z[2, :3] = 1e300, -1e300, 1e300
    Z[3, -1] = -1e300
    X = autoencoder.inverse_transform(Z)
    assert all(np.all(np.isfinite(x)) for x in X)
    assert len(X[3]) == 1


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_an_outlier_is_embedded_and_scored(plain_autoencoder, sequences, activation):
    autoencoder = plain_autoencoder(activation=activation).fit(sequences)
    X = [1e10 * x for x in sequences]
    assert np.all(np.isfinite(autoencoder.transform(X)))
    assert autoencoder.score(X) < autoencoder.score(sequences)


# -- bookkeeping ----------------------------------------------------------------------


def test_every_parameter_is_documented_and_validated():
    signature = inspect.signature(LSTMAutoencoderTransformer)
    names = set(signature.parameters)
    assert names == set(LSTMAutoencoderTransformer._parameter_constraints)
    section = inspect.getdoc(LSTMAutoencoderTransformer).split("Attributes\n")[0]
    for name in names:
        assert f"\n{name} :" in section, name
    keyword_only = [
        p.name for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY
    ]
    assert set(keyword_only) == names - {"n_components"}


def test_what_a_fit_leaves(fitted_plain, sequences):
    expected = SimpleNamespace(
        patch_size_=1, max_length_=16, n_iter_=2, n_features_in_=2
    )
    for name, value in vars(expected).items():
        assert getattr(fitted_plain, name) == value
        assert type(getattr(fitted_plain, name)) is int
    assert not hasattr(fitted_plain, "feature_names_in_")
