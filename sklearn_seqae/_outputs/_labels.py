"""Labels of columns."""

from dataclasses import replace
from itertools import count, islice
from typing import Any

from sklearn_seqae._inputs._container import Container


def container_ahead(container: Container, n_timesteps: int) -> Container:
    """Return the container of what comes next, ``n_timesteps`` of each sequence.

    A table of rows is as wide as that, with labels that follow those of its columns.
    """
    if not container.tabular:
        return container
    known = list(container.columns or range(container.n_columns or 0))
    return replace(
        container,
        n_columns=n_timesteps,
        columns=tuple(further_labels(known, n_timesteps)),
        column_names=container.column_names[:1],
    )


def further_labels(known: list[Any], n: int) -> list[Any]:
    """Return n new labels: integers go on counting, strings stay strings."""
    if all(isinstance(label, int) for label in known):
        start = max(known, default=-1) + 1
        return list(range(start, start + n))
    # scikit-learn refuses a mixture of strings and numbers.
    as_label = str if all(isinstance(label, str) for label in known) else int
    positions = (as_label(position) for position in count(len(known)))
    return list(islice((label for label in positions if label not in known), n))
