"""Plot of sessions: events on a line, as they were and as they were decoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.readers import time_field
from sklearn_seqae.plotting import _style
from sklearn_seqae.plotting._base import AxesDisplay, id_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection

APART = 0.2  # of the two lines of a session, from the middle between them
MISSING = "missing"  # label of events without a category


@dataclass(kw_only=True, eq=False, repr=False)
class EventsDisplay(AxesDisplay):
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

    times: Sequence[Any]
    categories: Sequence[Any]
    decoded_times: Sequence[Any]
    decoded_categories: Sequence[Any]
    labels: Sequence[Any] | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        feature: Any = None,
        n_sessions: int = 6,
        **plot_kwargs: Any,
    ) -> Self:
        """Draw sessions beside their reconstructions.

        Parameters
        ----------
        estimator : LSTMAutoencoderTransformer or Pipeline
            Fitted to categories, or a pipeline with such a step.
        X : pandas.DataFrame or pandas.Series
            A long table, indexed by series and time, or what `to_sequences` made of
            one with its `order`.
        feature : label, default=None
            Column of categories. None is the first.
        n_sessions : int, default=6
            Sessions to draw, the first ones.
        **plot_kwargs : dict
            Keywords of `plot`, such as `ax`.

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
        estimator, X = cls._find(estimator, X, "reconstruct", "categories_")
        is_long = isinstance(X, pd.DataFrame) and X.index.nlevels == 2
        if not (is_long or (isinstance(X, pd.Series) and time_field(X))):
            raise TypeError(
                f"X is a {type(X).__name__}; expected a DataFrame indexed by series "
                "and time, or a Series of to_sequences, with order=..."
            )
        feature = _column(estimator, X, feature)
        series = X.index.get_level_values(0) if is_long else X.index
        ids = series.unique()[:n_sessions]
        shown = X[series.isin(ids)]
        decoded = estimator.reconstruct(shown)
        times, categories = _sessions(shown, feature)
        decoded_times, decoded_categories = _sessions(decoded, feature)
        return cls(
            times=times,
            categories=categories,
            decoded_times=decoded_times,
            decoded_categories=decoded_categories,
            labels=ids.tolist(),
        ).plot(**plot_kwargs)

    def plot(
        self, ax: Axes | None = None, *, scatter_kwargs: Mapping[str, Any] | None = None
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
        ax = self._start(ax)
        for passed, height, _ in lines:
            ends = [0, passed.max(initial=0)]
            ax.plot(ends, [height, height], color=_style.GREY, linewidth=1, zorder=1)
        events = np.concatenate([of_line for _, _, of_line in lines])
        places = [(x, height) for passed, height, _ in lines for x in passed]
        names = sorted(set(events) - {MISSING}) + [MISSING] * (MISSING in events)
        self.points_: dict[str, PathCollection] = {}
        for k, name in enumerate(names):
            style = {"label": name, "s": 40, "zorder": 2, **_style.point_style(k)}
            if name == MISSING:
                style |= {"color": _style.GREY, "marker": "x"}
            points = np.array(places)[events == name]
            self.points_[name] = _style.scatter(ax, points, style, scatter_kwargs)
        labels = self.labels if self.labels is not None else range(len(self.times))
        ax.set_yticks(range(len(self.times)), [id_text(label) for label in labels])
        ax.invert_yaxis()
        in_seconds = any(np.asarray(t).dtype.kind not in "iuf" for t in self.times)
        _style.title(
            ax,
            title="Sessions, and below each what was decoded",
            xlabel="Time since the first event" + " (seconds)" * in_seconds,
            ylabel="Session",
        )
        _style.legend_beside(ax)
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
                texts = [MISSING if pd.isna(name) else str(name) for name in names]
                events = np.array(texts, dtype=object)
                lines.append((_elapsed(when), i + offset, events))
        return lines


def _column(estimator: Any, X: pd.DataFrame | pd.Series, feature: Any) -> Any:
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
