"""Recordings that are made here, each with faults of one family.

The families are those of the UCR anomaly archive. A phase that runs with jitter drives
all features of a recording, and each has a waveform of its own. The first part is as
it should be, the second has one to three faults in one feature, or in two.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]  # (n_timesteps, n_features)

N_TRAIN, N_TEST = 2000, 2000
N_FEATURES = 5


class Recording(NamedTuple):
    """A part to learn from and a part to judge, with what is wrong in it by step."""

    name: str
    fault: str
    train: Values
    test: Values
    labels: NDArray[np.bool_]  # (n_timesteps,): of `test`


def recordings(seeds: tuple[int, ...], n_features: int) -> Iterator[Recording]:
    """One for each seed, kind of signal and family of faults."""
    for seed in seeds:
        for kind, fault in product(SIGNALS, FAULTS):
            if n_features == 1 and fault == "swapped":
                continue
            rng = np.random.default_rng([seed, n_features, *f"{kind} {fault}".encode()])
            period = int(rng.integers(24, 100))
            x = SIGNALS[kind](N_TRAIN + N_TEST, n_features, period, rng)
            name = f"{kind}, {fault}, {n_features} features, seed {seed}"
            yield planted(name, fault, x, N_TRAIN, period, rng)


def planted(
    name: str,
    fault: str,
    x: Values,
    n_train: int,
    period: int,
    rng: np.random.Generator,
) -> Recording:
    """Put faults into the second part of a recording."""
    train, test = x[:n_train], x[n_train:].copy()
    labels = np.zeros(len(test), bool)
    n_faults = int(rng.integers(1, 4))
    room = (len(test) - 2 * period) // n_faults
    for i in range(n_faults):
        length = max(1, round(LENGTHS[fault](rng) * period))
        first = period + i * room + int(rng.integers(0, max(1, room - length - period)))
        stretch = slice(first, first + length)
        n_columns = 2 if fault == "swapped" else int(rng.integers(1, 3))
        columns = rng.permutation(x.shape[1])[:n_columns]
        scale = train.std(axis=0)[columns]
        faulty = FAULTS[fault](test[:, columns], stretch, scale, period, rng)
        test[stretch, columns] = faulty[stretch]
        labels[stretch] = True
    return Recording(name, fault, train, test, labels)


# Signals ------------------------------------------------------------------------------


def _phase(n: int, period: int, jitter: float, rng: np.random.Generator) -> Values:
    """Cycles since the start: each takes its own time."""
    n_cycles = 2 * n // period + 4
    lengths = period * (1 + jitter * rng.standard_normal(n_cycles)).clip(0.5, 2)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    at = np.arange(n) + rng.uniform(0, period)
    return np.interp(at, ends, np.arange(n_cycles + 1))


def _smooth(n: int, period: int, rng: np.random.Generator) -> Values:
    """Slow random curve of standard deviation 1."""
    knots = rng.standard_normal(n // (5 * period) + 3)
    return np.interp(np.linspace(0, len(knots) - 1, n), np.arange(len(knots)), knots)


def _beats(n: int, n_features: int, period: int, rng: np.random.Generator) -> Values:
    """Heart beats: five bumps a cycle on a wandering level."""
    cycles = _phase(n, period, 0.03, rng)
    size = 1 + 0.05 * _smooth(n, period, rng)
    place = np.array([0.2, 0.36, 0.4, 0.44, 0.65])
    width = np.array([0.03, 0.015, 0.015, 0.015, 0.05])
    columns = []
    for _ in range(n_features):
        height = [0.15, -0.15, 1, -0.25, 0.3] * rng.uniform(0.5, 1.5, 5)
        height *= rng.choice([-1, 1])
        within = (cycles + rng.uniform(-0.1, 0.1))[:, None] % 1
        waves = np.exp(-0.5 * ((within - place) / (width + 0.01)) ** 2) @ height
        noise = 0.03 * rng.standard_normal(n)
        columns.append(size * waves + 0.05 * _smooth(n, period, rng) + noise)
    return np.stack(columns, 1)


def _machine(n: int, n_features: int, period: int, rng: np.random.Generator) -> Values:
    """Four harmonics, and one oscillation that is none."""
    cycles = _phase(n, period, 0.01, rng)
    other = np.sin(2 * np.pi * np.arange(n) / (period * rng.uniform(0.27, 0.36)))
    columns = []
    for _ in range(n_features):
        sines = [
            rng.uniform(0.3, 1) / k * np.sin(2 * np.pi * (k * cycles + rng.uniform()))
            for k in (1, 2, 3, 4)
        ]
        noise = 0.1 * rng.standard_normal(n)
        columns.append(sum(sines) + rng.uniform(0, 0.3) * other + noise)
    return np.stack(columns, 1)


def _load(n: int, n_features: int, period: int, rng: np.random.Generator) -> Values:
    """Days with two humps, on two days of seven lower ones."""
    cycles = np.arange(n) / period
    week = np.where(np.floor(cycles) % 7 < 5, 1.0, rng.uniform(0.4, 0.7))
    weather = _smooth(n, period, rng)
    columns = []
    for _ in range(n_features):
        place, width = rng.uniform([0.25, 0.65], [0.4, 0.8]), rng.uniform(0.05, 0.12, 2)
        humps = np.exp(-0.5 * ((cycles[:, None] % 1 - place) / width) ** 2)
        level = humps @ rng.uniform(0.5, 1.2, 2) * week + 0.1 * weather
        columns.append(level + 0.06 * rng.standard_normal(n))
    return np.stack(columns, 1)


def _breath(n: int, n_features: int, period: int, rng: np.random.Generator) -> Values:
    """Oscillation of changing depth and rate; one feature sums up two others."""
    cycles = _phase(n, period, 0.12, rng)
    depth = 1 + 0.25 * _smooth(n, period, rng)
    columns = []
    for _ in range(n_features):
        bent = cycles + 0.08 * np.sin(2 * np.pi * cycles) + rng.uniform(0, 0.3)
        noise = 0.08 * rng.standard_normal(n)
        columns.append(depth * np.sin(2 * np.pi * bent) * rng.uniform(0.5, 1) + noise)
    if n_features > 2:
        columns[-1] = columns[0] + columns[1] + 0.05 * rng.standard_normal(n)
    return np.stack(columns, 1)


SIGNALS: dict[str, Callable[..., Values]] = {
    "beats": _beats,
    "machine": _machine,
    "load": _load,
    "breath": _breath,
}


# Faults -------------------------------------------------------------------------------
# Each takes all of the features that it is in, where it is, their standard deviations,
# the period and a generator of random numbers. What is outside of the stretch is not
# used.


def _spike(
    x: Values, at: slice, scale: Values, period: int, rng: np.random.Generator
) -> Values:
    """Jump by one to three standard deviations, for up to three steps."""
    return x + rng.choice([-1, 1]) * rng.uniform(1, 3) * scale


def _flat(
    x: Values, at: slice, scale: Values, period: int, rng: np.random.Generator
) -> Values:
    """Stay where it is, with a little noise."""
    return x[at.start] + 0.02 * scale * rng.standard_normal(x.shape)


def _shifted(
    x: Values, at: slice, scale: Values, period: int, rng: np.random.Generator
) -> Values:
    """Run ahead, or late, by up to a fifth or two of a period."""
    length = at.stop - at.start
    by = rng.choice([-1, 1]) * rng.uniform(0.2, 0.4) * period
    shift = np.zeros(len(x))
    shift[at] = by * np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 2
    steps = np.arange(len(x))
    return np.stack([np.interp(steps + shift, steps, column) for column in x.T], 1)


def _scaled(
    x: Values, at: slice, scale: Values, period: int, rng: np.random.Generator
) -> Values:
    """Swing less, or more, around its mean."""
    factor = rng.choice([rng.uniform(0.4, 0.7), rng.uniform(1.3, 1.6)])
    return x.mean(axis=0) + factor * (x - x.mean(axis=0))


def _missing(
    x: Values, at: slice, scale: Values, period: int, rng: np.random.Generator
) -> Values:
    """Leave one cycle out: a straight line, with noise."""
    filled, n = x.copy(), at.stop - at.start
    ends = x[at.start], x[min(at.stop, len(x) - 1)]
    filled[at] = np.linspace(*ends, n) + 0.05 * scale * rng.standard_normal((n, 1))
    return filled


def _drift(
    x: Values, at: slice, scale: Values, period: int, rng: np.random.Generator
) -> Values:
    """Leave the level by up to half or all of a standard deviation, and come back."""
    rise = np.zeros(len(x))
    rise[at] = 1 - np.abs(np.linspace(-1, 1, at.stop - at.start))
    return x + rng.choice([-1, 1]) * rng.uniform(0.5, 1) * rise[:, None] * scale


def _swapped(
    x: Values, at: slice, scale: Values, period: int, rng: np.random.Generator
) -> Values:
    """Exchange two features."""
    return x[:, ::-1]


FAULTS: dict[str, Callable[..., Values]] = {
    "spike": _spike,
    "flat": _flat,
    "phase": _shifted,
    "amplitude": _scaled,
    "missing beat": _missing,
    "drift": _drift,
    "swapped": _swapped,
}

# How long they last, in periods
LENGTHS: dict[str, Callable[[np.random.Generator], float]] = {
    "spike": lambda rng: rng.uniform(0, 0.05),
    "flat": lambda rng: rng.uniform(0.3, 1),
    "phase": lambda rng: rng.uniform(1, 2),
    "amplitude": lambda rng: rng.uniform(1, 2),
    "missing beat": lambda rng: 1.0,
    "drift": lambda rng: rng.uniform(1, 3),
    "swapped": lambda rng: rng.uniform(1, 2),
}
