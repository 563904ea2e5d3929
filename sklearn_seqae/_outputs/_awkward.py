"""Arrays of awkward."""

from typing import Any

from sklearn_seqae._inputs._container import Container
from sklearn_seqae._inputs._libraries import require
from sklearn_seqae._ragged import RaggedArray


def to_awkward(ragged: RaggedArray, container: Container) -> Any:
    """Return an awkward array, of fixed size along the features."""
    ak = require("awkward", "To give sequences back as fit saw them")
    values = ragged.values[:, 0] if container.univariate else ragged.values
    return ak.unflatten(values.astype(container.dtype), ragged.lengths)
