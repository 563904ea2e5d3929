"""Doubts about sequences that can be read, but hardly as they were meant."""

import re
from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers import checks
from sklearn_seqae._containers.readers.arrays import falling_times
from sklearn_seqae._containers.readers.misread import head_of, swapped_levels
from sklearn_seqae._utils import warn_user

_RARE = 0.1  # share of the steps inside that are as padding
_MANY = 1000  # sequences tell enough
_NUMBERED = re.compile(r"([A-Za-z][^\d]*?)[ _.\-]?(\d+)")
_ID = re.compile(r"(^|[^a-z])id(s|$|[^a-z])", re.I)
_NAN = 1e30  # stands for NaN, to compare it with itself
_CODE = re.compile(r"99+|32768|[1-9]\d{19,38}")  # of climate models; more is an error
_SHORT = 8  # steps of a row that may be the channels of a recording


def warn_of_doubts(
    X: Any, ragged: RaggedArray, container: Container, at_fit: bool
) -> None:
    """Warn if levels or axes of `X` seem swapped, or ids or padding to be features.

    After the fit, only padding is new.
    """
    frame = head_of(X) if at_fit and container.tabular else None
    doubt = (at_fit and swapped_levels(X)) or ""
    if frame is not None:
        doubt = _features_in_columns(X, frame) or checks.order_of_columns(frame)
    doubt = doubt or falling_times(X) or _padding(ragged, container)
    if at_fit and not doubt:
        looks = (look(ragged, container) for look in (_axes, _classes, _codes, _ids))
        doubt = next(filter(None, looks), "")
    if doubt:
        warn_user(doubt)


def _features_in_columns(X: Any, frame: pd.DataFrame) -> str:
    """Look for columns of several features, as a pivot makes them."""
    if not (features := _blocks(frame)):
        return ""
    width = frame.shape[1]
    of_pandas = "X" if isinstance(X, pd.DataFrame) else "X.to_pandas()"
    own = "[f]" if frame.columns.nlevels > 1 else ".filter(regex=f'^{f}[ _.-]?[0-9]')"
    return (
        f"each row of X is read as one univariate sequence of {width} time steps, "
        f"but its columns are {width // len(features)} of each of {features}. If "
        f"these are features, pass numpy.stack([{of_pandas}{own} for f in "
        f"{features}], axis=2); else numpy.asarray(X)."
    )


def _blocks(frame: pd.DataFrame) -> list[str]:
    """Return the features of columns such as a_0, a_1, b_0, b_1; else nothing."""
    by_feature = defaultdict(list)
    for column in frame.columns:
        pair: Any = column
        if isinstance(column, str):
            found = _NUMBERED.fullmatch(column)
            pair = found.groups() if found else None
        if not (isinstance(pair, tuple) and len(pair) == 2):
            return []
        feature, time = pair
        if not isinstance(feature, str) or feature[:3].title() in checks.CALENDAR:
            return []
        by_feature[feature].append(time)
    times = list(by_feature.values())
    is_block = len(times) > 1 and len(times[0]) > 1
    return list(by_feature) if is_block and all(t == times[0] for t in times) else []


def _axes(ragged: RaggedArray, container: Container) -> str:
    """Look for arrays and frames with time first, or features before time."""
    if container.levels or not (container.tabular or container.kind == "array_3d"):
        return ""
    values = ragged.padded()
    n_sequences, n_timesteps, n_features = values.shape
    some = values[:_MANY]
    along, across, down = (_step(some, axis) for axis in (2, 1, 0))
    if n_features > max(_SHORT, n_timesteps) and 4 * along < across:
        return (
            f"X is read as sequences of {n_timesteps} time steps with {n_features} "
            "features. If features come before time, pass from_channels_first(X)."
        )
    # In a recording, also closer than every second row; in classes, not
    far = min(across, some.std(axis=0).mean(), 4 * _step(some[::2], 0) / 1.2)
    is_narrow = container.tabular and n_timesteps <= _SHORT < n_sequences / 4
    if is_narrow and 0 < 4 * down < far:
        return (
            f"X is read as {n_sequences} sequences, one in each row, but each row is "
            "close to the one before. If X is one recording, pass [X]."
        )
    remedy = "X.T" if container.tabular else "numpy.swapaxes(X, 0, 1)"
    if container.kind in ("polars_wide", "arrow_wide"):
        remedy = "numpy.asarray(X).T"
    in_columns = _filled(values.swapaxes(0, 1), sides=(True,))
    if in_columns and np.isnan(in_columns[2]).all():  # NaN pads sequences of rows, too
        in_columns = None
    if in_columns or _end_in_columns(values):
        axis = "columns" if container.tabular else "second axis"
        return (
            f"X is read as {n_sequences} sequences, one in each "
            f"{'row' if container.tabular else 'entry of the first axis'}, but what "
            f"pads sequences stands at the ends of its {axis}. If X has one sequence "
            f"in each of {n_timesteps} columns, pass {remedy}."
        )
    if n_features > n_timesteps and _filled(values.swapaxes(1, 2), sides=(True,)):
        return (
            f"X is read as sequences of {n_timesteps} time steps and {n_features} "
            "features, but what pads sequences stands at the end of the features. If "
            "features come before time, pass numpy.swapaxes(X, 1, 2)."
        )
    return ""


