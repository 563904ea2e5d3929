"""What any room may use; here, the small things."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import update_wrapper
from importlib import import_module
from types import MethodType, ModuleType
from typing import Any, TypeVar

import numpy as np
from sklearn.utils import check_random_state

INSIDE = ("sklearn", "sklearn_seqae")
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
    """Bring random generators back to where they were if the block raises an error."""
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


def available_if(*checks: Callable[[Any], None]) -> Callable[[Callable], Any]:
    """Make a method available only where all checks of the estimator pass.

    As scikit-learn's decorator of this name, but the error that a user sees is that of
    a check, with its reason.
    """
    return lambda method: _AvailableIf(method, checks)


class _AvailableIf:
    """Descriptor that checks before it binds the method."""

    def __init__(self, method: Callable, checks: tuple[Callable, ...]) -> None:
        self._method, self._checks = method, checks
        wrapper: Any = self
        update_wrapper(wrapper, method)

    def __get__(self, estimator: Any, owner: type | None = None) -> Any:
        if estimator is None:  # for documentation
            return self._method
        for check in self._checks:
            check(estimator)
        return MethodType(self._method, estimator)


def comes_from(X: Any, library: str, *names: str) -> bool:
    """Return whether `X` is an instance of a library's class, without importing it.

    Of a subclass, too. The library is a module of the top level, such as "polars".
    """
    return any(
        cls.__name__ in names and cls.__module__.partition(".")[0] == library
        for cls in type(X).__mro__
    )


def require(library: str, purpose: str) -> ModuleType:
    """Import an optional library, or raise an error that says how to install it."""
    try:
        return import_module(library)
    except ImportError as error:
        raise ImportError(
            f"{purpose} needs {library}, which is not installed; install it with: "
            f"pip install {library}"
        ) from error


def warn_user(message: str) -> None:
    """Warn at the line that called into scikit-learn or this package."""
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals["__name__"].partition(".")[0] in INSIDE:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, UserWarning, stacklevel=level)


def warn_of_ignored_rate(estimator: Any) -> None:
    """Warn of a learning rate beside an optimizer instance, which has its own."""
    optimizer, rate = estimator.optimizer, estimator.learning_rate
    by_name = isinstance(optimizer, (str, type))
    default = inspect.signature(type(estimator)).parameters["learning_rate"].default
    if not by_name and rate is not default and rate != default:
        warn_user(
            f"learning_rate={rate!r} is ignored: optimizer is an instance of "
            f"{type(optimizer).__name__}, which has its own; set it there, or pass the "
            "optimizer by name or class."
        )
