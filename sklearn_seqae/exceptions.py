"""Exceptions of the package, beside those of Python and scikit-learn."""

__all__ = ["InvalidSequenceError"]


class InvalidSequenceError(ValueError):
    """Error for a sequence that is empty, all missing, infinite or of another width.

    It is a `ValueError`, so code written for scikit-learn catches it.

    Examples
    --------
    >>> from sklearn_seqae.exceptions import InvalidSequenceError
    >>> issubclass(InvalidSequenceError, ValueError)
    True
    """


def _count(n: int, noun: str) -> str:
    """Return "1 feature", "2 features", for messages."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
