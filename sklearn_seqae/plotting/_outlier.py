"""Plot of a sequence, what was expected, and what makes its score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_seqae._containers.readers import to_ragged
from sklearn_seqae._outlier.explanation import Explanation
from sklearn_seqae.plotting._base import MAX_FEATURES, PanelsDisplay, choose, id_text
from sklearn_seqae.plotting._reconstruction import DECODED, ORIGINAL
from sklearn_seqae.plotting._style import BLUE, GREY, ORANGE, legend_beside, line, title

OBSERVED, EXPECTED = ORIGINAL | {"label": "observed"}, DECODED | {"label": "expected"}
SHADE = (
    {"label": "other features then", "color": GREY, "alpha": 0.25, "linewidth": 0},
    {"label": "unusual", "color": ORANGE, "alpha": 0.3, "linewidth": 0},
)


@dataclass(kw_only=True, eq=False, repr=False)
class OutlierDisplay(PanelsDisplay):
    """A sequence beside what was expected, above what each time step contributes.

    The stretch that contributes most is shaded, darker in the features that did it.

    Parameters
    ----------
    explanation : Explanation
        Of `explain`.
    feature_names : list of str, default=None
        Labels of the features, with their units. None takes their names, if they have.
    time_name : str, default="Time step"
        Label of the x-axis, with its unit.

    Attributes
    ----------
    axes_ : ndarray of shape (n_features_drawn + 1, 1) of matplotlib Axes
        The panels. The last one has the contributions, which add up to the score.
    bounding_ax_ : matplotlib Axes or None
        The Axes that was divided into panels.
    figure_ : matplotlib Figure
        Figure with the panels.
    lines_ : ndarray of shape (n_features_drawn, 2) of matplotlib Line2D
        Lines of the sequence and of what was expected.
    contributions_ : matplotlib Line2D
        Line of the contributions.
    legend_ : matplotlib Legend
        Legend beside the top panel.
    features_ : list of int
        Positions of the features drawn, from top to bottom.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_seqae import Explanation
    >>> from sklearn_seqae.plotting import OutlierDisplay
    >>> x = pd.DataFrame({"flow": [1.0, 9.0, 1.0]})
    >>> usual, parts = x.clip(upper=1.0), x - 1.0
    >>> deviations = pd.Series({"error": 8.0})
    >>> why = Explanation(0, deviations, parts, {"error": parts}, x, usual)
    >>> OutlierDisplay(explanation=why).plot().axes_.shape
    (2, 1)
    """

    explanation: Explanation
    feature_names: list[str] | None = None
    time_name: str = "Time step"
    _of: ClassVar[str] = "LSTMAutoencoderOutlierDetector"
    _n_more: ClassVar[int] = 1

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        sequence: Any = None,
        feature_names: list[str] | None = None,
        time_name: str = "Time step",
        **plot_kwargs: Any,
    ) -> Self:
        """Explain the score of a sequence and draw it.

        Parameters
        ----------
        estimator : outlier detector or Pipeline
            Fitted detector, or a pipeline with such a step.
        X : list of arrays, array or DataFrame
            Sequences, as `estimator` takes them, or recordings.
        sequence : int or id, default=None
            Position in `X`, or id, of the sequence to draw. None is the most unusual.
        feature_names : list of str, default=None
            Labels of the features, with their units. None takes the names in `X`.
        time_name : str, default="Time step"
            Label of the x-axis, with its unit.
        **plot_kwargs : dict
            Keywords of `plot`, such as `ax` and `features`.

        Returns
        -------
        display : OutlierDisplay
            The display, drawn.
        """
        estimator, X = cls._find(estimator, X, "explain")
        found = estimator.explain(X)
        found = found if isinstance(found, list) else [found]
        place = int(np.argmin([why.score for why in found]))
        if sequence is not None:
            ids = [why.id for why in found]
            (place,) = choose([sequence], "sequence", len(found), ids)
        display = cls(
            explanation=found[place], feature_names=feature_names, time_name=time_name
        )
        return display.plot(**plot_kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        features: Any = None,
        observed_kwargs: Mapping[str, Any] | None = None,
        expected_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw the panels.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            One Axes, which is divided, or one for each panel. None makes a new figure.
        features : array-like of int or str, default=None
            Positions or names of the features to draw. None draws six, those that
            contribute most.
        observed_kwargs, expected_kwargs : dict, default=None
            Keywords for `matplotlib.axes.Axes.plot`.

        Returns
        -------
        display : OutlierDisplay
            The display itself, drawn.

        Raises
        ------
        ValueError
            If a feature does not exist, or holds categories.
        """
        why = self.explanation
        observed, container = to_ragged([why.observed])
        of_features = why.contributions.to_numpy().sum(axis=0)
        numbers = [j for j in range(observed.n_features) if not container.levels_of(j)]
        if features is None and len(numbers) > MAX_FEATURES:
            most = sorted(numbers, key=lambda j: -of_features[j : j + 1].sum())
            features = sorted(most[:MAX_FEATURES])
        self._start(ax, features, observed, container)
        times, last = _times(why.observed.index), self.axes_[-1, 0]
        drawn = [
            self._draw(0, why.observed.to_numpy(), OBSERVED, observed_kwargs, times),
            self._draw(0, why.expected.to_numpy(), EXPECTED, expected_kwargs, times),
        ]
        self.lines_ = np.array(drawn, dtype=object).T
        by_time = why.contributions.to_numpy().sum(axis=1)
        style = {"color": BLUE, "drawstyle": "steps-mid", "markevery": 1}
        self.contributions_ = line(last, times, by_time, style=style, given=None)
        did_it = np.flatnonzero(why.contributions.columns.isin(why.features)).tolist()
        handles, ends = list(self.lines_[0]), _ends(times, why.stretch)
        for panel, j in zip(self.axes_[:, 0], [*self.features_, None], strict=True):
            shade = panel.axvspan(*ends, **SHADE[j is None or j in did_it])
            if shade.get_label() not in [handle.get_label() for handle in handles]:
                handles.append(shade)
        if times.dtype.kind == "M":  # where `_start` has put whole numbers
            from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

            locator = AutoDateLocator()
            last.xaxis.set_major_locator(locator)
            last.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        of_recording = why.offset is not None  # whose scores have a unit of their own
        head = f"{id_text(why.id)}: {why.measure}, {-why.score:.1f}"
        head += " above usual" if of_recording else " standard deviations"
        title(self.axes_[0, 0], title=head)
        title(last, ylabel="Contribution" + "\n(deviations)" * (not of_recording))
        self.legend_ = legend_beside(self.axes_[0, 0], handles=handles)
        return self


def _times(index: pd.Index) -> NDArray[Any]:
    """Return what Matplotlib draws on its axis: numbers, dates, seconds, positions."""
    if isinstance(index, pd.TimedeltaIndex):
        return index.total_seconds().to_numpy()
    if isinstance(index, pd.DatetimeIndex):
        return index.tz_localize(None).to_numpy()
    is_number = pd.api.types.is_numeric_dtype(index)
    return index.to_numpy() if is_number else np.arange(len(index))


def _ends(times: NDArray[Any], stretch: slice) -> tuple[Any, Any]:
    """Return where a stretch begins and ends: halfway to its neighbours."""
    first, last = stretch.start, stretch.stop - 1
    before, after = times[max(first - 1, 0)], times[min(last + 1, len(times) - 1)]
    return before + (times[first] - before) / 2, times[last] + (after - times[last]) / 2
