"""Random containers, some of them faulty, and a machine that uses an estimator at will.

For hypothesis: `tests/test_fuzz.py` runs some hundreds of cases, `tests/trust` more.
"""

import pickle

import numpy as np
import pandas as pd
from files import check_saved
from helpers import long_frame, objects, padded
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from numpy.testing import assert_array_equal
from sklearn.base import clone

N_FEATURES, LONGEST = 2, 16
VALUES = st.floats(-1e6, 1e6, width=32)

# Sequences ----------------------------------------------------------------------------


@st.composite
def sequence(draw, missing=True):
    """Return one sequence in float64, with gaps of NaN but for its first step."""
    n = draw(st.integers(1, LONGEST))
    x = draw(arrays(np.float64, (n, N_FEATURES), elements=VALUES, fill=st.just(0.5)))
    if missing and n > 1:
        x[1:][draw(arrays(np.bool_, (n - 1, N_FEATURES), fill=st.just(False)))] = np.nan
        x[-1] = np.where(np.isnan(x[-1]), 0.0, x[-1])  # padding ends in NaN
    return x


SEQUENCES = st.lists(sequence(), min_size=1, max_size=5)

# Containers that hold the same --------------------------------------------------------


def _series(X):
    return pd.Series([list(map(list, x)) for x in X])


def _strided(X):
    """Return views of every second row and column, neither contiguous nor writable."""
    views = []
    for x in X:
        wide = np.full((2 * len(x), 2 * N_FEATURES), 7.0)
        wide[::2, ::2] = x
        wide.setflags(write=False)
        views.append(wide[::2, ::2])
    return views


SAME = {
    "list": list,
    "tuple": tuple,
    "object array": objects,
    "lists of lists": lambda X: [x.tolist() for x in X],
    "Fortran order": lambda X: [np.asfortranarray(x) for x in X],
    "views": _strided,
    "big-endian": lambda X: [x.astype(">f8") for x in X],
    "masked": lambda X: [np.ma.masked_invalid(x) for x in X],
    "objects": lambda X: [x.astype(object) for x in X],
    "padded": lambda X: padded(X, extra=2),
    "frames": lambda X: [pd.DataFrame(x) for x in X],
    "nullable frames": lambda X: [pd.DataFrame(x).astype("Float64") for x in X],
    "Series of cells": lambda X: pd.Series(list(X)),
    "Series of lists": _series,
    "long table": lambda X: long_frame(X, range(len(X)), "ab"),
}

# Containers that hold what can't be used ----------------------------------------------


def _with(X, row, change):
    changed = [np.array(x) for x in X]
    changed[row % len(X)] = change(changed[row % len(X)])
    return changed


def _one(value):
    def change(x):
        x[len(x) // 2, 0] = value
        return x

    return change


FAULTY = {
    "another number of features": lambda x: np.ones((len(x), N_FEATURES + 1)),
    "empty": lambda x: x[:0],
    "infinite": _one(np.inf),
    "minus infinite": _one(-np.inf),
    "too large for float32": _one(1e300),
    "nothing observed": lambda x: np.full_like(x, np.nan),
    "text": lambda x: np.full(x.shape, "a"),
    "complex": lambda x: x + 1j,
    "times": lambda x: np.full(x.shape, "2020-01-01", "datetime64[D]"),
    "three axes": lambda x: x[None],
    "a number": lambda x: 3.0,
    "None": lambda x: None,
    "a mapping": lambda x: {"a": 1},
    "ragged inside": lambda x: [[1.0, 2.0], [1.0]],
}


def check_same(fitted, X, kind):
    """Check that what holds the same is embedded alike, and each row on its own."""
    expected = fitted.transform(list(X))
    found = np.asarray(fitted.transform(SAME[kind](X)))
    assert np.isfinite(found).all()
    assert_array_equal(found, expected)
    assert_array_equal(np.asarray(fitted.transform([X[-1]]))[0], expected[-1])
    decoded = fitted.inverse_transform(expected)
    assert [len(x) for x in decoded] == [len(x) for x in X]


def check_refused(fitted, X, row, fault):
    """Check that an error says what is wrong, and nothing changed."""
    before = pickle.dumps(fitted)
    try:
        fitted.transform(_with(X, row, FAULTY[fault]))
    except (TypeError, ValueError) as error:
        assert len(str(error)) > 20
    else:
        raise AssertionError(f"{fault} was accepted")
    assert pickle.dumps(fitted) == before


# Any calls in any order ---------------------------------------------------------------


def machine(template, X):
    """Return a state machine that uses clones of ``template`` on sequences ``X``.

    What must hold: an estimator is what its fits made of it, whatever was called in
    between. So its calls that train are made again by another, new one.
    """

    class Machine(RuleBasedStateMachine):
        @initialize()
        def make(self):
            self.estimator, self.calls = clone(template), []

        def train(self, estimator, call):
            method, seed, rate, n = call
            estimator.set_params(random_state=seed, learning_rate=rate)
            getattr(estimator, method)(X[:n])
            check_saved(estimator, X)

        @rule(
            method=st.sampled_from(["fit", "partial_fit"]),
            seed=st.integers(0, 2),
            rate=st.sampled_from([1e-3, 1e-2]),
            n=st.sampled_from([8, 12]),
        )
        def fit(self, method, seed, rate, n):
            call = method, seed, rate, n
            self.train(self.estimator, call)
            self.calls = [call] if method == "fit" else [*self.calls, call]

        @rule()
        def pickled(self):
            self.estimator = pickle.loads(pickle.dumps(self.estimator))

        @rule(row=st.integers(0, 7), fault=st.sampled_from(sorted(FAULTY)))
        def fit_what_is_faulty(self, row, fault):
            try:
                self.estimator.fit(_with(X[:8], row, FAULTY[fault]))
            except (TypeError, ValueError):
                return
            raise AssertionError(f"{fault} was accepted")

        @rule(rate=st.sampled_from([-1.0, 0.0, "fast", None, np.nan]))
        def fit_with_a_faulty_parameter(self, rate):
            before = self.estimator.get_params()
            self.estimator.set_params(learning_rate=rate)
            try:
                self.estimator.fit(X[:8])
            except (TypeError, ValueError):
                return
            finally:
                self.estimator.set_params(**before)
            raise AssertionError(f"learning_rate={rate} was accepted")

        @rule()
        def use(self):
            if self.calls:
                Z = self.estimator.transform(X)
                self.estimator.inverse_transform(Z[:3])
                self.estimator.score(X[:3])

        @rule()
        def clone_is_not_fitted(self):
            assert not hasattr(clone(self.estimator), "n_features_in_")

        @invariant()
        def it_is_fitted_if_something_was(self):
            if hasattr(self, "calls"):
                assert hasattr(self.estimator, "n_features_in_") == bool(self.calls)

        def teardown(self):
            if not getattr(self, "calls", []):
                return
            again = clone(template)
            for call in self.calls:
                self.train(again, call)
            assert_array_equal(self.estimator.transform(X), again.transform(X))

    return Machine
