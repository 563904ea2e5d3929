"""An estimator as it is saved: plain values, arrays, and their checksums.

pickle, joblib, skops and `copy` write what ``__getstate__`` returns, and `unpacked`
reads it, once all of it is checked. It names no class of ours but the estimator's, so
files outlive changes of the rest.

New fields and parameters with defaults need no new format. For any other change, raise
`FORMAT` and add to `MIGRATIONS` how a state of the last format becomes a new one.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import Tags

from sklearn_seqae._containers.gate import FeaturesIn
from sklearn_seqae._fitted.migrations import MIGRATIONS, NAMES, Attributes
from sklearn_seqae._utils.checksums import Checksum, checksum
from sklearn_seqae._utils.plain import from_plain, to_plain

FORMAT = 2
HEADER = "_saved"  # stands beside the attributes
OF_KERAS = ("optimizer", "learning_rate")  # parameters that may be objects of Keras
CONFIGURED = "keras"  # marks a dict that was one
DAMAGED = ArithmeticError, AttributeError, LookupError, TypeError, ValueError
UNCHECKED = ("callbacks", "_skl_callbacks")  # anybody's objects
# scikit-learn's, while a fit goes on
OF_FIT = {"_callback_fit_ctx", "_parent_callback_ctx", "_skl_callbacks_to_teardown"}


class SequenceEstimator(FeaturesIn, BaseEstimator):
    """An estimator that is saved as plain values, and checked when it is loaded."""

    # What `fit` sets, each attribute with the hint for `from_plain`, or `object` for
    # what is saved as it is. A fitted estimator has all
    _saved_as: ClassVar[Mapping[str, Any]]
    _made_again: ClassVar[tuple[str, ...]] = ()  # attributes that are not saved

    @classmethod
    def _check_fitted(cls, attributes: Mapping[str, Any]) -> None:
        """Raise a ValueError or LookupError if what was fitted doesn't fit together."""

    def __getstate__(self) -> Attributes:
        """Return attributes as they are saved, with a header beside them."""
        state: Any = super().__getstate__()
        left_out = OF_FIT.union(self._made_again)
        plain = {
            name: _packed(name, value, self._saved_as.get(name, object))
            for name, value in state.items()
            if name not in left_out
        }
        sums = {n: _checksum(n, part) for n, part in _parts(plain).items()}
        versions = {"sklearn_seqae": version("sklearn-seqae")}
        for each in sums.values():
            versions |= each.versions
        digests = {name: each.digest for name, each in sums.items()}
        header = {"format": FORMAT, "versions": versions, "sha256": digests}
        return plain | {HEADER: header}

    def __setstate__(self, state: Attributes) -> None:
        super().__setstate__(unpacked(state, type(self)))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.three_d_array = True
        return tags


def unpacked(saved: Any, cls: type[SequenceEstimator]) -> Attributes:
    """Return the attributes of a state, as they were before it was saved.

    Parameters that the file doesn't have get the defaults of the class. Raise if the
    file was changed, holds what doesn't fit together, or is of a later release.
    """
    _check_format(saved, cls)
    try:
        plain = _as_written(saved)
        for n in range(saved[HEADER]["format"], FORMAT):
            plain = MIGRATIONS[n](plain)
        attributes = {
            name: _unpacked(name, value, cls._saved_as.get(name, object))
            for name, value in plain.items()
        }
        parameters = inspect.signature(cls).parameters.values()
        defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        attributes = {**defaults, **attributes}
        absent = [name for name in cls._saved_as if name not in attributes]
        if len(absent) < len(cls._saved_as):  # all was fitted, or nothing
            if absent:
                raise ValueError(f"{absent[0]} is absent")
            cls._check_fitted(attributes)
    except DAMAGED as error:
        reason = str(error) if type(error) is ValueError else repr(error)
        raise ValueError(
            f"this {cls.__name__} can't be loaded, since it is not as it was saved: "
            f"{reason}. The file was damaged or edited; save the estimator again."
        ) from error
    return attributes


def _check_format(saved: Any, cls: type) -> None:
    """Check that this release can read what was saved."""
    header: Any = saved.get(HEADER) if isinstance(saved, Mapping) else None
    known = header.get("format") if isinstance(header, Mapping) else None
    if type(known) is not int or known < 1:
        raise ValueError(
            f"this {cls.__name__} can't be loaded: it has no header that says how it "
            "was saved. The file was damaged or edited; save the estimator again."
        )
    if known > FORMAT:
        raise ValueError(
            f"this {cls.__name__} can't be loaded: a later release of sklearn_seqae "
            f"saved it, in format {known}, and this one reads formats up to {FORMAT}; "
            "update sklearn_seqae."
        )


def _as_written(saved: Attributes) -> Attributes:
    """Return what was saved, without its header, if it is what was written."""
    plain = {name: value for name, value in saved.items() if name != HEADER}
    digests, versions = saved[HEADER]["sha256"], saved[HEADER]["versions"]
    parts = _parts(plain)
    for name in sorted({*digests, *parts}):
        if name not in parts or name not in digests:
            raise ValueError(f"{name} is {'absent' if name in digests else 'unknown'}")
        found = _checksum(name, parts[name])
        # Estimators of another release of their library may have other attributes.
        same = all(versions.get(key) == now for key, now in found.versions.items())
        if same and found.digest != digests[name]:
            raise ValueError(f"the checksum of {name} is another")
    return plain


def _parts(plain: Attributes) -> Attributes:
    """Return what has a checksum of its own: attributes, and estimators within them.

    The checksum of an estimator counts for the version that wrote it only.
    """
    parts: Attributes = {}

    def cut(path: str, value: Any) -> Any:
        if isinstance(value, BaseEstimator):
            parts[path] = value
            return None
        if isinstance(value, dict):
            return {key: cut(f"{path}.{key}", each) for key, each in value.items()}
        return value

    for name, value in plain.items():
        if name not in UNCHECKED:
            whole = cut(name, value)
            parts.setdefault(name, whole)
    return parts


def _checksum(name: str, plain: Any) -> Checksum:
    """Return the checksum of an attribute.

    It is of the name, too: a pickle has a name once, though it is in the header, too.
    """
    if isinstance(plain, SequenceEstimator):  # it has checksums of its own
        header = plain.__getstate__()[HEADER]
        own = checksum((name, header["sha256"]))
        return Checksum(own.digest, header["versions"])
    return checksum((name, plain))


def _packed(name: str, value: Any, hint: Any) -> Any:
    if hint is not object:
        return to_plain(value)
    if isinstance(value, np.ndarray) and value.dtype == object:
        return {NAMES: value.tolist()}
    cls = value if isinstance(value, type) else type(value)
    if name in OF_KERAS and cls.__module__.partition(".")[0] == "keras":
        from sklearn_seqae._keras.optimizers import to_config

        config = to_config(value)
        return value if config is None else {CONFIGURED: config}
    return value


def _unpacked(name: str, plain: Any, hint: Any) -> Any:
    if hint is not object:
        return from_plain(hint, plain, name)
    if isinstance(plain, dict) and set(plain) == {NAMES}:
        return np.array(plain[NAMES], object)
    if name in OF_KERAS and isinstance(plain, dict):
        from sklearn_seqae._keras.optimizers import from_config

        return from_config(plain[CONFIGURED])
    return plain
