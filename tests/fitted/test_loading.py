"""What was fitted loads, whatever it is; and files of the other two estimators."""

import copy
import pickle
from datetime import date

import numpy as np
import pandas as pd
import pytest
import skops.io
from files import LOADS, OURS, WAY, check_mutated, check_saved, sealed
from helpers import page_log
from internals import xla
from numpy.testing import assert_array_equal
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import (
    LSTMAutoencoderOutlierDetector,
    LSTMAutoencoderTransformer,
    SequenceAggregator,
)

# -- healthy states -------------------------------------------------------------------


class Decibels(StandardScaler):
    """A scaler whose `scale_` is a logarithm: zero is one of its values."""

    def fit(self, X, y=None):
        self.scale_ = np.zeros(np.shape(X)[1])
        return self

    def transform(self, X):
        return np.array(X) * 10 ** (self.scale_ / 20)

    inverse_transform = transform


def static(rng):
    """A column of its own value in each sequence, beside one that varies."""
    return [
        np.column_stack([rng.normal(size=n), np.full(n, rng.normal())])
        for n in range(5, 25)
    ]


def normalized(rng):
    """A feature of mean 0 and standard deviation 1 in each sequence."""
    X = [rng.normal(size=(n, 2)) * n for n in range(5, 12)]
    for x in X:
        x[:, 1] = (x[:, 1] - x[:, 1].mean()) / x[:, 1].std()
    return X


def constant(rng):
    return [np.column_stack([x, np.ones(len(x))]) for x in normalized(rng)]


REDUCED = make_pipeline(StandardScaler(), PCA(1))
HEALTHY = {
    "a static column": (static, {"exact_components": "auto"}),
    "a constant channel": (constant, {"exact_components": "auto"}),
    "normalized sequences": (normalized, {"exact_components": "auto"}),
    "integers of NumPy": (
        normalized,
        {"n_components": np.int64(4), "patch_size": np.int32(2), "epochs": np.int64(1)},
    ),
    "numbers of NumPy": (
        normalized,
        {"noise": np.float64(0.1), "mask_ratio": np.float32(0.25)},
    ),
    "names of NumPy": (normalized, {"decoder": np.str_("unfold")}),
    "a scaler that drops features": (normalized, {"scaler": REDUCED}),
    "no scaler": (normalized, {"scaler": None}),
    "sequences of one time step": (lambda rng: [rng.normal(size=(1, 2))] * 3, {}),
    "one sequence": (lambda rng: [rng.normal(size=(5, 2))], {}),
    "all alike": (
        lambda rng: [np.zeros((4, 2))] * 3,
        {"encoder_inputs": ["differences"]},
    ),
}


@pytest.mark.parametrize("case", HEALTHY)
def test_a_healthy_fit_loads(plain_autoencoder, rng, case):
    make, parameters = HEALTHY[case]
    X = make(rng)
    unfitted = {"n_components": 6, "epochs": 1, "hidden_layer_sizes": 4} | parameters
    fitted = plain_autoencoder(**unfitted).fit(X)
    check_saved(fitted, X)
    assert_array_equal(copy.deepcopy(fitted).transform(X), fitted.transform(X))


def test_a_scaler_of_ones_own_may_have_any_scale(plain_autoencoder, sequences):
    fitted = plain_autoencoder(scaler=Decibels(), epochs=1).fit(sequences)
    loaded = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(loaded.transform(sequences), fitted.transform(sequences))


LABELS = {
    "durations": pd.to_timedelta([1, 2, 3], unit="s"),
    "periods": pd.period_range("2020", periods=3, freq="M"),
    "intervals": pd.interval_range(0, 3),
    "dates": [date(2020, 1, day) for day in (1, 2, 3)],
    "bytes": [b"a", b"b", b"c"],
    "tuples": pd.MultiIndex.from_product([["a"], pd.date_range("2020", periods=3)]),
}


@pytest.mark.parametrize("kind", LABELS)
def test_skops_asks_for_no_class_of_labels(plain_autoencoder, rng, kind):
    X = pd.DataFrame(rng.normal(size=(6, 3)))
    X.columns = LABELS[kind]
    fitted = plain_autoencoder(epochs=1).fit(X)
    saved = skops.io.dumps(fitted)
    assert len(skops.io.get_untrusted_types(data=saved)) == 1
    expected = fitted.reconstruct(X)
    pd.testing.assert_frame_equal(LOADS["skops"](saved).reconstruct(X), expected)


# -- detectors and aggregators --------------------------------------------------------


@pytest.fixture(scope="module")
def log():
    return page_log()


@pytest.fixture(scope="module")
def detector(plain_autoencoder, log):
    with xla(False):
        network = plain_autoencoder(epochs=1, n_components=3)
        return LSTMAutoencoderOutlierDetector(network, random_state=0).fit(log)


@pytest.fixture(scope="module")
def aggregator(log):
    return SequenceAggregator().fit(log)


