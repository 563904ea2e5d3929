"""Methods that an estimator has only with certain parameters."""

from collections.abc import Callable
from functools import update_wrapper
from types import MethodType
from typing import Any


def available_if(check: Callable[[Any], None]) -> Callable[[Callable[..., Any]], Any]:
    """Make a method available only where a check of the estimator passes.

    As scikit-learn's decorator of this name, but the error that a user sees is that of
    ``check``, which takes the estimator and raises an AttributeError. scikit-learn
    raises another, without the reason, from it.
    """
    return lambda method: _AvailableIf(method, check)


class _AvailableIf:
    """Descriptor that checks before it binds the method."""

    def __init__(
        self, method: Callable[..., Any], check: Callable[[Any], None]
    ) -> None:
        self._method = method
        self._check = check
        wrapper: Any = self
        update_wrapper(wrapper, method)

    def __get__(self, estimator: Any, owner: type | None = None) -> Any:
        if estimator is None:  # for documentation
            return self._method
        self._check(estimator)
        return MethodType(self._method, estimator)
