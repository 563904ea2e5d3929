"""A fitted estimator survives: copies, pickles, other processes; to the bit."""

import copy
import io
import json
import pickle
import pickletools

import joblib
import numpy as np
import pytest
import skops.io
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.preprocessing import MinMaxScaler


def assert_same(a, b, sequences):
    Z = a.transform(sequences)
    assert_array_equal(b.transform(sequences), Z)
    for x, y in zip(a.inverse_transform(Z), b.inverse_transform(Z), strict=True):
        assert_array_equal(x, y)
    assert a.history_ == b.history_
    assert_array_equal(a.score_samples(sequences), b.score_samples(sequences))


def by_joblib(estimator):
    file = io.BytesIO()
    joblib.dump(estimator, file)
    file.seek(0)
    return joblib.load(file)


def by_skops(estimator):
    data = skops.io.dumps(estimator)
    return skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))


WAYS = {
    "pickle": lambda e: pickle.loads(pickle.dumps(e)),
    "oldest pickle": lambda e: pickle.loads(pickle.dumps(e, protocol=2)),
    "joblib": by_joblib,
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "skops": by_skops,
}


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_is_the_same(fitted, sequences, way):
    assert_same(fitted, WAYS[way](fitted), sequences)


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_one_with_built_models_is_the_same(small_autoencoder, sequences, way):
    autoencoder = small_autoencoder(scaler=MinMaxScaler()).fit(sequences)
    size = len(pickle.dumps(autoencoder))
    assert autoencoder.encoder_.count_params() > 0
    assert len(pickle.dumps(autoencoder)) == size
    other = WAYS[way](autoencoder)
    assert_same(autoencoder, other, sequences)
    assert_array_equal(
        autoencoder.decoder_(np.zeros((1, 4))), other.decoder_(np.zeros((1, 4)))
    )


@pytest.mark.parametrize("way", ["pickle", "joblib", "deepcopy", "skops"])
def test_an_unfitted_one_is_copied_too(small_autoencoder, way):
    estimator = small_autoencoder(scaler="robust")
    assert WAYS[way](estimator).get_params() == estimator.get_params()


def test_a_pickle_holds_arrays_and_plain_values(fitted):
    modules = set()
    for opcode, argument, _ in pickletools.genops(pickle.dumps(fitted, protocol=0)):
        if opcode.name == "GLOBAL":
            modules.add(argument.split()[0].split(".")[0])
    assert not modules & {"keras", "tensorflow", "scikeras"}
    assert modules <= {
        *("sklearn_seqae", "sklearn", "numpy", "copy_reg", "copyreg", "_codecs"),
        *("builtins", "__builtin__"),
    }
    n_weights = fitted.autoencoder_.count_params()
    # float32 weights, and two moments of each for Adam
    assert len(pickle.dumps(fitted)) < 3 * 4 * n_weights + 10_000


def test_skops_asks_for_no_trust_beyond_our_own_classes(fitted):
    untrusted = skops.io.get_untrusted_types(data=skops.io.dumps(fitted))
    assert all(name.startswith("sklearn_seqae.") for name in untrusted), untrusted


@pytest.fixture(scope="module")
def with_callbacks():
    import keras

    return {
        "callbacks": [keras.callbacks.EarlyStopping(monitor="loss", patience=50)],
        "optimizer": keras.optimizers.Adam(1e-3),
    }


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("way", ["pickle", "joblib", "deepcopy"])
def test_callbacks_and_an_optimizer_come_along(
    without_xla, small_autoencoder, sequences, with_callbacks, way
):
    autoencoder = small_autoencoder(**with_callbacks)
    assert clone(autoencoder).fit(sequences).n_iter_ == 2
    size = len(pickle.dumps(autoencoder))
    autoencoder.fit(sequences)
    assert_same(autoencoder, WAYS[way](autoencoder), sequences)
    learnt = len(pickle.dumps(small_autoencoder().fit(sequences)))
    assert len(pickle.dumps(autoencoder)) < size + learnt + 1000  # no Keras model
    assert clone(autoencoder).fit(sequences).history_ == autoencoder.history_


FRESH = """
import json, pickle, sys
import joblib, skops.io

folder = sys.argv[1]
loaded = {}
with open(folder + "/pickle", "rb") as file:
    loaded["pickle"] = pickle.load(file)
loaded["joblib"] = joblib.load(folder + "/joblib")
types = skops.io.get_untrusted_types(file=folder + "/skops")
loaded["skops"] = skops.io.load(folder + "/skops", trusted=types)
found = {"imported by loading": "tensorflow" in sys.modules}
loaded["pickle"].get_feature_names_out(), repr(loaded["pickle"])
loaded["pickle"]._repr_html_()  # what a notebook shows
found["imported by looking"] = "tensorflow" in sys.modules
X = loaded["pickle"].inverse_transform([[0.1, 0.2, 0.3, 0.4]])
with open(folder + "/X", "rb") as file:
    sequences = pickle.load(file)
for way, autoencoder in loaded.items():
    Z = autoencoder.transform(sequences)
    back = autoencoder.inverse_transform(Z)
    found[way] = [Z.tobytes().hex(), b"".join(x.tobytes() for x in back).hex()]
    go_on = autoencoder.partial_fit(sequences).transform(sequences)
    found[way].append(go_on.tobytes().hex())
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def fresh(fitted, sequences, run_python, tmp_path_factory):
    folder = tmp_path_factory.mktemp("persistence")
    (folder / "pickle").write_bytes(pickle.dumps(fitted))
    (folder / "X").write_bytes(pickle.dumps(sequences))
    joblib.dump(fitted, folder / "joblib")
    skops.io.dump(fitted, folder / "skops")
    return json.loads(run_python(FRESH, folder))


@pytest.mark.parametrize("way", ["pickle", "joblib", "skops"])
def test_a_fresh_process_computes_the_same_bits(fresh, fitted, sequences, way):
    Z = fitted.transform(sequences)
    back = b"".join(x.tobytes() for x in fitted.inverse_transform(Z))
    assert fresh[way][:2] == [Z.tobytes().hex(), back.hex()]


@pytest.mark.parametrize("way", ["pickle", "joblib", "skops"])
def test_a_fresh_process_goes_on_as_this_one_would(fresh, fitted, sequences, way):
    here = copy.deepcopy(fitted).partial_fit(sequences).transform(sequences)
    assert fresh[way][2] == here.tobytes().hex()


def test_loading_and_looking_do_not_import_tensorflow(fresh):
    assert not fresh["imported by loading"]
    assert not fresh["imported by looking"]
