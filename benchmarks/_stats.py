"""Medians with ranges, and ratios made round by round."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Summary:
    """The median of a few rounds with their range."""

    median: float
    low: float
    high: float
    n: int


def summarize(values: Sequence[float]) -> Summary:
    """Median, smallest, largest and number of the values; none is an error."""
    if not values:
        raise ValueError("there are 0 rounds, but a summary needs at least 1.")
    return Summary(statistics.median(values), min(values), max(values), len(values))


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """Ratio of each round, for the rounds that both took part in.

    A ratio of medians would mix rounds, and with them the drift of the machine's
    speed; a ratio inside a round compares two neighbours in time.
    """
    return [top / bottom for top, bottom in zip(numerators, denominators, strict=False)]


def significant(value: float, digits: int = 3) -> str:
    """The value with so many significant digits, never in exponent form.

    >>> significant(0.012345), significant(12.345), significant(12345.6)
    ('0.0123', '12.3', '12,346')
    """
    if value == 0 or not math.isfinite(value):
        return str(value)
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{decimals}f}"
