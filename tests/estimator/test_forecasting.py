"""`forecast`: what comes next."""

import pickle

import numpy as np
import pandas as pd
import pytest
from helpers import assert_same_sequences, keras_input
from keras.callbacks import Callback
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

HORIZON = 4


@pytest.fixture(scope="module")
def make_forecaster(plain_autoencoder):
    """An estimator that forecasts, with the parameters a test asks for."""

    def make(**parameters):
        return plain_autoencoder(**({"forecast_horizon": HORIZON} | parameters))

    return make


@pytest.fixture(scope="module")
def forecaster(make_forecaster, sequences):
    """A fitted one, compiled; do not fit it again."""
    return make_forecaster().fit(sequences)


def waves(n, seed):
    """Sines of 20 to 40 time steps, each with a period and a phase of its own."""
    rng = np.random.default_rng(seed)
    X = []
    for _ in range(n):
        t = np.arange(rng.integers(20, 41))
        wave = np.sin(2 * np.pi * (t / rng.uniform(6, 16) + rng.random()))
        X.append(10 + 3 * wave[:, None])
    return X


# What it predicts ---------------------------------------------------------------------


@pytest.mark.trust
@pytest.mark.xla  # long training is faster so
def test_it_beats_persistence_at_every_step(make_forecaster):
    parameters = {"hidden_layer_sizes": 24, "n_components": 12, "batch_size": 16}
    forecaster = make_forecaster(
        **parameters, forecast_horizon=6, epochs=60, learning_rate=0.01, patch_size=1
    ).fit(waves(120, seed=0))
    held_out = waves(60, seed=1)
    known = [x[:-6] for x in held_out]
    truth = np.stack([x[-6:] for x in held_out])
    error = ((np.stack(forecaster.forecast(known)) - truth) ** 2).mean(axis=(0, 2))
    unchanged = np.stack([x[-1:] for x in known])
    persistence = ((unchanged - truth) ** 2).mean(axis=(0, 2))
    assert (error < 0.35 * persistence).all()
    # and farther than it was trained, where the last value says nothing any more
    loss = forecaster.history_["forecast_loss"]
    assert loss[-1] < 0.3 * loss[0]


def test_an_untrained_network_predicts_hardly_any_change(make_forecaster, sequences):
    """What is learnt is the change from the last value, in units of its usual size."""
    new = make_forecaster(epochs=1, learning_rate=1e-9).fit(sequences)
    (loss,) = new.history_["forecast_loss"]
    assert 0.5 < loss < 2


def test_the_first_horizon_and_the_next(forecaster, sequences):
    """Farther ahead than the horizon, what was predicted is appended to be read."""
    first = forecaster.forecast(sequences)
    assert all(x.shape == (HORIZON, 2) for x in first)
    far = forecaster.forecast(sequences, n_timesteps=2 * HORIZON - 1)
    assert all(x.shape == (2 * HORIZON - 1, 2) for x in far)
    longest = forecaster.max_length_
    extended = [
        np.concatenate([x, ahead])[-longest:]
        for x, ahead in zip(sequences, first, strict=True)
    ]
    second = forecaster.forecast(extended)
    for whole, a, b in zip(far, first, second, strict=True):
        assert_array_equal(whole[:HORIZON], a)
        assert_allclose(whole[HORIZON:], b[:-1], rtol=1e-4, atol=1e-4)
    near = forecaster.forecast(sequences, n_timesteps=1)
    for a, b in zip(near, first, strict=True):
        assert_array_equal(a, b[:1])


def test_of_long_sequences_the_end_is_read(forecaster, sequences):
    long = [np.concatenate([sequences[1], sequences[0]])]
    longest = forecaster.max_length_
    assert len(long[0]) > longest
    assert_array_equal(
        forecaster.forecast(long)[0], forecaster.forecast([long[0][-longest:]])[0]
    )


def test_a_forecast_does_not_depend_on_the_others(forecaster, sequences):
    together = forecaster.forecast(sequences, n_timesteps=HORIZON + 1)
    alone = forecaster.forecast([sequences[5]], n_timesteps=HORIZON + 1)
    assert_array_equal(alone[0], together[5])
    backwards = forecaster.forecast(sequences[::-1], n_timesteps=HORIZON + 1)
    assert_same_sequences(backwards[::-1], together)


