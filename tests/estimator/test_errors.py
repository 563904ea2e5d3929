"""Bad input through the estimator: refused with place and remedy, and nothing changes.

The cases are plain data, so that a process can try them before TensorFlow is imported.
"""

import copy
import pickle
import re
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoderTransformer

nan, inf = np.nan, np.inf


def sequence(n=4, n_features=2):
    return np.arange(n * n_features, dtype=float).reshape(n, n_features) + 1


def three(replacement):
    """Three sequences, the second of which is something else."""
    return [sequence(3), replacement, sequence(5)]


GOOD = three(sequence(4))

# name: X, the type of the error, what the message must say
BAD_X = {
    "nothing": (None, TypeError, "X is None; expected a list of"),
    "number": (3.5, TypeError, "X is the float 3.5; expected a list of"),
    "string": ("abc", TypeError, "X is the str 'abc'; expected a list of"),
    "dict": ({"a": [1.0]}, TypeError, "X is a dict; expected a list of"),
    "generator": ((x for x in GOOD), TypeError, "X is a generator; expected a list"),
    "empty list": ([], ValueError, "X is an empty list: found 0 sequences"),
    "empty array": (np.empty((0, 3, 2)), ValueError, "0 sequence.* minimum of 1"),
    "list of numbers": ([1.0, 2.0], ValueError, "sequence 0 .* put it in a list"),
    "1-D array": (np.ones(3), ValueError, "1D array.*Reshape your data"),
    "4-D array": (np.ones((2, 3, 4, 5)), ValueError, "X has 4 dimensions.* expected"),
    "sparse": (sparse.csr_matrix(np.ones((3, 2))), TypeError, "dense data is required"),
    "empty sequence": (
        three(np.empty((0, 2))),
        ValueError,
        "sequence 1 is empty, .*at least one time step.* leave it out",
    ),
    "no features": (three(np.empty((4, 0))), ValueError, "sequence 1 .*leave it out"),
    "all NaN": (
        three(np.full((4, 2), nan)),
        ValueError,
        "sequence 1 has no observed value.* leave it out",
    ),
    "inf": (
        three(np.array([[1.0, 2.0], [3.0, inf]])),
        ValueError,
        "sequence 1 holds inf .*at time step 1, feature 1; .*must be finite",
    ),
    "complex": (three(sequence() * 1j), ValueError, "Complex data .*sequence 1"),
    "strings": (
        three(np.array([["a", "b"]])),
        TypeError,
        "sequence 1 holds categories in feature 0, 'a' .* sequence 0 holds numbers",
    ),
    "numbers as strings": (
        three([["1", "2"]]),
        TypeError,
        "sequence 1 holds categories in feature 0, '1' .* sequence 0 holds numbers",
    ),
    "dates": (
        three(np.array([["2020-01-01"] * 2], dtype="datetime64[D]")),
        TypeError,
        "sequence 1 has dtype datetime64.* real numbers are needed",
    ),
    "ragged inside": (
        three([[1.0, 2.0], [3.0]]),
        ValueError,
        "sequence 1 is not rectangular: every time step needs the same number",
    ),
    "other width": (
        three(sequence(4, 5)),
        ValueError,
        "sequence 1 has 5 features, but sequence 0 has 2; every sequence needs",
    ),
    "1-D among 2-D": (
        three(np.ones(4)),
        ValueError,
        "sequence 1 is 1-D, but sequence 0 is 2-D; pass all of them",
    ),
    "3-D among 2-D": (
        three(np.ones((4, 2, 1))),
        ValueError,
        r"sequence 1 is an array of shape \(4, 2, 1\); expected shape",
    ),
    "None among": (three(None), ValueError, "sequence 1 is None; expected shape"),
    "column of strings": (
        pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}),
        TypeError,
        "column 'b' (has dtype .* drop the column or convert|holds the str 'x')",
    ),
    "row of NaN": (
        np.array([[1.0, 2.0], [nan, nan]]),
        ValueError,
        "sequence 1 has no observed value.* leave it out",
    ),
}

# name: X for an estimator fitted on sequences of two features
BAD_X_AFTER_FIT = {
    "other width": (
        [sequence(4, 5)],
        ValueError,
        "sequence 0 has 5 features, but .* expecting 2 features .*; pass the features",
    ),
    "3-D of another width": (
        np.ones((2, 4, 3)),
        ValueError,
        "sequence 0 has 3 features, but .* is expecting 2 features",
    ),
    "univariate": (
        [[1.0, 2.0, 3.0]],
        ValueError,
        "sequence 0 has 1 feature, but .* is expecting 2 features",
    ),
    "table": (
        np.ones((3, 2)),
        ValueError,
        "sequence 0 has 1 feature, .*each row of X is one univariate sequence",
    ),
}

