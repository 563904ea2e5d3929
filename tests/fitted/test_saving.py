"""What is written of an estimator: no code, and nothing that can't be trusted."""

import copy
from datetime import timedelta, timezone
from importlib.metadata import version

import numpy as np
import pandas as pd
import pytest
import save_release
import skops.io
from files import DUMPS, LOADS, WAY, check_mutated, sealed
from helpers import assert_same_model
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, QuantileTransformer

from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae._fitted import saving

ONLY_TYPE = ["sklearn_seqae._estimator.LSTMAutoencoderTransformer"]


def by_skops(estimator):
    saved = skops.io.dumps(estimator)
    assert skops.io.get_untrusted_types(data=saved) == ONLY_TYPE
    return skops.io.loads(saved, trusted=[LSTMAutoencoderTransformer])


# -- without code ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_everything(plain_autoencoder, sequences):
    """One that has all that can be fitted, in one network."""
    return plain_autoencoder(
        pooling=("last", "attention"),
        encoder_inputs=["differences"],
        contrastive_weight=0.3,
        kl_weight=1e-3,
        sparsity_weight=1e-3,
        forecast_horizon=2,
        decoder="unfold",
        scaler=make_pipeline(QuantileTransformer(n_quantiles=5), FunctionTransformer()),
        random_state=np.random.RandomState(0),
        epochs=1,
    ).fit(sequences)


@pytest.mark.slow
def test_skops_names_the_estimator_only(with_everything, sequences):
    loaded = by_skops(with_everything)
    assert_same_model(loaded, with_everything, sequences)
    assert_array_equal(
        loaded.forecast(sequences)[0], with_everything.forecast(sequences)[0]
    )


@pytest.mark.xla
def test_skops_names_the_estimator_only_with_true_defaults(default_autoencoder):
    by_skops(default_autoencoder)


def keras_parameters():
    from keras import optimizers

    decay = optimizers.schedules.PiecewiseConstantDecay([10, 20], [1e-2, 1e-3, 1e-4])
    cosine = optimizers.schedules.CosineDecay(1e-3, 100)
    return [
        {"optimizer": optimizers.Adam},
        {"optimizer": optimizers.SGD(0.01, momentum=0.9, clipnorm=1.0)},
        {"optimizer": optimizers.AdamW(cosine, weight_decay=1e-3)},
        {"learning_rate": decay},
    ]


@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize("way", [by_skops, copy.deepcopy])
def test_optimizers_and_schedules_of_keras_are_their_configurations(which, way):
    ((name, given),) = keras_parameters()[which].items()
    loaded = getattr(way(LSTMAutoencoderTransformer(**{name: given})), name)
    if isinstance(given, type):
        assert loaded is given
    else:
        assert type(loaded) is type(given)
        assert loaded.get_config() == given.get_config()


def test_an_optimizer_of_ones_own_is_named():
    from keras import optimizers

    class Own(optimizers.Adam):
        pass

    loaded = copy.copy(LSTMAutoencoderTransformer(optimizer=Own))
    assert loaded.optimizer is Own
    saved = skops.io.dumps(loaded)
    assert len(skops.io.get_untrusted_types(data=saved)) == 2


def test_a_configuration_names_no_other_code():
    state = LSTMAutoencoderTransformer().__getstate__()
    state["optimizer"] = {"keras": {"class": "os.system", "config": {}}}
    with pytest.raises(ValueError, match=r"'os\.system' is none of the optimizers"):
        load(sealed(state))


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", timezone(timedelta(hours=2))])
def test_columns_that_are_times(plain_autoencoder, zone):
    times = pd.date_range("2020-03-28", periods=5, freq="12h", tz=zone)
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(8, 5)), columns=times)
    autoencoder = plain_autoencoder(epochs=1).fit(X)
    expected = autoencoder.reconstruct(X)
    pd.testing.assert_frame_equal(by_skops(autoencoder).reconstruct(X), expected)
    pd.testing.assert_frame_equal(copy.deepcopy(autoencoder).reconstruct(X), expected)


