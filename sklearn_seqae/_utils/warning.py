"""Warnings at the line of the user."""

import inspect
import sys
import warnings
from typing import Any

INSIDE = ("sklearn", "sklearn_seqae")


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
