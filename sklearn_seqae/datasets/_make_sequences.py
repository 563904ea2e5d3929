"""Seeded generator of sequences with a known best accuracy."""

from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

# Cycles per time step. By default the shortest sequence has 10 time steps, so the
# slowest shows half a cycle. The fastest is half the Nyquist limit (1/2).
_SLOWEST, _FASTEST = 1 / 20, 1 / 4


@validate_params(
    {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "n_classes": [Interval(Integral, 1, None, closed="left")],
        "n_features": [Interval(Integral, 1, None, closed="left")],
        "min_length": [Interval(Integral, 1, None, closed="left")],
        "max_length": [Interval(Integral, 1, None, closed="left")],
        "class_sep": [Interval(Real, 0, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_sequences(
    n_samples: int = 100,
    *,
    n_classes: int = 3,
    n_features: int = 2,
    min_length: int = 10,
    max_length: int = 50,
    class_sep: float = 1.5,
    noise: float = 0.1,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[list[NDArray[np.float64]], NDArray[np.int64]]:
    """Make oscillations of random length, with classes that differ in frequency.

    Feature `j` at time step `t` of a sequence is ::

        sin(2 * pi * f * t + phase + pi * j / n_features) + noise * standard_normal

    Each sequence has its own frequency `f` and `phase`. Only the frequency depends on
    the class; the phase and the length are random. The logarithm of the frequency is
    uniform in a window. The windows of the classes are equally wide and lie `class_sep`
    widths apart. Together they span 1/20 to 1/4 cycles per time step.

    So the difficulty is known. Neighbouring windows overlap if `class_sep` is below 1,
    and no classifier has an expected accuracy above ::

        (1 + (n_classes - 1) * min(class_sep, 1)) / n_classes

    A classifier that knows the frequency reaches this bound. Noise hides the frequency.

    Parameters
    ----------
    n_samples : int, default=100
        Number of sequences. The sizes of classes differ by at most one.
    n_classes : int, default=3
        Number of classes.
    n_features : int, default=2
        Number of features at each time step.
    min_length : int, default=10
        Length of the shortest possible sequence.
    max_length : int, default=50
        Length of the longest possible sequence. Lengths are uniform between the two.
    class_sep : float, default=1.5
        Distance of neighbouring classes in units of their width. At 0 the classes are
        the same, at 1 they touch, and above 1 there is a gap between them.
    noise : float, default=0.1
        Standard deviation of the Gaussian noise on each value. The oscillations
        have amplitude 1.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same sequences in every call. None takes a new seed from the
        system. NumPy's global generator is neither read nor advanced.

    Returns
    -------
    X : list of `n_samples` ndarrays of shape (n_timesteps, n_features), float64
        The sequences.
    y : ndarray of shape (n_samples,), int64
        Class of each sequence, from 0 (the slowest) to ``n_classes - 1``.

    Raises
    ------
    ValueError
        If a parameter is out of range or `max_length` is below `min_length`.

    Examples
    --------
    >>> from sklearn_seqae.datasets import make_sequences
    >>> X, y = make_sequences(n_samples=4, max_length=20, random_state=0)
    >>> [x.shape for x in X]
    [(13, 2), (13, 2), (17, 2), (19, 2)]
    >>> y
    array([2, 0, 1, 0])
    """
    if max_length < min_length:
        raise ValueError(
            f"max_length={max_length} is below min_length={min_length}; "
            "it must be at least min_length."
        )
    rng = np.random.RandomState() if random_state is None else random_state
    rng = check_random_state(rng)

    y = rng.permutation(np.arange(n_samples, dtype=np.int64) % n_classes)
    lengths = rng.randint(min_length, max_length + 1, size=n_samples, dtype=np.int64)
    # Log-uniform in the window of the class. The first window starts at the slowest
    # frequency and the last ends at the fastest:
    # ((n_classes - 1) * class_sep + 1) * width == log(fastest / slowest)
    width = np.log(_FASTEST / _SLOWEST) / ((n_classes - 1) * class_sep + 1)
    place = class_sep * y + rng.uniform(size=n_samples)
    frequency = _SLOWEST * np.exp(width * place)
    phase = rng.uniform(0, 2 * np.pi, size=n_samples)

    # All sequences stacked: one oscillation with a piecewise constant frequency
    first_row = np.cumsum(lengths) - lengths
    step = np.arange(lengths.sum()) - np.repeat(first_row, lengths)
    angle = 2 * np.pi * np.repeat(frequency, lengths) * step + np.repeat(phase, lengths)
    shift = np.pi * np.arange(n_features) / n_features
    values = np.sin(angle[:, np.newaxis] + shift)
    values += noise * rng.standard_normal(size=values.shape)
    return np.split(values, first_row[1:]), y
