"""Plain values are held to the type hints of fields, and to nothing else."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sklearn_seqae._utils.plain import Positive, PositiveFloats, from_plain, to_plain


@dataclass(frozen=True)
class Fitted:
    has_scale: bool
    log_scale: float
    by_feature: tuple[tuple[Positive, ...], ...]
    variance: PositiveFloats
    width: Positive | None = None


HEALTHY = Fitted(False, 0.0, ((1.0, 0.5), (2.0,)), np.ones(2))


def test_what_fields_are_called_does_not_matter():
    found = from_plain(Fitted, to_plain(HEALTHY), "fitted")
    assert found.has_scale is False
    assert found.log_scale == 0.0
    assert found.by_feature == HEALTHY.by_feature
    assert from_plain(Fitted, to_plain(HEALTHY) | {"width": 2.0}, "it").width == 2.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("width", 0.0),
        ("width", -1.0),
        ("by_feature", ((1.0, 0.0), (2.0,))),
        ("by_feature", ((1.0,), (-2.0,))),
        ("variance", np.array([1.0, 0.0])),
    ],
)
def test_what_is_declared_positive_has_to_be(name, value):
    with pytest.raises(ValueError, match=rf"^fitted\.{name}.*expected a positive"):
        from_plain(Fitted, to_plain(HEALTHY) | {name: value}, "fitted")


@pytest.mark.parametrize(
    "label",
    [
        pd.Timestamp("2020-03-29 03:30", tz="Europe/Berlin"),
        pd.Timedelta("1ns"),
        pd.Period("2020Q2"),
        pd.Period("2020-01-06", "W-SUN"),
        pd.Interval(0.5, 2, "left"),
        pd.Interval(pd.Timestamp("2020"), pd.Timestamp("2021")),
        date(2020, 2, 29),
        ("a", pd.Timedelta("1D")),
    ],
)
def test_labels_come_back(label):
    plain = to_plain((label,))
    assert not any(type(x).__module__.startswith(("pandas", "datetime")) for x in plain)
    (found,) = from_plain(Any, plain, "labels")
    assert found == label
    assert type(found) is type(label)