BAD_WEIGHTS = {
    "too few": (np.ones(2), ValueError, r"sample_weight.shape == \(2,\), expected \(3"),
    "2-D": (np.ones((3, 1)), ValueError, "Sample weights must be 1D array or scalar"),
    "negative": ([1.0, -1.0, 1.0], ValueError, "Negative values .*`sample_weight`"),
    "NaN": ([1.0, nan, 1.0], ValueError, "sample_weight contains NaN"),
    "inf": ([1.0, inf, 1.0], ValueError, "sample_weight contains infinity"),
    "strings": (["a", "b", "c"], TypeError, "sample_weight has dtype <U1, but real"),
    "all zero": ([0.0, 0.0, 0.0], ValueError, "zero|non-zero"),
}

BAD_Z = {
    "nothing": (None, ValueError, "Expected 2D array, got scalar"),
    "1-D": (np.ones(4), ValueError, "Expected 2D array, got 1D array.*Reshape"),
    "3-D": (np.ones((2, 4, 1)), ValueError, "dim 3.* <= 2"),
    "no rows": (np.empty((0, 4)), ValueError, "minimum of 1 is required"),
    "narrow": (
        np.ones((3, 3)),
        ValueError,
        "Z has 3 components, but .* is expecting 4; pass vectors like those",
    ),
    "wide": (np.ones((3, 5)), ValueError, "Z has 5 components, but .* expecting 4;"),
    "NaN": (
        np.array([[0.0] * 4, [0.0, nan, 0.0, 0.0]]),
        ValueError,
        "row 1 of Z has nan as component 1; .* must be finite",
    ),
    "inf": (
        np.array([[0.0] * 4, [0.0, 0.0, 0.0, -inf]]),
        ValueError,
        "row 1 of Z has -inf as component 3; .* must be finite",
    ),
    "complex": (np.ones((3, 4)) * 1j, ValueError, "Complex data not supported"),
    "strings": (np.full((3, 4), "a"), ValueError, "strings"),
    "wild length": (
        np.array([[0.0] * 4, [0.0, 0.0, 0.0, 1e3]]),
        ValueError,
        "row 1 of Z has the length component 1000, .*over 1048576 time steps.*Pass len",
    ),
    "wilder length": (
        np.array([[0.0] * 4, [0.0, 0.0, 0.0, 1e300]]),
        ValueError,
        r"row 1 of Z has the length component 1e\+300",
    ),
}

# name: lengths for two rows
BAD_LENGTHS = {
    "scalar": (3, ValueError, r"lengths has shape \(\); expected one whole number"),
    "too few": ([3], ValueError, r"lengths has shape \(1,\); .* each of 2 sequences"),
    "zero": ([3, 0], ValueError, r"lengths\[1\] is 0; .*whole number from 1"),
    "negative": ([-1, 3], ValueError, r"lengths\[0\] is -1; .*whole number from 1"),
    "fraction": ([3, 2.5], ValueError, r"lengths\[1\] is 2.5; .*whole number"),
    "wild": ([3, 2**20 + 1], ValueError, r"lengths\[1\] is 1048577; .* to 1048576"),
    "strings": (["a", "b"], TypeError, "lengths has dtype <U1"),
}

