"""The scaler of an estimator, in a graph."""

from __future__ import annotations

from typing import Any

from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

from sklearn_seqae._onnx import ops
from sklearn_seqae._onnx.graph import Tensor

# Fitted attributes: what is subtracted, the divisor
SHIFT_AND_DIVISOR = {
    StandardScaler: ("mean_", "scale_"),
    RobustScaler: ("center_", "scale_"),
    MaxAbsScaler: (None, "scale_"),
}


def check_scaler(scaler: Any) -> None:
    """Check that a graph can scale as a fitted scaler does.

    Raises
    ------
    ValueError
        If it can't.
    """
    known = (*SHIFT_AND_DIVISOR, MinMaxScaler)
    if scaler is not None and type(scaler) not in known:
        names = ", ".join(sorted(cls.__name__ for cls in known))
        raise ValueError(
            f"the scaler is a {type(scaler).__name__}, which can't be written to an "
            f"ONNX file; expected one of {names}, or None. Fit with one of these."
        )


def scale(scaler: Any, values: Tensor) -> Tensor:
    """Scale values, float64, with NaN where one is missing."""
    if scaler is None:
        return values
    if type(scaler) is MinMaxScaler:
        scaled = values * scaler.scale_ + scaler.min_
        return ops.clip(scaled, *scaler.feature_range) if scaler.clip else scaled
    shift, divisor = _shift_and_divisor(scaler)
    values = values if shift is None else values - shift
    return values if divisor is None else values / divisor


def unscale(scaler: Any, scaled: Tensor) -> Tensor:
    """Undo `scale`."""
    if scaler is None:
        return scaled
    if type(scaler) is MinMaxScaler:
        return (scaled - scaler.min_) / scaler.scale_
    shift, divisor = _shift_and_divisor(scaler)
    scaled = scaled if divisor is None else scaled * divisor
    return scaled if shift is None else scaled + shift


def _shift_and_divisor(scaler: Any) -> tuple[Any, Any]:
    """Return the two by feature; None where the scaler has none."""
    shift, divisor = SHIFT_AND_DIVISOR[type(scaler)]
    return (None if shift is None else getattr(scaler, shift)), getattr(scaler, divisor)
