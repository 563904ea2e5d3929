"""A checksum of plain values, NumPy arrays and scikit-learn estimators.

It depends on values only, not on how a file holds them. That of an estimator also
depends on the library that it is from, so the versions come with it.
"""

import hashlib
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

PRIMITIVES = (bool, int, float, str, bytes)


class Checksum(NamedTuple):
    digest: str  # SHA-256, in hexadecimal
    versions: dict[str, str]  # of each library with estimators in the value


def checksum(value: Any) -> Checksum:
    """Return the checksum of a value, as `_Walk` feeds it to a hash.

    Of an object that is none of its kinds only the place counts, not what it holds.

    >>> checksum([1, 2.5]) == checksum([1, 2.5])
    True
    >>> checksum([1, 2.5]) == checksum([1.0, 2.5])
    False
    """
    walk = _Walk()
    walk.add(value)
    return Checksum(walk.sha.hexdigest(), walk.versions)


class _Walk:
    """Feed all that is in a value to a hash."""

    def __init__(self) -> None:
        self.sha = hashlib.sha256()
        self.versions: dict[str, str] = {}
        self._entered: set[int] = set()  # estimators, which may refer to themselves

    def add(self, value: Any) -> None:
        if isinstance(value, np.generic | np.ndarray):
            self._add_array(np.asarray(value))
        elif value is None or isinstance(value, PRIMITIVES):
            kind = next((k.__name__ for k in PRIMITIVES if isinstance(value, k)), "")
            self._note(f"{kind} {value!r}")
        elif isinstance(value, list | tuple):
            self._add_all("list" if isinstance(value, list) else "tuple", value)
        elif isinstance(value, set | frozenset):
            self._add_all("set", sorted(checksum(each).digest for each in value))
        elif isinstance(value, dict):
            self._add_all("dict", [x for item in value.items() for x in item])
        elif isinstance(value, np.random.RandomState):
            self.add(value.get_state(legacy=False))
        elif hasattr(value, "get_params") and not isinstance(value, type):
            self._add_estimator(value)
        else:
            self._note("object")

    def _note(self, text: str) -> None:
        data = text.encode("utf-8", "surrogatepass")
        self.sha.update(len(data).to_bytes(8, "little") + data)

    def _add_all(self, kind: str, values: Sequence[Any]) -> None:
        self._note(f"{kind} of {len(values)}")
        for value in values:
            self.add(value)

    def _add_array(self, array: NDArray[Any]) -> None:
        self._note(f"array {array.dtype.str} {array.shape}")
        if array.dtype.kind in "biufcmMSUV" and not array.dtype.hasobject:
            self.sha.update(array.tobytes())
        else:
            self.add(array.tolist())

    def _add_estimator(self, estimator: Any) -> None:
        self._note("estimator")
        if id(estimator) in self._entered:
            return
        self._entered.add(id(estimator))
        library = type(estimator).__module__.partition(".")[0]
        version = getattr(sys.modules.get(library), "__version__", "")
        self.versions[library] = str(version)
        self._note(type(estimator).__qualname__)
        self.add(dict(sorted(vars(estimator).items())))