def test_missing_values_may_stand_anywhere(forecaster, sequences):
    gaps = [x.copy() for x in sequences]
    for x in gaps:
        x[-1, 0] = np.nan
        x[0, 1] = np.nan
    found = forecaster.forecast(gaps)
    assert all(np.isfinite(x).all() for x in found)
    # A gap at the end is filled with the last observed value, as in transform.
    filled = [x.copy() for x in gaps]
    for x in filled:
        x[-1, 0] = x[-2, 0]
        x[0, 1] = x[1, 1]
    assert_same_sequences(found, forecaster.forecast(filled))


def test_embeddings_and_reconstructions_are_there_as_well(forecaster, sequences):
    Z = forecaster.transform(sequences)
    assert Z.shape == (len(sequences), 4)
    back = forecaster.inverse_transform(Z)
    assert [len(x) for x in back] == [len(x) for x in sequences]


# Containers ---------------------------------------------------------------------------


def test_the_container_is_that_of_fit(make_forecaster, sequences):
    index = pd.Index(list("abcdefgh"), name="id")
    cells = pd.Series(sequences[:8], index=index)
    found = make_forecaster().fit(cells).forecast(cells, n_timesteps=3)
    assert found.index.equals(index)
    assert all(x.shape == (3, 2) for x in found)

    keys = {name: pd.DataFrame(x, columns=["u", "v"]) for name, x in cells.items()}
    long = pd.concat(keys, names=["id", "t"])
    found = make_forecaster().fit(long).forecast(long)
    assert found.columns.tolist() == ["u", "v"]
    assert found.index.tolist() == [(name, t) for name in index for t in range(HORIZON)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["array", "numbered", "named"])
def test_tables_of_rows_are_as_wide_as_the_forecast(make_forecaster, rng, kind):
    X = rng.normal(size=(8, 5)).cumsum(axis=1)
    if kind != "array":
        X = pd.DataFrame(X, columns=None if kind == "numbered" else list("vwxyz"))
    found = make_forecaster(forecast_horizon=2).fit(X).forecast(X, n_timesteps=3)
    assert found.shape == (8, 3)
    assert np.isfinite(np.asarray(found)).all()
    if kind == "numbered":
        assert found.columns.tolist() == [5, 6, 7]
    if kind == "named":
        assert found.columns.tolist() == ["5", "6", "7"]


# Training -----------------------------------------------------------------------------


def test_twice_the_weight_is_the_sequence_given_twice(make_forecaster, sequences):
    weight = np.ones(len(sequences))
    weight[[2, 5]] = 2
    weighted = make_forecaster().fit(sequences, sample_weight=weight)
    repeated = make_forecaster().fit([*sequences, sequences[2], sequences[5]])
    assert weighted.history_ == repeated.history_
    assert_same_sequences(weighted.forecast(sequences), repeated.forecast(sequences))


@pytest.mark.slow
def test_someone_looking_on_changes_no_bit(make_forecaster, sequences):
    class OfBatches(Callback):
        def on_train_batch_end(self, batch, logs=None):
            assert logs["forecast_loss"] > 0

    parameters = {"noise": 0.1, "contrastive_weight": 0.1, "epochs": 3}
    expected = make_forecaster(**parameters).fit(sequences)
    found = make_forecaster(**parameters, callbacks=OfBatches()).fit(sequences)
    assert found.history_ == expected.history_
    assert set(found.history_) == {"loss", "contrastive_loss", "forecast_loss"}
    assert_array_equal(found.transform(sequences), expected.transform(sequences))


def test_too_short_sequences_are_reconstructed_only(make_forecaster, sequences):
    single = [np.array([[5.0, -300.0]]), np.array([[5.1, -310.0]])]
    mixed = make_forecaster().fit([*sequences, *single])
    assert np.isfinite(mixed.history_["forecast_loss"]).all()
    assert mixed.forecast(single)[0].shape == (HORIZON, 2)
    # Later calls may bring none that is as long as the horizon.
    mixed.partial_fit([x[:2] for x in sequences])
    with pytest.raises(ValueError, match="no sequence goes on for more than 0 time"):
        mixed.partial_fit(single)


