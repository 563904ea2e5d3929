"""A fitted estimator survives: copies, pickles, other processes; to the bit."""

import copy
import io
import pickle
import pickletools

import joblib
import numpy as np
import pytest
import skops.io
from helpers import as_bits, assert_same_model
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.preprocessing import MinMaxScaler

from sklearn_seqae import LSTMAutoencoderTransformer


def assert_same(found, expected, sequences):
    assert_same_model(found, expected, sequences)
    assert found.history_ == expected.history_


def by_joblib(estimator):
    file = io.BytesIO()
    joblib.dump(estimator, file)
    file.seek(0)
    return joblib.load(file)


def by_skops(estimator):
    data = skops.io.dumps(estimator)
    return skops.io.loads(data, trusted=[LSTMAutoencoderTransformer])


WAYS = {
    "pickle": lambda e: pickle.loads(pickle.dumps(e)),
    "oldest pickle": lambda e: pickle.loads(pickle.dumps(e, protocol=2)),
    "joblib": by_joblib,
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "skops": by_skops,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_is_the_same(fitted_plain, sequences, way):
    assert_same(WAYS[way](fitted_plain), fitted_plain, sequences)


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_one_with_built_models_is_the_same(plain_autoencoder, sequences, way):
    autoencoder = plain_autoencoder(scaler=MinMaxScaler()).fit(sequences)
    size = len(pickle.dumps(autoencoder))
    assert autoencoder.encoder_.count_params() > 0
    assert len(pickle.dumps(autoencoder)) == size
    other = WAYS[way](autoencoder)
    assert_same(other, autoencoder, sequences)
    assert_array_equal(
        autoencoder.decoder_(np.zeros((1, 4))), other.decoder_(np.zeros((1, 4)))
    )


@pytest.mark.parametrize("way", ["pickle", "joblib", "deepcopy", "skops"])
def test_an_unfitted_one_is_copied_too(plain_autoencoder, way):
    estimator = plain_autoencoder(scaler="robust")
    assert WAYS[way](estimator).get_params() == estimator.get_params()


def test_a_pickle_holds_arrays_and_plain_values(fitted_plain):
    modules = set()
    for opcode, argument, _ in pickletools.genops(
        pickle.dumps(fitted_plain, protocol=0)
    ):
        if opcode.name == "GLOBAL":
            modules.add(argument.split()[0].split(".")[0])
    assert not modules & {"keras", "tensorflow", "scikeras"}
    assert modules <= {
        *("sklearn_seqae", "sklearn", "numpy", "copy_reg", "copyreg", "_codecs"),
        *("builtins", "__builtin__"),
    }
    n_weights = fitted_plain.autoencoder_.count_params()
    # float32 weights, and two moments of each for Adam; names and checksums
    assert len(pickle.dumps(fitted_plain)) < 3 * 4 * n_weights + 15_000


@pytest.fixture(scope="module")
def with_callbacks():
    import keras

    return {
        "callbacks": [keras.callbacks.EarlyStopping(monitor="loss", patience=50)],
        "optimizer": keras.optimizers.Adam(1e-3),
    }


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("way", ["pickle", "joblib", "deepcopy"])
def test_callbacks_and_an_optimizer_come_along(
    plain_autoencoder, sequences, with_callbacks, way
):
    autoencoder = plain_autoencoder(**with_callbacks)
    assert clone(autoencoder).fit(sequences).n_iter_ == 2
    size = len(pickle.dumps(autoencoder))
    autoencoder.fit(sequences)
    assert_same(WAYS[way](autoencoder), autoencoder, sequences)
    learnt = len(pickle.dumps(plain_autoencoder().fit(sequences)))
    assert len(pickle.dumps(autoencoder)) < size + learnt + 1000  # no Keras model
    assert clone(autoencoder).fit(sequences).history_ == autoencoder.history_


LOADED = pytest.mark.parametrize("way", ["pickle", "joblib", "skops"])


@pytest.mark.xla
@LOADED
def test_a_fresh_process_computes_the_same_bits(
    first_fit, default_autoencoder, few_sequences, way
):
    Z = default_autoencoder.transform(few_sequences)
    assert first_fit["loaded"][way]["embedded"] == as_bits(Z)
    back = default_autoencoder.inverse_transform(Z)
    assert first_fit["loaded"][way]["decoded"] == [as_bits(x) for x in back]


@pytest.mark.xla
@LOADED
def test_a_fresh_process_goes_on_as_this_one_would(
    first_fit, default_autoencoder, few_sequences, way
):
    here = copy.deepcopy(default_autoencoder).partial_fit(few_sequences)
    Z = here.transform(few_sequences)
    assert first_fit["loaded"][way]["gone on"] == as_bits(Z)


def test_loading_and_looking_do_not_import_tensorflow(first_fit):
    assert first_fit["imported"] == {"by loading": False, "by looking": False}
