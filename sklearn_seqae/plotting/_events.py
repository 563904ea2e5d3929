"""Plot of sessions: events on a line, as they were and as they were decoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.readers import time_field
from sklearn_seqae.plotting._axes import check_matplotlib, single_axes
from sklearn_seqae.plotting._checks import check_offers
from sklearn_seqae.plotting._style import (
    GREY,
    legend_beside,
    point_style,
    scatter,
    title,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection

APART = 0.2  # of the two lines of a session, from the middle between them
MISSING = "missing"  # label of events without a category


class EventsDisplay:
    """Sessions of events, each above what was decoded of it.

    Parameters
    ----------
    times : sequence of array-like of shape (n_timesteps_i,)
        Time of each event of each session: numbers, dates or durations.
    categories : sequence of array-like of shape (n_timesteps_i,)
        Category of each event; None or NaN is missing.
    decoded_times, decoded_categories : sequence of array-like
        The same of the decoded sessions.
    labels : sequence of shape (n_sessions,), default=None
        Label of each session. None counts from 0.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the sessions.
    figure_ : matplotlib Figure
        Figure with the axes.
    points_ : dict of str to matplotlib PathCollection
        The events of each category.

    See Also
    --------
    ReconstructionDisplay : The same for numbers.

    Examples
    --------
    >>> from sklearn_seqae.plotting import EventsDisplay
    >>> display = EventsDisplay(
    ...     times=[[0.0, 3.0]],
    ...     categories=[["home", "pay"]],
    ...     decoded_times=[[0.0, 2.5]],
    ...     decoded_categories=[["home", "home"]],
    ... ).plot()
    >>> sorted(display.points_)
    ['home', 'pay']
    """

    points_: dict[str, PathCollection]

    def __init__(
        self,
        *,
        times: Sequence[Any],
        categories: Sequence[Any],
        decoded_times: Sequence[Any],
        decoded_categories: Sequence[Any],
        labels: Sequence[Any] | None = None,
    ) -> None:
        self.times = times
        self.categories = categories
        self.decoded_times = decoded_times
        self.decoded_categories = decoded_categories
        self.labels = labels

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        feature: Any = None,
        n_sessions: int = 6,
        ax: Axes | None = None,
        scatter_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw sessions beside their reconstructions.

        Parameters
        ----------
        estimator : LSTMAutoencoderTransformer
            Fitted to categories.
        X : pandas.DataFrame or pandas.Series
            A long table, indexed by series and time, or what `to_sequences` made of
            one with its `order`.
        feature : label, default=None
            Column of categories. None is the first.
        n_sessions : int, default=6
            Sessions to draw, the first ones.
        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a new figure.
        scatter_kwargs : dict, default=None
            Keywords for `matplotlib.axes.Axes.scatter`.

        Returns
        -------
        display : EventsDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If `X` is neither.
        ValueError
            If the column does not exist, or there are no categories.
        """
        caller = f"{cls.__name__}.from_estimator"
        check_matplotlib(caller)
        check_offers(estimator, "reconstruct", "categories_", caller=caller)
        is_long = isinstance(X, pd.DataFrame) and X.index.nlevels == 2
        if not (is_long or (isinstance(X, pd.Series) and time_field(X))):
            raise TypeError(
                f"X is a {type(X).__name__}; expected a DataFrame indexed by series "
                "and time, or a Series of to_sequences, with order=..."
            )
        feature = _column(estimator, X, feature)
        ids = (X.index.unique(0) if is_long else X.index)[:n_sessions]
        chosen = X.index.get_level_values(0).isin(ids) if is_long else X.index.isin(ids)
        shown = X[chosen]
        decoded = estimator.reconstruct(shown)
        times, categories = _sessions(shown, feature)
        decoded_times, decoded_categories = _sessions(decoded, feature)
        display = cls(
            times=times,
            categories=categories,
            decoded_times=decoded_times,
            decoded_categories=decoded_categories,
            labels=ids.tolist(),
        )
        return display.plot(ax, scatter_kwargs=scatter_kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        scatter_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw the sessions.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a new figure.
        scatter_kwargs : dict, default=None
            Keywords for `matplotlib.axes.Axes.scatter`.

        Returns
        -------
        display : EventsDisplay
            The display itself, drawn.

        Raises
        ------
        ValueError
            If there are not as many of each, or a session has not as many times as
            categories.
        """
        lines = self._lines()
        ax = single_axes(ax, f"{type(self).__name__}.plot")
        for passed, height, _ in lines:
            ends = [0, passed.max(initial=0)]
            ax.plot(ends, [height, height], color=GREY, linewidth=1, zorder=1)
        events = np.concatenate([of_line for _, _, of_line in lines])
        places = [(x, height) for passed, height, _ in lines for x in passed]
        names = sorted(set(events) - {MISSING}) + [MISSING] * (MISSING in events)
        self.points_ = {}
        for k, name in enumerate(names):
            style = {"label": name, "s": 40, "zorder": 2, **point_style(k)}
            if name == MISSING:
                style |= {"color": GREY, "marker": "x"}
            points = np.array(places)[events == name]
            self.points_[name] = scatter(ax, points, style, scatter_kwargs)
        labels = self.labels if self.labels is not None else range(len(self.times))
        ax.set_yticks(range(len(self.times)), [str(label) for label in labels])
        ax.invert_yaxis()
        unit = "" if self._is_number() else " (seconds)"
        title(
            ax,
            title="Sessions, and below each what was decoded",
            xlabel=f"Time since the first event{unit}",
            ylabel="Session",
        )
        legend_beside(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _lines(self) -> list[tuple[NDArray[np.float64], float, NDArray[np.object_]]]:
        """Return times since the first event, height and categories of each line."""
        pairs = (
            (self.times, self.categories, -APART),
            (self.decoded_times, self.decoded_categories, APART),
        )
        lines = []
        for times, categories, offset in pairs:
            if not len(times) == len(categories) == len(self.times):
                raise ValueError(
                    f"there are {len(self.times)} sessions, but {len(times)} times and "
                    f"{len(categories)} categories of one kind; expected one of each "
                    "for every session."
                )
            for i, (when, names) in enumerate(zip(times, categories, strict=True)):
                if len(when) != len(names):
                    raise ValueError(
                        f"session {i} has {len(when)} times and {len(names)} "
                        "categories; expected as many."
                    )
                lines.append((_elapsed(when), i + offset, _as_text(names)))
        return lines

    def _is_number(self) -> bool:
        return all(np.asarray(when).dtype.kind in "iuf" for when in self.times)


def _column(estimator: Any, X: pd.DataFrame | pd.Series, feature: Any) -> Any:
    """Return the column to draw."""
    columns = X.columns if isinstance(X, pd.DataFrame) else X.attrs["columns"]
    known = [
        name
        for name, categories in zip(columns, estimator.categories_, strict=True)
        if categories is not None
    ]
    if feature is None and known:
        return known[0]
    if feature not in known:
        raise ValueError(
            f"feature is {feature!r}; expected a column of categories, of {known}."
        )
    return feature


def _sessions(
    table: pd.DataFrame | pd.Series, feature: Any
) -> tuple[list[Any], list[Any]]:
    if isinstance(table, pd.Series):
        field = time_field(table)  # none where decoded times count from 0
        times = [np.arange(len(x)) if field is None else x[field] for x in table]
        return times, [x[str(feature)] for x in table]
    groups = [group for _, group in table.groupby(level=0, sort=False)]
    times = [group.index.get_level_values(1).to_numpy() for group in groups]
    return times, [group[feature].to_numpy(dtype=object) for group in groups]


def _elapsed(when: Any) -> NDArray[np.float64]:
    """Return the time since the first event; seconds of dates and durations."""
    times = pd.Index(when)
    passed: Any = times - times[0]
    if hasattr(passed, "total_seconds"):
        passed = passed.total_seconds()
    return np.asarray(passed, np.float64)


def _as_text(names: Any) -> NDArray[np.object_]:
    found = np.array([MISSING if pd.isna(n) else str(n) for n in names], dtype=object)
    return found