def test_going_on(make_forecaster, sequences):
    ae = make_forecaster(warm_start=True).fit(sequences).fit(sequences)
    ae.partial_fit(sequences)
    assert len(ae.history_["forecast_loss"]) == ae.n_iter_ == 5
    before = ae.forecast(sequences)
    with pytest.raises(ValueError, match=r"forecast_horizon is 2, but the fit to go"):
        ae.set_params(forecast_horizon=2).fit(sequences)
    assert_same_sequences(ae.forecast(sequences), before)


@pytest.mark.slow
@pytest.mark.parametrize(
    "parameters",
    [
        {
            "hidden_layer_sizes": (8, 4),
            "n_components": None,
            "patch_size": 5,
            "encoder_inputs": ["kernels"],
        },
        {
            "patch_size": 3,
            "encoder_inputs": ["differences"],
            "scaler": "minmax",
            "early_stopping": True,
            "dropout": 0.2,
            "bidirectional": False,
        },
    ],
    ids=["no head", "one way, early stopping"],
)
def test_other_networks(make_forecaster, sequences, parameters):
    """Their forecasts, and those of the Keras model, which reads padded sequences."""
    ae = make_forecaster(**parameters).fit(sequences)
    gappy = [x.copy() for x in sequences]
    for x in gappy:
        x[-2:-1, 0] = np.nan
    found = ae.forecast(gappy)
    expected = ae.forecaster_(keras_input(ae, gappy)).numpy()
    assert expected.shape == (len(sequences), HORIZON, 2)
    for x, scaled in zip(found, expected, strict=True):
        assert_allclose(ae.scaler_.transform(x), scaled, rtol=1e-3, atol=1e-5)
    assert "val_forecast_loss" not in ae.history_


# Keras's own, about NumPy 2
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_it_is_pickled_and_saved(forecaster, sequences, tmp_path):
    import keras

    again = pickle.loads(pickle.dumps(forecaster))
    assert_same_sequences(again.forecast(sequences), forecaster.forecast(sequences))
    forecaster.forecaster_.save(tmp_path / "forecaster.keras")
    loaded = keras.saving.load_model(tmp_path / "forecaster.keras", safe_mode=True)
    scaled = forecaster.scaler_.transform(sequences[0])[None]
    assert_allclose(loaded(scaled), forecaster.forecaster_(scaled), rtol=1e-6)


# Errors -------------------------------------------------------------------------------


def test_it_is_there_where_it_was_asked_for(fitted_plain, make_forecaster, sequences):
    for without in (fitted_plain, clone(fitted_plain)):
        assert not hasattr(without, "forecast")
    with pytest.raises(AttributeError, match="forecast_horizon is None; set it") as e:
        fitted_plain.forecast(sequences)
    assert e.value.__cause__ is e.value.__context__ is None  # one message, this one
    with pytest.raises(AttributeError, match="forecast_horizon was None in fit"):
        fitted_plain.forecaster_  # noqa: B018
    with pytest.raises(NotFittedError):
        make_forecaster().forecast(sequences)


def test_a_horizon_that_no_sequence_reaches(make_forecaster, sequences):
    message = (
        r"forecast_horizon is 16, but no sequence goes on for more than 15 time steps "
        r"after its first observed one; lower it"
    )
    with pytest.raises(ValueError, match=message):
        make_forecaster(forecast_horizon=16).fit(sequences)


@pytest.mark.parametrize("horizon", [0, -1, 1.5, "auto"])
def test_what_is_no_horizon(make_forecaster, sequences, horizon):
    with pytest.raises(ValueError, match="forecast_horizon"):
        make_forecaster(forecast_horizon=horizon).fit(sequences)


@pytest.mark.parametrize(
    ("n_steps", "error"), [(0, ValueError), (2.5, TypeError), (2**20 + 1, ValueError)]
)
def test_what_is_no_number_of_steps(forecaster, sequences, n_steps, error):
    with pytest.raises(error, match="n_timesteps"):
        forecaster.forecast(sequences, n_timesteps=n_steps)


def test_other_features_than_in_fit(forecaster):
    with pytest.raises(ValueError, match="expecting 2 features"):
        forecaster.forecast([np.zeros((5, 3))])


@pytest.mark.slow
@pytest.mark.xla
def test_a_forecast_of_a_single_patch_is_learnt(plain_autoencoder, sequences):
    forecaster = plain_autoencoder(forecast_horizon=1, patch_size=1)
    history = forecaster.fit(sequences).history_
    assert min(history["forecast_loss"]) > 0
