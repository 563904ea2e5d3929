"""Methods that an estimator has only with certain parameters."""

from collections.abc import Callable
from functools import update_wrapper
from types import MethodType
from typing import Any


def available_if(*checks: Callable[[Any], None]) -> Callable[[Callable], Any]:
    """Make a method available only where all checks of the estimator pass.

    As scikit-learn's decorator of this name, but the error that a user sees is that of
    a check, which takes the estimator and raises an AttributeError. scikit-learn raises
    another, without the reason, from it.
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