# name: parameters, the type of the error, what the message must say
BAD_PARAMETERS = {
    "n_components 0": ({"n_components": 0}, ValueError, "'n_components'.*Got 0"),
    "n_components 2.5": ({"n_components": 2.5}, ValueError, "'n_components'.*Got 2.5"),
    "no room for a length": (
        {"n_components": 1, "exact_components": ["length"]},
        ValueError,
        "exact_components has 'length'.* n_components is 1; expected at least 2",
    ),
    "exact_components": ({"exact_components": "yes"}, ValueError, "'exact_components'"),
    "a component that is not exact": (
        {"exact_components": ["length", "height"]},
        ValueError,
        r"\['length', 'height'\]; expected 'auto', or a list of some of "
        "'instance_norm', 'shape', 'texture', 'ngrams', "
        "'category_means', 'length', each once",
    ),
    "exact twice": ({"exact_components": ("length",) * 2}, ValueError, "each once"),
    "encoder_inputs": ({"encoder_inputs": True}, ValueError, "'encoder_inputs'"),
    "nothing to read": (
        {"encoder_inputs": ["lags"]},
        ValueError,
        "encoder_inputs is .*; expected 'auto', .* of 'differences', 'kernels', each",
    ),
    "no layers": (
        {"hidden_layer_sizes": ()},
        ValueError,
        r"hidden_layer_sizes is \(\); expected a positive int, or one for each layer",
    ),
    "no units": ({"hidden_layer_sizes": 0}, ValueError, "hidden_layer_sizes.*Got 0"),
    "negative units": (
        {"hidden_layer_sizes": (8, -4)},
        ValueError,
        r"hidden_layer_sizes is \(8, -4\); expected a positive int",
    ),
    "fraction of a unit": (
        {"hidden_layer_sizes": (8, 4.5)},
        ValueError,
        r"hidden_layer_sizes is \(8, 4.5\); expected a positive int",
    ),
    "nested units": (
        {"hidden_layer_sizes": [(8,), (4, 4)]},
        ValueError,
        "hidden_layer_sizes is .*; expected a positive int, or one for each layer",
    ),
    "units as string": (
        {"hidden_layer_sizes": "64"},
        ValueError,
        "'hidden_layer_sizes'.*Got '64'",
    ),
    "epochs -1": ({"epochs": -1}, ValueError, r"'epochs'.*range \[0, inf\).* Got -1"),
    "epochs 1.5": ({"epochs": 1.5}, ValueError, "'epochs'.*int.*Got 1.5"),
    "batch_size": ({"batch_size": 0}, ValueError, "'batch_size'.*Got 0"),
    "patch_size": ({"patch_size": 0}, ValueError, "'patch_size'.*'auto'.*Got 0"),
    "bidirectional": ({"bidirectional": "yes"}, ValueError, "'bidirectional'.*bool"),
    "activation": (
        {"activation": "sigmoid"},
        ValueError,
        "'activation'.*'relu'.* Got 'sigmoid'",
    ),
    "decoder": ({"decoder": "loop"}, ValueError, "'decoder'.*'repeat'.*Got 'loop'"),
    "scaler name": (
        {"scaler": "normal"},
        ValueError,
        "'scaler'.*'standard'.* Got 'normal'",
    ),
    "scaler number": ({"scaler": 3}, ValueError, "'scaler'.*'fit' and 'transform'"),
    "scaler without transform": (
        {"scaler": LinearRegression()},
        ValueError,
        "'scaler'.*'fit' and 'transform'.*Got LinearRegression",
    ),
    "scaler class": (
        {"scaler": StandardScaler},
        TypeError,
        r"scaler is the class StandardScaler; pass an instance: StandardScaler\(\)",
    ),
    "optimizer": ({"optimizer": 3}, ValueError, "'optimizer'.*Got 3"),
    "learning_rate 0": ({"learning_rate": 0.0}, ValueError, "'learning_rate'.*Got 0"),
    "learning_rate NaN": ({"learning_rate": nan}, ValueError, "'learning_rate'.*nan"),
    "early_stopping": ({"early_stopping": "val"}, ValueError, "'early_stopping'.*bool"),
    "validation_fraction": (
        {"validation_fraction": 1.0},
        ValueError,
        "'validation_fraction'.*Got 1.0",
    ),
    "n_iter_no_change": ({"n_iter_no_change": 0}, ValueError, "'n_iter_no_change'"),
    "warm_start": ({"warm_start": "no"}, ValueError, "'warm_start'.*bool"),
    "callbacks": ({"callbacks": 3}, ValueError, "'callbacks'.*Got 3"),
    "verbose": ({"verbose": -1}, ValueError, "'verbose'.*Got -1"),
    "random_state": ({"random_state": "0"}, ValueError, "'random_state'.*Got '0'"),
}

# What only Keras can know: name, parameters, error, message
BAD_FOR_KERAS = {
    "unknown optimizer": (
        {"optimizer": "adamm"},
        ValueError,
        "optimizer.*adamm",
    ),
    "no optimizer class": ({"optimizer": int}, (ValueError, TypeError), "optimizer"),
    "no callback": ({"callbacks": [3]}, TypeError, "callbacks"),
    "no callback in a dict": ({"callbacks": {"a": 3}}, TypeError, "callbacks"),
}


def fit(X, sample_weight=None, **parameters):
    LSTMAutoencoderTransformer(**parameters).fit(X, sample_weight=sample_weight)


BAD_FITS = [
    *((f"X {name}", (X,), {}, *said) for name, (X, *said) in BAD_X.items()),
    *(
        (f"sample_weight {name}", (GOOD, weight), {}, *said)
        for name, (weight, *said) in BAD_WEIGHTS.items()
    ),
    *((name, (GOOD,), bad, *said) for name, (bad, *said) in BAD_PARAMETERS.items()),
]
UNFITTED = [
    ("transform", GOOD),
    ("inverse_transform", np.ones((2, 4))),
    ("reconstruct", GOOD),
    ("score_samples", GOOD),
    ("score", GOOD),
    ("get_feature_names_out", None),
]


