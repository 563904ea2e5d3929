"""A fit that fails leaves no trace, and other threads see whole fits only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
from sklearn.utils import check_random_state

Estimator = TypeVar("Estimator", bound=Any)


def own_random_state(random_state: Any) -> np.random.RandomState:
    """Return a random generator; None takes a new seed from the system.

    `check_random_state` would take NumPy's global generator, which others use.
    """
    if random_state is None:
        return np.random.RandomState()
    return check_random_state(random_state)


def snapshot(estimator: Estimator) -> Estimator:
    """Return a shallow copy: an estimator that no other thread fits meanwhile."""
    copy: Estimator = object.__new__(type(estimator))
    copy.__dict__.update(estimator.__dict__)  # at once, as seen from other threads
    return copy


@contextmanager
def drawn_back_on_error(*generators: Any) -> Iterator[None]:
    """Bring random generators back to where they were if the block raises an error.

    What is no RandomState is passed over.
    """
    drawn = [
        (generator, generator.get_state())
        for generator in generators
        if isinstance(generator, np.random.RandomState)
    ]
    try:
        yield
    except BaseException:
        for generator, state in drawn:
            generator.set_state(state)
        raise