# -- as it was saved, or not at all ---------------------------------------------------


def load(state):
    loaded = LSTMAutoencoderTransformer()
    loaded.__setstate__(state)
    return loaded


def nan_in_a_weight(network, state):
    next(iter(network["state"]["weights"].values()))[0] = np.nan


def wide_weight(network, state):
    weights = network["state"]["weights"]
    weights["embedding/kernel"] = np.pad(weights["embedding/kernel"], 1)


def double_precision(network, state):
    weights = network["state"]["weights"]
    weights["embedding/kernel"] = weights["embedding/kernel"].astype(np.float64)


def swapped_kernels(network, state):
    weights = network["state"]["weights"]
    one, other = "encoder_lstm_1/forward/kernel", "encoder_lstm_1/backward/kernel"
    weights[one], weights[other] = weights[other], weights[one]


def one_weight_less(network, state):
    network["state"]["weights"].popitem()


def one_weight_more(network, state):
    network["state"]["weights"]["more"] = np.zeros(1, np.float32)


def no_weights(network, state):
    network["state"] = None


def relu_for_tanh(network, state):
    network["architecture"]["activation"] = "relu"


def other_units(network, state):
    network["architecture"]["hidden_layer_sizes"] = (9,)


def length_scale_of_zero(network, state):
    network["preprocessing"]["length_code"]["scale"] = 0.0


def infinite_length(network, state):
    network["preprocessing"]["length_code"]["mean"] = np.inf


def a_list_for_a_tuple(network, state):
    network["architecture"]["pooling"] = ["last"]


def a_field_more(network, state):
    network["architecture"]["more"] = 1


def a_field_less(network, state):
    del network["architecture"]["n_inputs"]


def scale_of_zero(network, state):
    state["_fitted"]["schema"]["scaler"].scale_[0] = 0.0


def another_mean(network, state):
    state["_fitted"]["schema"]["scaler"].mean_[0] += 1e-12


def other_patches(network, state):
    network["preprocessing"]["patch_size"] = 2


def more_features(network, state):
    state["_fitted"]["schema"]["features"]["n_features"] = 3


def no_history(network, state):
    del state["_fitted"]["history"]


def another_parameter(network, state):
    state["noise"] = 0.1


def an_attribute_more(network, state):
    state["more_"] = None


def unknown_container(network, state):
    state["_fitted"]["schema"]["container"]["kind"] = "bag"


def a_seed_further(network, state):
    state["_fitted"]["random_state"].uniform()


def no_network(network, state):
    state["_fitted"]["network"] = 0


CHANGES = [
    nan_in_a_weight,
    wide_weight,
    double_precision,
    one_weight_less,
    one_weight_more,
    no_weights,
    relu_for_tanh,
    other_units,
    length_scale_of_zero,
    infinite_length,
    a_list_for_a_tuple,
    a_field_more,
    a_field_less,
    scale_of_zero,
    other_patches,
    more_features,
    no_history,
    unknown_container,
    no_network,
]
# Nothing contradicts these but the checksum
SILENT = [swapped_kernels, another_mean, another_parameter, a_seed_further]


@pytest.fixture
def state(fitted_plain):
    return copy.deepcopy(fitted_plain.__getstate__())


@pytest.mark.parametrize("change", [*CHANGES, *SILENT, an_attribute_more])
def test_what_was_edited_is_refused(state, change):
    change(state["_fitted"]["network"], state)
    with pytest.raises(ValueError, match=r"not as it was saved.* damaged or edited"):
        load(state)


@pytest.mark.parametrize("change", CHANGES)
def test_what_contradicts_itself_is_refused_whatever_its_checksum(state, change):
    load(sealed(state))
    change(state["_fitted"]["network"], state)
    with pytest.raises(ValueError, match="not as it was saved"):
        load(sealed(state))


def test_the_error_says_what_is_wrong(state):
    relu_for_tanh(state["_fitted"]["network"], state)
    with pytest.raises(ValueError, match="the checksum of _fitted is another"):
        load(state)
    with pytest.raises(ValueError, match="activation of the network is 'relu', but"):
        load(sealed(state))