def _classes(ragged: RaggedArray, container: Container) -> str:
    """Look for a class before each sequence, as files of the UCR archive have it."""
    n = min(len(ragged), _MANY)
    first, some = ragged.values[ragged.offsets[:n]], ragged.values[: ragged.offsets[n]]
    n_classes, n_rest = len(np.unique(first)), len(some) - n
    if not (ragged.n_features == 1 < n_classes <= n / 2 <= n_rest / _SHORT):
        return ""
    n_whole = np.count_nonzero(some % 1 == 0) - n
    if (first % 1 != 0).any() or n_whole > _RARE * n_rest:
        return ""
    x = "numpy.asarray(X)[:, {}]" if container.tabular else "[x[{}] for x in X]"
    return (
        f"every sequence begins with a whole number, {n_classes} different ones, and "
        "goes on with fractions. If the first is a class, pass "
        f"{x.format('1:')} as X and {x.format(0)} as y."
    )


def _codes(ragged: RaggedArray, container: Container) -> str:
    """Look for numbers that stand for missing values, far from all others."""
    for j, column in enumerate(ragged.values.T):
        for code in np.fmin.reduce(column), np.fmax.reduce(column):
            if not _CODE.fullmatch(f"{abs(code):.0f}"):
                continue
            rest = column[(column < code) | (column > code)]
            if len(rest) and np.abs(rest - code).min() > np.ptp(rest):
                return (
                    f"{container.name_of(j)} holds {code:g}, far from all its other "
                    "values: a code for missing ones, which is read as a number. Pass "
                    f"NaN in its place, numpy.where(x == {code:g}, numpy.nan, x)."
                )
    return ""


def _step(values: NDArray[Any], axis: int) -> float:
    steps = np.abs(np.diff(values, axis=axis))
    return float(np.median(steps)) if steps.size else np.inf


def _end_in_columns(values: NDArray[np.floating[Any]]) -> bool:
    """Return whether NaN stand where columns end, and not where rows do."""
    missing = np.isnan(values).all(axis=2)
    if not missing.any():
        return False
    inside = missing & ~np.logical_and.accumulate(missing[:, ::-1], axis=1)[:, ::-1]
    below = np.logical_and.accumulate(missing[::-1], axis=0)[::-1]
    if inside.any():
        ends = np.unique(below.sum(axis=0))
        at_ends = np.count_nonzero(inside & below) >= 0.9 * np.count_nonzero(inside)
        return bool(inside.any(axis=1).sum() > 1 and len(ends) > 2 and at_ends)
    down, right = (np.diff(values, axis=axis) for axis in (0, 1))
    rises = [bool((steps[~np.isnan(steps)] > 0).all()) for steps in (down, right)]
    return len(values) > 3 and (below & missing).any() and rises == [True, False]


def _padding(ragged: RaggedArray, container: Container) -> str:
    """Look for sequences of equal length that end, or begin, in runs of one step."""
    n_timesteps = int(ragged.lengths[0])
    if container.levels or (ragged.lengths != n_timesteps).any():
        return ""
    found = _filled(ragged.padded(), sides=(True, False))
    if found is None:
        return ""
    at_end, i, step = found
    is_nan = np.isnan(step).all()
    alike = is_nan or np.all(step == step[0])
    shown = repr(step[0].item() if alike else step.tolist())
    x = "numpy.asarray(X)" if container.tabular else "map(numpy.asarray, X)"
    if container.kind.startswith("long"):
        x = "(x.to_numpy() for _, x in X.groupby(level=0, sort=False))"
    fill = shown if alike else f"numpy.asarray(list(X)[{i}])[{-1 if at_end else 0}]"
    differs = "(~numpy.isnan(x))" if is_nan else f"(x != {fill})"
    if not (container.tabular or container.univariate):
        differs += ".any(axis=1)"
    cut = f"x[{differs}.argmax():]"
    if at_end:
        cut = f"x[:len(x) - {differs}[::-1].argmax()]"
    is_one = container.tabular or container.n_columns is None
    call = f", [{cut} for x in {x}]," if is_one or "groupby" in x else ""
    return (
        f"all sequences have {n_timesteps} time steps, but most of them "
        f"{'end' if at_end else 'begin'} in runs of {shown} of different lengths, as "
        f"sequence {i} does: padding, which is read as time steps. Pass sequences "
        f"without it{call} or NaN at the end in its place. If these "
        "were measured, ignore this warning."
    )


