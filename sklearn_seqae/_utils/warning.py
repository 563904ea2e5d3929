"""Warnings at the line of the user."""

import sys
import warnings

INSIDE = ("sklearn", "sklearn_seqae")


def warn_user(message: str) -> None:
    """Warn at the line that called into scikit-learn or this package.

    Parameters
    ----------
    message : str
    """
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals["__name__"].partition(".")[0] in INSIDE:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, UserWarning, stacklevel=level)