@pytest.mark.parametrize("state", [{}, None, {"n_components": 2}, {saving.HEADER: 1}])
def test_what_has_no_header_is_refused(state):
    with pytest.raises(ValueError, match="no header"):
        load(state)


def test_an_estimator_stays_if_it_can_not_be_loaded(fitted_plain, state, sequences):
    autoencoder = copy.copy(fitted_plain)
    nan_in_a_weight(state["_fitted"]["network"], state)
    with pytest.raises(ValueError, match="not as it was saved"):
        autoencoder.__setstate__(state)
    assert_same_model(autoencoder, fitted_plain, sequences)


# -- bytes ----------------------------------------------------------------------------

N_MUTATED = {"pickle": 400, "skops": 200}


@WAY
def test_mutated_bytes_are_refused_or_give_the_same(fitted_plain, sequences, way):
    n_refused = check_mutated(
        fitted_plain, way, lambda loaded: loaded.transform(sequences), N_MUTATED[way]
    )
    # The rest is there twice, or only NumPy reads it
    assert n_refused > 0.8 * N_MUTATED[way]


@WAY
def test_truncated_files_are_refused(fitted_plain, sequences, way):
    written = DUMPS[way](fitted_plain)
    for n in np.linspace(0, len(written) - 1, 50, dtype=int):
        with pytest.raises(Exception):  # noqa: B017
            LOADS[way](written[:n])


# -- other releases -------------------------------------------------------------------


def test_a_file_of_a_later_release_says_so(state):
    state[saving.HEADER]["format"] += 1
    with pytest.raises(ValueError, match=r"a later release .* format 3, .*; update"):
        load(state)


def test_what_an_earlier_release_did_not_have_gets_its_default(state):
    del state["noise"], state["_fitted"]["network"]["architecture"]["n_recent"]
    loaded = load(sealed(state))
    assert loaded.noise == 0.0
    assert loaded._fitted.network.architecture.n_recent == 0


def test_a_file_of_an_earlier_format_migrates(state, monkeypatch, sequences):
    state["units"] = state.pop("hidden_layer_sizes")

    def renamed(attributes):
        units = attributes.pop("units")
        return {**attributes, "hidden_layer_sizes": units}

    monkeypatch.setattr(saving, "FORMAT", saving.FORMAT + 1)
    monkeypatch.setattr(saving, "MIGRATIONS", {saving.FORMAT - 1: renamed})
    loaded = load(sealed(state))
    assert loaded.hidden_layer_sizes == 8
    assert not hasattr(loaded, "units")


def test_a_scaler_of_another_scikit_learn_is_taken(state):
    state["_fitted"]["schema"]["scaler"].more = 1  # as a later release may have it
    with pytest.raises(ValueError, match=r"the checksum of _fitted\.schema\.scaler"):
        load(copy.deepcopy(state))
    state[saving.HEADER]["versions"]["sklearn"] = "1.5.0"
    assert load(state).scaler_.more == 1


def test_who_saved_it_is_written(state):
    import sklearn

    assert state[saving.HEADER]["versions"] == {
        "sklearn_seqae": version("sklearn-seqae"),
        "sklearn": sklearn.__version__,
    }


RELEASES = sorted(path.name for path in save_release.FOLDER.iterdir())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
@pytest.mark.parametrize("release", RELEASES)
@WAY
def test_files_of_every_release_load(release, way):
    folder, X = save_release.FOLDER / release, save_release.sequences()
    loaded = LOADS[way]((folder / f"estimator.{way}").read_bytes())
    with np.load(folder / "expected.npz") as expected:
        Z = loaded.transform(X)
        decoded, ahead = loaded.inverse_transform(Z), loaded.forecast(X)
        found = {
            "Z": Z,
            "decoded": np.concatenate(decoded),
            "ahead": np.concatenate(ahead),
            "gone_on": loaded.partial_fit(X).transform(X),
        }
        for name, array in found.items():
            assert_allclose(array, expected[name], rtol=1e-4, atol=1e-5, err_msg=name)
