"""Arrays of awkward."""

from typing import Any

from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.writers.arrays import values_of
from sklearn_seqae._containers.writers.categories import as_objects
from sklearn_seqae._containers.writers.labels import PURPOSE
from sklearn_seqae._utils.libraries import require


def to_awkward(ragged: RaggedArray, container: Container) -> Any:
    """Return an awkward array with a fixed number of features."""
    ak = require("awkward", PURPOSE)
    levels = container.levels[0] if container.levels else None
    if levels is not None:
        text = as_objects(ragged.values[:, 0], levels).tolist()
        return ak.unflatten(ak.Array(text), ragged.lengths)
    return ak.unflatten(values_of(ragged, container), ragged.lengths)
