"""Labels of columns, and other facts that writers share."""

from dataclasses import replace
from itertools import count, islice
from typing import Any

from sklearn_seqae._containers.kinds import Container

PURPOSE = "Giving sequences back as fit saw them"


def container_ahead(container: Container, n_timesteps: int) -> Container:
    """Return the container of the ``n_timesteps`` that follow each sequence.

    A table of rows gets that many columns. Their labels follow those that it had.
    """
    if not container.tabular:
        return container
    known = list(container.columns or range(container.n_columns or 0))
    return replace(
        container,
        n_columns=n_timesteps,
        columns=tuple(_further_labels(known, n_timesteps)),
        column_names=container.column_names[:1],
    )


def column_labels(container: Container, width: int) -> list[Any]:
    """Return the labels that came in, and new ones up to `width`."""
    known = list(container.columns or ())
    return known + _further_labels(known, width - len(known))


def _further_labels(known: list[Any], n: int) -> list[Any]:
    """Return n new labels: integers go on counting, strings stay strings."""
    if all(isinstance(label, int) for label in known):
        start = max(known, default=-1) + 1
        return list(range(start, start + n))
    # scikit-learn refuses a mixture of strings and numbers.
    as_label = str if all(isinstance(label, str) for label in known) else int
    positions = (as_label(position) for position in count(len(known)))
    return list(islice((label for label in positions if label not in known), n))
