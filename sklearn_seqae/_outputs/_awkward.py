"""Arrays of awkward."""

from typing import Any

from sklearn_seqae._containers import Container
from sklearn_seqae._libraries import require
from sklearn_seqae._outputs._arrays import values_of
from sklearn_seqae._outputs._categories import as_objects
from sklearn_seqae._outputs._labels import PURPOSE
from sklearn_seqae._ragged import RaggedArray


def to_awkward(ragged: RaggedArray, container: Container) -> Any:
    """Return an awkward array with a fixed number of features."""
    ak = require("awkward", PURPOSE)
    levels = container.levels[0] if container.levels else None
    if levels is not None:
        text = as_objects(ragged.values[:, 0], levels).tolist()
        return ak.unflatten(ak.Array(text), ragged.lengths)
    return ak.unflatten(values_of(ragged, container), ragged.lengths)