def parametrize(names, cases):
    cases = list(cases)
    return pytest.mark.parametrize(
        names, [case[1:] for case in cases], ids=[case[0] for case in cases]
    )


def from_table(table):
    return [(name, *case) for name, case in table.items()]


@contextmanager
def refused(error, message):
    with pytest.raises(error, match=re.compile(message, re.DOTALL)):
        yield


def fitted_state(estimator):
    """All that fit has learnt, without the parameters."""
    parameters = estimator.get_params(deep=False)
    learnt = {k: v for k, v in vars(estimator).items() if k not in parameters}
    return pickle.dumps(learnt)


@pytest.fixture(scope="module")
def gone_on(fitted_plain, sequences):
    return copy.deepcopy(fitted_plain).partial_fit(sequences)


@pytest.fixture
def kept(gone_on):
    """A fitted estimator that must be in the end what it was in the beginning."""
    estimator = copy.deepcopy(gone_on)
    before = fitted_state(estimator)
    yield estimator
    assert fitted_state(estimator) == before


# -- refused, with place and remedy -------------------------------------------------


@parametrize(("arguments", "parameters", "error", "message"), BAD_FITS)
def test_fit(arguments, parameters, error, message):
    estimator = LSTMAutoencoderTransformer(**parameters)
    with refused(error, message):
        estimator.fit(*arguments[:1], None, *arguments[1:])
    assert vars(estimator) == vars(LSTMAutoencoderTransformer(**parameters))


@parametrize(("X", "error", "message"), from_table(BAD_X))
def test_transform_what_fit_refuses(kept, X, error, message):
    for use in ("transform", "reconstruct", "score_samples", "score"):
        with refused(error, message if use == "transform" else ""):
            getattr(kept, use)(X)


@parametrize(("X", "error", "message"), from_table(BAD_X_AFTER_FIT))
def test_transform_what_is_not_like_what_fit_saw(kept, X, error, message):
    for use in ("transform", "reconstruct", "score_samples", "score", "partial_fit"):
        with refused(error, message):
            getattr(kept, use)(X)


@parametrize(("Z", "error", "message"), from_table(BAD_Z))
def test_inverse_transform(kept, Z, error, message):
    with refused(error, message):
        kept.inverse_transform(Z)


@parametrize(("lengths", "error", "message"), from_table(BAD_LENGTHS))
def test_inverse_transform_at_lengths(kept, lengths, error, message):
    with refused(error, message):
        kept.inverse_transform(np.zeros((2, 4)), lengths)


@parametrize(("parameters", "error", "message"), from_table(BAD_FOR_KERAS))
def test_what_only_keras_can_know(
    plain_autoencoder, sequences, parameters, error, message
):
    with refused(error, message):
        plain_autoencoder(**parameters).fit(sequences)


@pytest.mark.parametrize(("use", "argument"), UNFITTED)
def test_before_fit(use, argument):
    estimator = LSTMAutoencoderTransformer()
    with refused(NotFittedError, "not fitted yet. Call 'fit'"):
        getattr(estimator, use)(argument)


@pytest.mark.parametrize("model", ["encoder_", "decoder_", "autoencoder_"])
def test_no_model_before_fit(model):
    assert not hasattr(LSTMAutoencoderTransformer(), model)
    with refused(NotFittedError, "not fitted yet"):
        getattr(LSTMAutoencoderTransformer(), model)


def test_a_scaler_without_a_way_back(plain_autoencoder, sequences):
    from sklearn.preprocessing import FunctionTransformer, Normalizer

    estimator = plain_autoencoder(scaler=Normalizer()).fit(sequences)
    with refused(TypeError, "Normalizer has no inverse_transform.*scaler=None"):
        estimator.reconstruct(sequences)
    no_table = FunctionTransformer(np.ravel)
    with refused(ValueError, "FunctionTransformer returned shape.* one for each time"):
        plain_autoencoder(scaler=no_table).fit(sequences)


@pytest.mark.filterwarnings("ignore:feature 1 holds 1e.300, far from")
@pytest.mark.parametrize("use", ["fit", "transform"])
def test_a_value_that_scaling_makes_infinite_is_found(
    plain_autoencoder, sequences, use
):
    X = [x.copy() for x in sequences]
    X[7][2, 1] = 1e300
    estimator = plain_autoencoder(scaler=None)
    if use == "transform":
        estimator.fit(sequences)
    with refused(ValueError, "sequence 7 has a value that is inf .*step 2, feature 1"):
        getattr(estimator, use)(X)


