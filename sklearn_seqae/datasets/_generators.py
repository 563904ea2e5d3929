"""Seeded generators, with the best that any classifier could do."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from sklearn_seqae._utils import own_random_state

# Cycles per time step. By default the shortest sequence has 10 time steps, so the
# slowest shows half a cycle. The fastest is half the Nyquist limit (1/2).
_SLOWEST, _FASTEST = 1 / 20, 1 / 4

PAGES = ("home", "search", "item", "cart", "pay", "help")
STAY = 0.5  # probability that the hidden state of an event is that of the one before
NOISE = 0.1  # probability that the page of an event is any, whatever its state
WAIT = 60.0  # seconds to the next event, on average
START = pd.Timestamp("2024-01-01")
SPAN = 30 * 86_400  # seconds in which sessions start

_COUNT = Interval(Integral, 1, None, closed="left")


@validate_params(
    {
        "n_samples": [_COUNT],
        "n_classes": [_COUNT],
        "n_features": [_COUNT],
        "min_length": [_COUNT],
        "max_length": [_COUNT],
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
    rng = own_random_state(random_state)

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


@validate_params(
    {
        "n_samples": [Interval(Integral, 2, None, closed="left")],
        "kind": [StrOptions({"order", "counts"})],
        "min_length": [_COUNT],
        "max_length": [_COUNT],
        "difficulty": [Interval(Real, 0, 1, closed="both")],
        "return_posterior": ["boolean"],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_events(
    n_samples: int = 100,
    *,
    kind: Literal["order", "counts"] = "order",
    min_length: int = 8,
    max_length: int = 24,
    difficulty: float = 0.5,
    return_posterior: bool = False,
    random_state: Any = None,
) -> Any:
    """Make sessions of events, in two classes, by a hidden Markov process.

    A hidden state goes around a ring of six, or stays. It decides on the page, up to
    noise, and on how long the event takes to come, on average.

    Parameters
    ----------
    n_samples : int, default=100
        Number of sessions.
    kind : {"order", "counts"}, default="order"
        Difference between the classes. "order": one goes around the ring more often
        forwards, the other backwards, and pages that are quick in one are slow in the
        other; pages and times are equally frequent in both. "counts": pages differ in
        how often they occur, and are drawn independently of each other.
    min_length, max_length : int, default=8 and 24
        Least and largest number of events of a session.
    difficulty : float, default=0.5
        From 0, where the classes are as different as they can be, to 1, where they are
        the same.
    return_posterior : bool, default=False
        Whether to return the posterior as well.
    random_state : int, RandomState instance or None, default=None
        Seed or generator.

    Returns
    -------
    log : DataFrame
        A long table with the columns "session", "time", "page" and "amount", which is
        noise.
    y : ndarray of shape (n_samples,)
        Class of each session, 0 or 1.
    posterior : ndarray of shape (n_samples,)
        Probability of class 1, given the pages and times of a session. No classifier
        has a larger area under the ROC curve, but by chance. Only if
        `return_posterior`.

    See Also
    --------
    to_sequences : Cut the table into sequences.

    Examples
    --------
    >>> from sklearn.metrics import roc_auc_score
    >>> from sklearn_seqae.datasets import make_events
    >>> log, y, p = make_events(200, return_posterior=True, random_state=0)
    >>> log.columns.tolist()
    ['session', 'time', 'page', 'amount']
    >>> bool(roc_auc_score(y, p) > 0.9)
    True
    """
    rng = check_random_state(random_state)
    y = rng.permutation(np.arange(n_samples) % 2)
    lengths = rng.randint(min_length, max_length + 1, n_samples)
    laws = [_law(kind, label, difficulty) for label in (0, 1)]
    sessions = [_draw(laws[k], n, rng) for k, n in zip(y, lengths, strict=True)]
    starts = rng.uniform(0, SPAN, n_samples)
    pairs = zip(starts, sessions, strict=True)
    seconds = np.concatenate([start + np.cumsum(waits) for start, (_, waits) in pairs])
    log = pd.DataFrame(
        {
            "session": np.repeat(np.arange(n_samples), lengths),
            "time": START + pd.to_timedelta(np.round(seconds, 3), unit="s"),
            "page": np.array(PAGES, object)[np.concatenate([x for x, _ in sessions])],
            "amount": rng.exponential(10.0, lengths.sum()).round(2),
        }
    )
    if not return_posterior:
        return log, y
    of_sessions = [[_log_likelihood(law, *x) for law in laws] for x in sessions]
    return log, y, expit(np.diff(of_sessions, axis=1)[:, 0])


class _Law(NamedTuple):
    start: NDArray[np.float64]  # (n_states,): distribution of the first state
    step: NDArray[np.float64]  # (n_states, n_states): of the next one, by state
    wait: NDArray[np.float64]  # (n_states,): mean time until an event comes, in seconds


def _law(kind: str, label: int, difficulty: float) -> _Law:
    n, sign = len(PAGES), 1 if label else -1
    apart = sign * (1 - difficulty) * np.linspace(-1, 1, n)
    if kind == "counts":
        start = (1 + apart) / n
        return _Law(start, np.tile(start, (n, 1)), np.full(n, WAIT))
    forwards = 0.5 + sign * (1 - difficulty) / 2
    ring = np.eye(n)
    moves = forwards * np.roll(ring, 1, 1) + (1 - forwards) * np.roll(ring, -1, 1)
    step = STAY * ring + (1 - STAY) * moves
    return _Law(np.full(n, 1 / n), step, WAIT * np.exp(apart))


def _draw(
    law: _Law, n: int, rng: np.random.RandomState
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Draw the pages of a session, and how long each took to come; the first, 0."""
    states = [rng.choice(len(PAGES), p=law.start)]
    for _ in range(n - 1):
        states.append(rng.choice(len(PAGES), p=law.step[states[-1]]))
    is_noise = rng.uniform(size=n) < NOISE
    pages = np.where(is_noise, rng.randint(len(PAGES), size=n), states)
    waits = rng.exponential(law.wait[states])
    waits[0] = 0
    return pages, waits


def _log_likelihood(
    law: _Law, pages: NDArray[np.int64], waits: NDArray[np.float64]
) -> float:
    """Return the log-likelihood of a session, by the forward algorithm.

    Rabiner, L. R. (1989). A tutorial on hidden Markov models and selected applications
    in speech recognition. Proceedings of the IEEE.
    """
    emission = (1 - NOISE) * np.eye(len(PAGES)) + NOISE / len(PAGES)
    belief, total = law.start, 0.0
    for t, (page, wait) in enumerate(zip(pages, waits, strict=True)):
        if t:
            belief = (belief @ law.step) * np.exp(-wait / law.wait) / law.wait
        belief = belief * emission[:, page]
        total += float(np.log(belief.sum()))
        belief = belief / belief.sum()
    return total