def test_skops_names_estimators_only(detector, aggregator, log):
    names = {f"{cls.__module__}.{cls.__name__}": cls for cls in OURS}
    saved = skops.io.dumps(detector)
    untrusted = skops.io.get_untrusted_types(data=saved)
    assert {names[each] for each in untrusted} == set(OURS[:2])
    loaded = skops.io.loads(saved, trusted=untrusted)
    assert_array_equal(loaded.score_samples(log), detector.score_samples(log))
    assert_array_equal(loaded.predict(log), detector.predict(log))
    saved = skops.io.dumps(aggregator)
    (untrusted,) = skops.io.get_untrusted_types(data=saved)
    assert names[untrusted] is SequenceAggregator


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy])
def test_copies_score_alike(detector, log, way):
    found = way(detector)
    assert_array_equal(found.score_samples(log), detector.score_samples(log))
    assert way(found).get_params().keys() == detector.get_params().keys()
    unfitted = way(LSTMAutoencoderOutlierDetector(contamination=0.2))
    assert unfitted.contamination == 0.2
    assert not hasattr(unfitted, "offset_")


def threshold_of_nan(state):
    state["offset_"] = np.nan


def threshold_of_text(state):
    state["offset_"] = "-3.0"


def deviation_of_zero(state):
    state["_usual"]["error_std"] = 0.0


def deviation_of_nan(state):
    state["_usual"]["embedding"]["std"] = np.nan


def variance_of_zero(state):
    state["_usual"]["size"]["gaussians"][1]["variance"][0] = 0.0


def nan_in_components(state):
    state["_usual"]["profile"]["gaussians"][0]["components"][0] = np.nan


def another_width(state):
    state["_usual"]["embedding"] = state["_usual"]["size"]


def shapes_that_differ(state):
    state["_usual"]["size"]["gaussians"][0]["mean"] = np.zeros(3)


def one_chain_less(state):
    state["_chains"] = ()


def share_of_zero(state):
    state["_chains"][0]["chains"][0]["shares"][0] = 0.0


def no_last_pair(state):
    state["_chains"][0]["chains"][0]["pairs"][-1] = 3


def nothing_usual(state):
    del state["_usual"]


def an_unfitted_transformer(state):
    state["estimator_"] = LSTMAutoencoderTransformer()


def a_number_for_a_transformer(state):
    state["estimator_"] = 3


CONTRADICTIONS = [
    threshold_of_nan,
    threshold_of_text,
    deviation_of_zero,
    deviation_of_nan,
    variance_of_zero,
    nan_in_components,
    another_width,
    shapes_that_differ,
    one_chain_less,
    share_of_zero,
    no_last_pair,
    nothing_usual,
    an_unfitted_transformer,
    a_number_for_a_transformer,
]


@pytest.mark.parametrize("change", CONTRADICTIONS)
def test_a_detector_that_contradicts_itself_is_refused(detector, change):
    state = copy.deepcopy(detector.__getstate__())
    LSTMAutoencoderOutlierDetector().__setstate__(sealed(state))
    change(state)
    for written in (state, sealed(state)):
        with pytest.raises(ValueError, match="Detector can't be loaded, since it is"):
            LSTMAutoencoderOutlierDetector().__setstate__(written)


def another_threshold(state):
    state["offset_"] -= 1e-12


def another_transformer(state):
    again = copy.deepcopy(state["estimator_"])
    next(iter(again._fitted.network.state.weights.values()))[0] += 1e-6
    state["estimator_"] = again


def another_share(state):
    state["contamination"] = 0.1


@pytest.mark.parametrize(
    "change", [another_threshold, another_transformer, another_share]
)
def test_an_edited_detector_is_refused(detector, change):
    state = copy.deepcopy(detector.__getstate__())
    change(state)
    with pytest.raises(ValueError, match=r"the checksum of .* is another"):
        LSTMAutoencoderOutlierDetector().__setstate__(state)


def test_a_transformer_of_another_release_is_taken(detector):
    """It has checksums of its own; a later release may add parameters to it."""
    state = copy.deepcopy(detector.__getstate__())
    state["estimator_"].more = 1
    state["_saved"]["versions"]["sklearn_seqae"] = "0.0.1"
    loaded = LSTMAutoencoderOutlierDetector()
    loaded.__setstate__(state)
    assert loaded.estimator_.more == 1


@pytest.mark.parametrize("typical", [np.array([np.nan]), np.zeros(3), [0.0]])
def test_an_aggregator_that_contradicts_itself_is_refused(aggregator, typical):
    state = aggregator.__getstate__() | {"_typical": typical}
    with pytest.raises(ValueError, match=r"Aggregator can't be loaded.*_typical"):
        SequenceAggregator().__setstate__(sealed(state))


# NumPy complains again when it frees an array whose dtype was damaged
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@WAY
def test_mutated_bytes_of_the_others_are_refused_or_give_the_same(
    detector, aggregator, log, way
):
    n_refused = check_mutated(detector, way, lambda d: d.score_samples(log), 60)
    n_refused += check_mutated(aggregator, way, lambda a: a.transform(log), 60)
    assert n_refused > 60
