"""Methods that an estimator has only with certain parameters."""

from collections.abc import Callable
from functools import update_wrapper
from types import MethodType
from typing import Any


def available_if(check: Callable[[Any], None]) -> Callable[[Callable[..., Any]], Any]:
    """Make a method available only where a check of the estimator passes.

    As scikit-learn's decorator of this name, but the error that a user sees is that of
    the check. scikit-learn raises another, without the reason, from it.

    Parameters
    ----------
    check : callable
        Takes the estimator, and raises AttributeError if the method is not available.

    Returns
    -------
    callable
        Decorator of a method.

    Examples
    --------
    >>> from sklearn_seqae._utils.available import available_if
    >>> def has_answer(oracle):
    ...     if oracle.answer is None:
    ...         raise AttributeError("ask is not available: set answer.")
    >>> class Oracle:
    ...     answer = None
    ...
    ...     @available_if(has_answer)
    ...     def ask(self):
    ...         return self.answer
    >>> oracle = Oracle()
    >>> oracle.ask()
    Traceback (most recent call last):
        ...
    AttributeError: ask is not available: set answer.
    >>> oracle.answer = 42
    >>> oracle.ask()
    42
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
