"""Dataclasses as plain values, builtins and NumPy arrays; and back, checked.

What is read is held to the type hints of the fields. So a new field needs no change
here, and a file from before there was one gives it its default.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd
from numpy.typing import NDArray

POSITIVE = "positive"  # marks the hint of numbers that something is divided by
Positive = Annotated[float, POSITIVE]
PositiveFloats = Annotated[NDArray[np.float64], POSITIVE]
AS_IT_IS = "as it is"  # marks the hint of an object of somebody else's
AsItIs = Annotated[Any, AS_IT_IS]

# Labels of columns that become a dict with this key: class, to plain values and back
LABELS: Mapping[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]]
LABELS = MappingProxyType(
    {
        "timestamp": (pd.Timestamp, lambda x: x.asm8, pd.Timestamp),
        "timedelta": (pd.Timedelta, lambda x: x.asm8, pd.Timedelta),
        "period": (
            pd.Period,
            lambda x: [x.ordinal, x.freqstr],
            lambda plain: pd.Period(ordinal=plain[0], freq=plain[1]),
        ),
        "interval": (
            pd.Interval,
            lambda x: [to_plain(x.left), to_plain(x.right), x.closed],
            lambda plain: pd.Interval(*_with_labels(plain)),
        ),
        "date": (date, date.isoformat, date.fromisoformat),
    }
)


def to_plain(value: Any) -> Any:
    """Return dataclasses as dicts by field, also those within containers.

    What is among `LABELS` becomes a dict as well. Other objects stay.
    """
    if is_dataclass(value) and not isinstance(value, type):
        hints = get_type_hints(type(value), include_extras=True)
        plain = {f.name: getattr(value, f.name) for f in fields(value)}
        return {n: x if hints[n] == AsItIs else to_plain(x) for n, x in plain.items()}
    if isinstance(value, dict):
        return {key: to_plain(each) for key, each in value.items()}
    if type(value) in (list, tuple):
        return type(value)(to_plain(each) for each in value)
    for key, (cls, as_plain, _) in LABELS.items():
        if type(value) is cls:
            zone = getattr(value, "tz", None)
            return {key: as_plain(value), "zone": None if zone is None else str(zone)}
    return value


def from_plain(hint: Any, plain: Any, name: str) -> Any:
    """Return what `to_plain` was given; ``name`` is its place, for messages.

    ``hint`` is a dataclass, or what its fields may be: a builtin, ``tuple``, ``list``
    and ``dict``, ``NDArray``, `Positive`, `AsItIs`, one of these or None, ``Any``.
    Raise if a value has another type than the hint says, a field is unknown or absent,
    a number isn't finite, or one that has to be positive isn't.
    """
    expected, arguments = get_origin(hint) or hint, get_args(hint)
    if hasattr(expected, "__value__"):  # NDArray, which newer NumPy makes by `type`
        return from_plain(expected.__value__[arguments], plain, name)
    if expected is Annotated:
        if AS_IT_IS in arguments:
            return plain
        found = from_plain(arguments[0], plain, name)
        if POSITIVE in arguments and not np.all(np.asarray(found) > 0):
            raise ValueError(f"{name} is {found}; expected a positive number")
        return found
    if expected in (Union, UnionType):
        if plain is None and NoneType in arguments:
            return None
        hint = next(each for each in arguments if each is not NoneType)
        return from_plain(hint, plain, name)
    if expected is Any:
        return _with_labels(plain)
    if is_dataclass(expected):
        return _dataclass(expected, plain, name)
    _check_type(expected, plain, name)
    if expected is np.ndarray:
        _check_array(get_args(arguments[1])[0], plain, name)
    elif expected is float and not np.isfinite(plain):
        raise ValueError(f"{name} is {plain}; expected a finite number")
    elif expected is dict:
        key, value = arguments
        return {
            from_plain(key, k, name): from_plain(value, v, f"{name}[{k!r}]")
            for k, v in plain.items()
        }
    elif expected in (list, tuple):
        numbered, each = enumerate(plain), arguments[0]
        return expected(from_plain(each, v, f"{name}[{i}]") for i, v in numbered)
    return plain


def _dataclass(cls: Any, plain: Any, name: str) -> Any:
    _check_type(dict, plain, name)
    known = {field.name: field for field in fields(cls)}
    unknown = [each for each in plain if each not in known]
    if unknown:
        raise ValueError(f"{name} has a field {unknown[0]!r}, which is unknown")
    hints, values = get_type_hints(cls, include_extras=True), {}
    for field_name, field in known.items():
        place = f"{name}.{field_name}"
        if field_name in plain:
            values[field_name] = from_plain(hints[field_name], plain[field_name], place)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"{place} is absent")
    return cls(**values)


def _check_type(expected: type, plain: Any, name: str) -> None:
    is_flag = isinstance(plain, bool) and expected is not bool
    if is_flag or not isinstance(plain, expected):
        raise ValueError(
            f"{name} is of type {type(plain).__name__}; expected {expected.__name__}"
        )


def _check_array(dtype: Any, array: NDArray[Any], name: str) -> None:
    """Check for numbers that are finite, of a dtype unless it is Any."""
    if array.dtype.kind not in "iuf" or (dtype is not Any and array.dtype != dtype):
        expected = "numbers" if dtype is Any else np.dtype(dtype).name
        raise ValueError(f"{name} has dtype {array.dtype}; expected {expected}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has a value that is not finite")


def _with_labels(plain: Any) -> Any:
    if isinstance(plain, Mapping):
        for key, (_, _, from_values) in LABELS.items():
            if set(plain) == {key, "zone"}:
                label, zone = from_values(plain[key]), plain["zone"]
                return (
                    label if zone is None else label.tz_localize("UTC").tz_convert(zone)
                )
        return {key: _with_labels(each) for key, each in plain.items()}
    if type(plain) in (list, tuple):
        return type(plain)(_with_labels(each) for each in plain)
    return plain
