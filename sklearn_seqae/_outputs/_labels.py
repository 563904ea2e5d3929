"""Labels of columns."""

from itertools import count, islice
from typing import Any


def further_labels(known: list[Any], n: int) -> list[Any]:
    """Return n new labels: integers go on counting, strings stay strings."""
    if all(isinstance(label, int) for label in known):
        start = max(known, default=-1) + 1
        return list(range(start, start + n))
    # scikit-learn refuses a mixture of strings and numbers.
    as_label = str if all(isinstance(label, str) for label in known) else int
    positions = (as_label(position) for position in count(len(known)))
    return list(islice((label for label in positions if label not in known), n))
