"""Recordings of beats, and faults of which it is known where and in what they are."""

import numpy as np

PERIOD, WINDOW = 24, 128
FAULTS = ("spike", "flat", "phase", "amplitude", "missing beat", "drift", "swapped")


def beats(n, n_features, seed):
    """Return a recording: each feature has a wave of its own, all one clock."""
    rng, own = np.random.default_rng(seed), np.random.default_rng(5)
    wander = np.cumsum(rng.standard_normal(n)) / np.sqrt(np.arange(1, n + 1))
    cycles = 2 * np.pi * np.cumsum(np.exp(0.03 * wander) / PERIOD)
    columns = []
    for _ in range(n_features):
        at = cycles + own.uniform(0, 2 * np.pi)
        sines = own.normal(size=2) @ [0.4 * np.sin(at), 0.3 * np.cos(2 * at)]
        x = 2 * np.exp(own.uniform(2, 12) * (np.cos(at) - 1)) + sines
        slow = np.sin(2 * np.pi * np.arange(n) / own.uniform(150, 400))
        noise = 0.08 * rng.standard_normal(n)
        columns.append(x / x.std() * (1 + 0.06 * slow) + 0.1 * slow + noise)
    return np.stack(columns, axis=1) * np.logspace(0, 1, n_features)


def windows(recording, step=20):
    return [recording[i : i + WINDOW] for i in range(0, len(recording) - WINDOW, step)]


def planted(recording, fault, rng):
    """Return a window with a fault, the features that it is in, and where it is."""
    n_features = recording.shape[1]
    first = int(rng.integers(len(recording) - 2 * WINDOW))
    x, scale = recording[first : first + WINDOW].copy(), recording.std(axis=0)
    n = {"spike": 2, "missing beat": PERIOD}.get(fault, int(rng.integers(24, 41)))
    start = int(rng.integers(4, WINDOW - n - 4))
    at, sign = slice(start, start + n), rng.choice([-1, 1])
    j, k = rng.permutation(max(n_features, 2))[:2] % n_features
    if fault == "spike":
        x[at, j] += 4 * sign * scale[j]
    elif fault == "flat":
        x[at, j] = x[start, j]
    elif fault == "phase":
        late = first + start + PERIOD // 2
        x[at, j] = recording[late : late + n, j]
    elif fault == "amplitude":
        mean = recording[:, j].mean()
        x[at, j] = mean + rng.choice([0.3, 1.8]) * (x[at, j] - mean)
    elif fault == "missing beat":
        noise = 0.08 * scale[j] * rng.standard_normal(n)
        x[at, j] = np.linspace(*x[[start, start + n], j], n) + noise
    elif fault == "drift":
        x[at, j] += sign * np.linspace(0, 2.5 * scale[j], n)
    else:
        x[at, [j, k]] = x[at, [k, j]] * (scale[[j, k]] / scale[[k, j]])
    return x, {int(j), int(k)} if fault == "swapped" else {int(j)}, at
