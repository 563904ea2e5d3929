import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_seqae.datasets import make_sequences

# The span of frequencies that the docstring states, in cycles per time step
SLOWEST, FASTEST = 1 / 20, 1 / 4


@settings(deadline=None, max_examples=50)
@given(
    n_samples=st.integers(1, 30),
    n_classes=st.integers(1, 5),
    n_features=st.integers(1, 4),
    lengths=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    seed=st.integers(0, 2**32 - 1),
)
def test_shapes_follow_the_parameters(n_samples, n_classes, n_features, lengths, seed):
    min_length, max_length = sorted(lengths)
    X, y = make_sequences(
        n_samples,
        n_classes=n_classes,
        n_features=n_features,
        min_length=min_length,
        max_length=max_length,
        random_state=seed,
    )
    assert isinstance(X, list)
    assert len(X) == len(y) == n_samples
    for x in X:
        assert x.dtype == np.float64
        assert min_length <= len(x) <= max_length
        assert x.shape[1:] == (n_features,)
        assert np.isfinite(x).all()
    counts = np.bincount(y, minlength=n_classes)
    assert len(counts) == n_classes
    assert counts.max() - counts.min() <= 1


def test_every_length_in_the_range_occurs():
    X, _ = make_sequences(500, min_length=3, max_length=6, random_state=0)
    assert {len(x) for x in X} == {3, 4, 5, 6}


def test_same_seed_gives_the_same_sequences():
    (X_1, y_1), (X_2, y_2) = (make_sequences(20, random_state=3) for _ in range(2))
    X_other, _ = make_sequences(20, random_state=4)
    assert all(np.array_equal(a, b) for a, b in zip(X_1, X_2, strict=True))
    assert np.array_equal(y_1, y_2)
    assert not all(np.array_equal(a, b) for a, b in zip(X_1, X_other, strict=True))


def test_random_state_instance_is_drawn_from():
    rng = np.random.RandomState(3)
    X_1, _ = make_sequences(20, random_state=rng)
    X_2, _ = make_sequences(20, random_state=rng)
    X_int, _ = make_sequences(20, random_state=3)
    assert all(np.array_equal(a, b) for a, b in zip(X_1, X_int, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(X_1, X_2, strict=True))


@pytest.mark.parametrize("random_state", [None, 0])
def test_global_generators_are_left_alone(random_state):
    numpy_before, python_before = np.random.get_state(), random.getstate()
    make_sequences(5, random_state=random_state)
    np.testing.assert_equal(np.random.get_state(), numpy_before)
    assert random.getstate() == python_before


def test_without_a_seed_every_call_differs():
    (X_1, _), (X_2, _) = (make_sequences(5) for _ in range(2))
    assert not all(np.array_equal(a, b) for a, b in zip(X_1, X_2, strict=True))


def find_frequency(x):
    """Frequency of a sine without noise: x[t+1] + x[t-1] = 2 cos(2 pi f) x[t]."""
    middle, outer = x[1:-1], x[2:] + x[:-2]
    return np.arccos((middle * outer).sum() / (2 * (middle**2).sum())) / (2 * np.pi)


def histogram_accuracy(frequencies, y, n_classes):
    """Accuracy of the best class in each bin of log-frequency, on held-out halves."""
    edges = np.linspace(np.log(SLOWEST), np.log(FASTEST), 41)[1:-1]
    cell = np.digitize(np.log(frequencies), edges)
    half = len(y) // 2
    votes = np.zeros((40, n_classes))
    np.add.at(votes, (cell[:half], y[:half]), 1)
    return np.mean(votes[cell[half:]].argmax(axis=1) == y[half:])


@pytest.mark.parametrize("class_sep", [0.0, 0.3, 0.7, 1.5])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_best_accuracy_is_the_stated_one(class_sep, n_classes):
    X, y = make_sequences(
        2000, n_classes=n_classes, class_sep=class_sep, noise=0, random_state=0
    )
    frequencies = np.array([find_frequency(x) for x in X])
    stated = (1 + (n_classes - 1) * min(class_sep, 1)) / n_classes
    found = histogram_accuracy(frequencies, y, n_classes)
    # 1000 held-out sequences: three standard errors are at most 0.047
    assert found == pytest.approx(stated, abs=0.047)


def test_frequencies_span_the_stated_range():
    X, _ = make_sequences(500, noise=0, min_length=50, random_state=0)
    frequencies = np.array([find_frequency(x) for x in X])
    assert frequencies.min() == pytest.approx(SLOWEST, rel=0.02)
    assert frequencies.max() == pytest.approx(FASTEST, rel=0.02)


def test_noise_has_the_stated_deviation():
    clean, _ = make_sequences(100, noise=0, random_state=0)
    noisy, _ = make_sequences(100, noise=0.3, random_state=0)
    difference = np.concatenate(noisy) - np.concatenate(clean)
    assert difference.std() == pytest.approx(0.3, rel=0.05)
    assert difference.mean() == pytest.approx(0, abs=0.02)


def test_length_and_phase_say_nothing_about_the_class():
    X, y = make_sequences(3000, random_state=0)
    lengths = np.array([len(x) for x in X])
    starts = np.array([x[0, 0] for x in X])
    for quantity in [lengths, starts]:
        means = [quantity[y == k].mean() for k in range(3)]
        standard_error = quantity.std() / np.sqrt(1000)
        assert np.ptp(means) < 4 * standard_error


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_samples": 0}, "'n_samples' parameter of make_sequences must be an int"),
        ({"n_classes": 1.5}, "'n_classes' parameter"),
        ({"n_features": -1}, "'n_features' parameter"),
        ({"min_length": 0}, "'min_length' parameter"),
        ({"class_sep": -0.1}, "'class_sep' parameter"),
        ({"noise": float("nan")}, "'noise' parameter"),
        ({"random_state": "seed"}, "'random_state' parameter"),
        ({"min_length": 9, "max_length": 8}, "max_length=8 is below min_length=9"),
    ],
)
def test_wrong_parameter_is_named(parameters, message):
    with pytest.raises(ValueError, match=message):
        make_sequences(**parameters)