def test_early_stopping_needs_two_sequences(plain_autoencoder, sequences):
    with refused(ValueError, "early_stopping=True.* pass more, or use early_stopping"):
        plain_autoencoder(early_stopping=True).fit(sequences[:1])


def test_a_feature_that_no_sequence_observes(plain_autoencoder, sequences):
    X = [np.column_stack([x[:, 0], np.full(len(x), nan)]) for x in sequences]
    with refused(ValueError, "feature 1 has no observed value in any of 24 sequences"):
        plain_autoencoder().fit(X)


def test_a_wild_vector_allocates_nothing(fitted_plain):
    import tracemalloc

    Z = np.zeros((3, 4))
    Z[1, -1] = 1e3
    tracemalloc.start()
    try:
        with refused(ValueError, "row 1 of Z"):
            fitted_plain.inverse_transform(Z)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


# -- a call that fails changes nothing ----------------------------------------------


@pytest.mark.parametrize("use", ["fit", "partial_fit", "fit_transform"])
def test_bad_data_or_weights_change_nothing(kept, use):
    for X, *_ in (BAD_X["inf"], BAD_X["other width"], BAD_X["empty list"]):
        with refused(ValueError, ""):
            getattr(kept, use)(X)
    for weight in (np.ones(2), [1.0, -1.0, 1.0], np.zeros(3)):
        with refused(ValueError, ""):
            getattr(kept, use)(GOOD, sample_weight=weight)


@pytest.mark.parametrize("use", ["fit", "partial_fit", "fit_transform"])
def test_bad_parameters_change_nothing(kept, sequences, use):
    names = ["negative units", "no room for a length"]
    if use != "partial_fit":  # which does not need them any more
        names += ["epochs -1", "scaler class"]
    for name in names:
        parameters, error, _ = BAD_PARAMETERS[name]
        before = kept.get_params()
        with refused(error, ""):
            getattr(kept.set_params(**parameters), use)(sequences)
        kept.set_params(**before)


@pytest.mark.parametrize("use", ["fit", "partial_fit", "fit_transform"])
def test_diverging_changes_nothing(kept, sequences, use):
    kept.set_params(learning_rate=1e38)
    if use != "partial_fit":  # which goes on with the optimizer that it has
        kept.set_params(optimizer="sgd", epochs=5)
    with refused(ArithmeticError, "diverged.*Lower learning_rate"):
        for _ in range(50):
            getattr(kept, use)(sequences)


@pytest.mark.parametrize(
    ("use", "moment"),
    [
        ("fit", "on_epoch_end"),
        ("fit_transform", "on_train_begin"),
        ("partial_fit", "on_epoch_end"),
        ("partial_fit", "on_train_end"),
    ],
)
def test_an_error_in_a_callback_changes_nothing(kept, sequences, use, moment):
    from keras.callbacks import Callback

    def fail(self, *args, **kwargs):
        raise RuntimeError("from the callback")

    kept.set_params(callbacks=[type("Failing", (Callback,), {moment: fail})()])
    with refused(RuntimeError, "from the callback"):
        getattr(kept, use)(sequences)


def test_a_failed_first_fit_leaves_it_unfitted(plain_autoencoder, sequences):
    from keras.callbacks import Callback

    class Failing(Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise RuntimeError("from the callback")

    estimator = plain_autoencoder(callbacks=[Failing()])
    with refused(RuntimeError, "from the callback"):
        estimator.fit(sequences)
    with refused(NotFittedError, "not fitted yet"):
        estimator.transform(sequences)
    assert estimator.set_params(callbacks=None).fit(sequences).n_iter_ == 2


# -- before TensorFlow is imported --------------------------------------------------


def test_refused_before_tensorflow_is_imported(before_tensorflow):
    loaded = before_tensorflow["loaded"]["bad input"]
    assert {"keras", "scikeras", "tensorflow"}.isdisjoint(loaded)


def refuse_all():
    """Try every case where nothing has imported TensorFlow yet."""
    for name, (X, *weight), parameters, error, _ in BAD_FITS:
        try:
            fit(X, *weight, **parameters)
        except error:
            continue
        raise AssertionError(f"{name} was not refused")
    for use, argument in [*UNFITTED, ("__getattribute__", "encoder_")]:
        try:
            getattr(LSTMAutoencoderTransformer(), use)(argument)
        except NotFittedError:
            continue
        raise AssertionError(f"{use} before fit was not refused")
