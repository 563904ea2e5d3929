"""Exceptions that the package raises beyond Python's and scikit-learn's own."""

__all__ = ["InvalidSequenceError"]


class InvalidSequenceError(ValueError):
    """A sequence can't be used: empty, all missing, infinite, of another width.

    It is a `ValueError`, so code written for scikit-learn catches it as it is.

    Examples
    --------
    >>> from sklearn_seqae.exceptions import InvalidSequenceError
    >>> issubclass(InvalidSequenceError, ValueError)
    True
    """


def _count(n: int, noun: str) -> str:
    """Return "1 feature", "2 features", for messages."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
