"""A fit is built on a copy of the estimator, which takes its result over at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

Estimator = TypeVar("Estimator", bound=Any)


def snapshot(estimator: Estimator) -> Estimator:
    """Return a shallow copy: an estimator that no other thread fits meanwhile."""
    copy: Estimator = object.__new__(type(estimator))
    copy.__dict__.update(estimator.__dict__)  # at once, as seen from other threads
    return copy


@contextmanager
def built_aside(estimator: Estimator, last: str) -> Iterator[Estimator]:
    """Fit a copy, which the estimator takes over when the block ends.

    So nobody sees half a fit: no other thread and no callback that pickles the
    estimator. An error leaves the estimator as it was, its random generators included.

    Parameters
    ----------
    estimator : BaseEstimator instance
        The block must not change objects of it in place, but for random generators.
    last : str
        The attribute that a fit sets last. If it is set, a KeyboardInterrupt leaves the
        block with the fit taken over.

    Yields
    ------
    copy : BaseEstimator instance
        To be fitted.
    """
    copy = snapshot(estimator)
    before = copy.__dict__.get(last)
    drawn = [
        (value, value.get_state())
        for value in copy.__dict__.values()
        if isinstance(value, np.random.RandomState)
    ]
    try:
        yield copy
    except BaseException as error:
        is_fitted = copy.__dict__.get(last) is not before
        if isinstance(error, KeyboardInterrupt) and is_fitted:
            _take_over(estimator, copy)
        else:
            for generator, state in drawn:
                generator.set_state(state)
        raise
    _take_over(estimator, copy)


def _take_over(estimator: Any, copy: Any) -> None:
    """Replace all but the parameters, which may have been set meanwhile."""
    names = estimator.get_params(deep=False)
    own = {name: value for name, value in estimator.__dict__.items() if name in names}
    estimator.__dict__ = copy.__dict__ | own  # at once, as above
