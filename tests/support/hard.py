"""Sequences whose numbers are hard to compute with."""

import numpy as np


def with_constant(X):
    return [np.column_stack([x[:, 0], np.full(len(x), 7.5)]) for x in X]


HARD = {
    "1e30": lambda X: [1e30 * x for x in X],
    "1e-30": lambda X: [1e-30 * x for x in X],
    "1e30 beside 1e-30": lambda X: [x * [1e30, 1e-30] for x in X],
    "1e-300": lambda X: [1e-300 * x for x in X],
    "offset of 1e9": lambda X: [x + 1e9 for x in X],
    "a constant feature": with_constant,
    "all equal": lambda X: [np.full_like(x, 0.1) for x in X],
    "one sequence": lambda X: X[:1],
    "one step each": lambda X: [x[:1] for x in X],
    "one sequence of one step": lambda X: [X[0][:1]],
    "an outlier": lambda X: [*X, 1e15 * X[0]],
}