def _filled(
    values: NDArray[np.floating[Any]], sides: tuple[bool, ...]
) -> tuple[bool, int, NDArray[Any]] | None:
    """Find a step that fills sequences of equal length up, at one end only.

    Values have shape (n_sequences, n_timesteps, n_features); True is the side of the
    last time steps. Return the side, a sequence with the longest run there, the step.
    """
    if min(values.shape[:2]) < 3:
        return None
    n = min(len(values), _MANY)
    chosen = np.linspace(0, len(values) - 1, n).astype(np.intp)
    some = values[chosen]
    runs = {at_end: _run(some[:, ::-1] if at_end else some) for at_end in (True, False)}
    found = [at_end for at_end, run in runs.items() if run is not None]
    if len(found) != 1 or found[0] not in sides:
        return None
    i = int(chosen[runs[found[0]]])
    return found[0], i, values[i, -1 if found[0] else 0]


def _run(values: NDArray[np.floating[Any]]) -> int | None:
    """Return the sequence with the longest run of padding at its start, if any.

    Most sequences begin with the same step, for different times, and longer than values
    stay inside, where it is rare. Then they jump: what decays or saturates comes near.
    """
    n, n_timesteps, _ = values.shape
    first = np.nan_to_num(values[:, 0], nan=_NAN)
    steps, counts = np.unique(first, axis=0, return_counts=True)
    if counts.max() < max(2, n / 2):
        return None
    values, fill = np.nan_to_num(values, nan=_NAN), steps[counts.argmax()]
    same = (values == fill).all(axis=2)
    runs = np.where(same.all(axis=1), -1, same.argmin(axis=1))
    varied = runs >= 0  # not the same all the time
    if not varied.any():
        return None
    runs = np.where(varied, runs, runs[varied].min())
    extra = runs - runs.min()  # beyond what all have
    is_filled = varied & (extra > 0)
    if is_filled.sum() < max(2, varied.sum() / 2):
        return None
    inside = (np.arange(n_timesteps) >= runs[:, np.newaxis]) & varied[:, np.newaxis]
    both = inside[:, 1:] & inside[:, :-1]
    stays = (values[:, 1:] == values[:, :-1]).all(axis=2) & both
    of_fill = both & same[:, :-1]
    share = max(_share(stays, both), _share(stays & of_fill, of_fill))
    is_long = extra[is_filled].mean() - 1 >= 0.5 + 3 * share / (1.001 - share)
    is_rare = _share(inside & same, inside) < _RARE
    apart = np.abs(values - fill).max(axis=2)
    jumps = np.median(apart[is_filled, runs[is_filled]])
    is_padding = is_long and is_rare and 3 * jumps >= np.median(apart[inside])
    return int(runs.argmax()) if is_padding else None


def _share(part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> float:
    return float(part.sum() / max(1, whole.sum()))


def _ids(ragged: RaggedArray, container: Container) -> str:
    """Look for features that are ids or times of a long table."""
    n, names, starts = len(ragged), container.feature_names, ragged.offsets[:-1]
    if n < 3 or ragged.n_features < 2 or container.tabular or ragged.lengths.max() < 3:
        return ""
    values, levels = ragged.values, container.levels or (None,) * ragged.n_features
    first = values[starts]
    labels = names or [str(j) for j in range(ragged.n_features)]
    ids = [
        j
        for j in np.flatnonzero((values[ragged.offsets[1:] - 1] == first).all(axis=0))
        if (np.repeat(first[:, j], ragged.lengths) == values[:, j]).all()
        and _tells_apart(first[:, j], levels[j] is not None, labels[j])
    ]
    times, kind = [], container.frames
    if container.kind == "nested_dataframe":
        kind = "cells"
    if kind and names:
        steps = np.delete(np.diff(values, axis=0), starts[1:] - 1, axis=0)
        rises = np.flatnonzero((steps > 0).all(axis=0))
        times = [j for j in rises if ids or checks.sounds_like_time(labels[j])]
    rest = [j for j in range(ragged.n_features) if j not in (*ids, *times)]
    if not (ids or times) or not rest:
        return ""
    found = [
        f"{labels[j]!r} is the same within each sequence, as an id is" for j in ids
    ]
    found += [f"{labels[j]!r} rises within each, as a time does" for j in times]
    dropped = [labels[j] for j in (*ids, *times)]
    calls = {
        "cells": f", X.drop(columns={dropped}),",
        "pandas": f", [x.drop(columns={dropped}) for x in X],",
        "polars": f", [x.drop({dropped}) for x in X],",
        "pyarrow": f", [x.drop_columns({dropped}) for x in X],",
        "": f", [x[:, {rest}] for x in X],",
    }
    by, order = (labels[js[0]] if js else "..." for js in (ids, times))
    return (
        f"a feature of X {', and '.join(found)}; all features are encoded. Leave them "
        f"out{calls.get(kind, '')} or let to_sequences(frame, by={by!r}, "
        f"order={order!r}) cut the long table."
    )


def _tells_apart(values: NDArray[Any], is_category: bool, name: str) -> bool:
    """Return whether each sequence has a category, or whole number, of its own.

    Numbers rise, as `groupby` sorts them, unless they are called ids.
    """
    if len(np.unique(values)) < len(values) or is_category:
        return len(np.unique(values)) == len(values)
    is_whole = bool((values == np.floor(values)).all())
    return is_whole and bool((np.diff(values) > 0).all() or _ID.search(name))
