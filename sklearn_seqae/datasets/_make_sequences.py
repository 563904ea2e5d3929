"""A seeded generator of ragged sequences whose best possible accuracy is known."""

from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

# Cycles per time step. The slowest shows half a cycle in the 10 steps of the shortest
# sequence by default, the fastest stays a factor of 2 below the Nyquist limit (1/2).
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
    """Make oscillations of random length whose class is their frequency.

    Feature `j` at time step `t` of a sequence is ::

        sin(2 * pi * f * t + phase + pi * j / n_features) + noise * standard_normal

    with a frequency `f` and a `phase` of its own. The phase and the length are random
    and say nothing about the class; the frequency is all that does. Its logarithm is
    uniform in a window; the windows of the classes are equally wide, lie `class_sep`
    widths apart, and together span 1/20 to 1/4 cycles per time step.

    So the difficulty is known: neighbouring windows overlap when `class_sep` is below
    1, and no classifier has an expected accuracy above ::

        (1 + (n_classes - 1) * min(class_sep, 1)) / n_classes

    Without noise, knowing the frequency, a classifier reaches this bound.

    Parameters
    ----------
    n_samples : int, default=100
        Number of sequences. Classes have the same size, give or take one.

    n_classes : int, default=3
        Number of classes.

    n_features : int, default=2
        Number of features at each time step.

    min_length : int, default=10
        Length of the shortest possible sequence.

    max_length : int, default=50
        Length of the longest possible sequence. Lengths are uniform between both.

    class_sep : float, default=1.5
        Distance of neighbouring classes in units of their width. 0: the classes are the
        same; 1: they touch; above: there is a gap between them.

    noise : float, default=0.1
        Standard deviation of the Gaussian noise on each value. The oscillations
        have amplitude 1.

    random_state : int, RandomState instance or None, default=None
        Pass an int for the same sequences in every call. None draws fresh entropy from
        the operating system; NumPy's global generator is neither read nor advanced.

    Returns
    -------
    X : list of `n_samples` ndarrays of shape (n_timesteps, n_features), float64
        The sequences.

    y : ndarray of shape (n_samples,), int64
        The class of each, 0 (the slowest) to ``n_classes - 1``.

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
            "max_length needs to be at least min_length."
        )
    rng = np.random.RandomState() if random_state is None else random_state
    rng = check_random_state(rng)

    y = rng.permutation(np.arange(n_samples, dtype=np.int64) % n_classes)
    lengths = rng.randint(min_length, max_length + 1, size=n_samples, dtype=np.int64)
    frequency = _draw_frequencies(y, n_classes, class_sep, rng)
    phase = rng.uniform(0, 2 * np.pi, size=n_samples)

    # All sequences stacked, as one oscillation of piecewise constant frequency
    first_row = np.cumsum(lengths) - lengths
    step = np.arange(lengths.sum()) - np.repeat(first_row, lengths)
    angle = 2 * np.pi * np.repeat(frequency, lengths) * step + np.repeat(phase, lengths)
    shift = np.pi * np.arange(n_features) / n_features
    values = np.sin(angle[:, np.newaxis] + shift)
    values += noise * rng.standard_normal(size=values.shape)
    return np.split(values, first_row[1:]), y


def _draw_frequencies(
    y: NDArray[np.int64],
    n_classes: int,
    class_sep: float,
    rng: np.random.RandomState,
) -> NDArray[np.float64]:
    """Frequency of each sequence, uniform on the log scale in the window of its class.

    The first window starts at the slowest frequency and the last ends at the fastest:
    ``((n_classes - 1) * class_sep + 1) * width == log(fastest / slowest)``.
    """
    width = np.log(_FASTEST / _SLOWEST) / ((n_classes - 1) * class_sep + 1)
    return _SLOWEST * np.exp(width * (class_sep * y + rng.uniform(size=len(y))))
