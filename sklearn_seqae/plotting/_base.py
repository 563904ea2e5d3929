"""The base of all Displays: what is checked before and set after something is drawn."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers import Container, ids_of_sequences
from sklearn_seqae.exceptions import _count
from sklearn_seqae.plotting._style import line, title, whole_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D

MAX_FEATURES = 6  # features drawn by default
PANEL_WIDTH, PANEL_HEIGHT = 3.2, 1.5  # inches
MARGIN = 1.2  # inches for titles, labels and a legend


class Display:
    """A picture: made from arrays or by `from_estimator`, and drawn by `plot`.

    Subclasses are dataclasses. Their fields are the arrays, unchecked. `plot` checks
    them before it makes a figure, and stores what it drew.
    """

    figure_: Figure | SubFigure
    _of: ClassVar[str] = "LSTMAutoencoderTransformer"  # what has what it draws

    @classmethod
    def _check_matplotlib(cls) -> None:
        try:
            import matplotlib  # noqa: F401
        except ImportError as error:
            raise ImportError(
                f"{cls.__name__} draws with Matplotlib, which is not installed; install"
                " it with pip install 'sklearn-seqae[plot]' or pip install matplotlib."
            ) from error

    @classmethod
    def _find(cls, estimator: Any, X: Any, *names: str) -> tuple[Any, Any]:
        """Return what has these attributes and methods, and `X` as it gets there.

        Of a pipeline, that is the pipeline itself or its longest run of steps, as late
        as can be: all but a classifier transform, and one step alone reconstructs.
        Raise, before anything is computed, if nothing has them or is not fitted.
        """
        cls._check_matplotlib()
        check_is_fitted(estimator)
        lacking = [name for name in names if not hasattr(estimator, name)]
        if not lacking:
            return estimator, X
        n_steps = len(estimator) if isinstance(estimator, Pipeline) else 0
        for stop in range(n_steps, 0, -1):
            for start in range(stop):
                alone = start == stop - 1
                run = estimator[start] if alone else estimator[start:stop]
                if all(hasattr(run, name) for name in names):
                    before = X is not None and start > 0
                    return run, estimator[:start].transform(X) if before else X
        raise TypeError(
            f"{cls.__name__} needs an estimator with {' and '.join(names)}, such as "
            f"{cls._of}, or a pipeline with such a step, but "
            f"{type(estimator).__name__} has no {lacking[0]}."
        )


class AxesDisplay(Display):
    """A picture in one Axes."""

    ax_: Axes

    def _start(self, ax: Axes | None) -> Axes:
        """Return `ax`, or the axes of a new figure."""
        self._check_matplotlib()
        import matplotlib.pyplot as plt

        self.ax_ = plt.subplots(layout="constrained")[1] if ax is None else ax
        self.figure_ = self.ax_.figure
        return self.ax_


class PanelsDisplay(Display):
    """A picture of sequences: a row of panels for each feature."""

    feature_names: list[str] | None
    time_name: str
    features_: list[int]
    axes_: NDArray[np.object_]
    bounding_ax_: Axes | None
    _n_more: ClassVar[int] = 0  # rows below those of features

    def _start(
        self,
        ax: Any,
        features: Any,
        sequences: RaggedArray,
        container: Container,
        n_columns: int = 1,
        sharey: bool = True,
    ) -> str:
        """Make and label the panels; say if features are left out by default.

        One Axes is switched off, and its place is divided. Several are used as they
        are. None makes a new figure. Categories have no place on a scale.
        """
        n = sequences.n_features
        names = as_labels(self.feature_names, "feature_names", n, "feature")
        if names is None and container.feature_names is not None:
            names = list(container.feature_names)
        categories = [j for j, level in enumerate(container.levels) if level]
        numbers = [j for j in range(n) if j not in categories]
        self.features_ = numbers[:MAX_FEATURES] or categories
        if features is not None:
            self.features_ = choose(features, "features", n, names)
        for j in set(self.features_).intersection(categories):
            self._refuse_category(j if names is None else names[j])
        self._check_matplotlib()
        self.axes_, self.bounding_ax_ = self._panels(ax, n_columns, sharey)
        self.figure_ = self.axes_[0, 0].figure
        for panel in self.axes_[-1]:
            title(panel, xlabel=self.time_name)
            whole_numbers(panel)
        for panel, feature in zip(self.axes_[:, 0], self.features_, strict=False):
            label = f"Feature {feature}\n(original unit)"
            title(panel, ylabel=label if names is None else names[feature])
        if features is not None or len(self.features_) == n:
            return ""
        return f"{len(self.features_)} of {_count(n, 'feature')}"

    @classmethod
    def _refuse_category(cls, name: Any) -> None:
        raise ValueError(
            f"{cls.__name__} draws curves of numbers, but feature {name!r} holds "
            "categories; EventsDisplay draws those."
        )

    def _draw(
        self, column: int, x: Any, style: Any, given: Any, *times: Any
    ) -> list[Line2D]:
        """Return the lines of a sequence, one for each feature."""
        return [
            line(panel, *times, x[:, j], style=style, given=given)
            for panel, j in zip(self.axes_[:, column], self.features_, strict=False)
        ]

    def _panels(
        self, ax: Any, n_columns: int, sharey: bool
    ) -> tuple[NDArray[np.object_], Axes | None]:
        import matplotlib.pyplot as plt
        from matplotlib.axes import Axes

        shape = n_rows, _ = len(self.features_) + self._n_more, n_columns
        sharing: Any = {"sharex": "col", "sharey": "row" if sharey else False}
        sharing["squeeze"] = False
        if ax is None:
            width = PANEL_WIDTH * max(n_columns, 1.5) + MARGIN
            height = PANEL_HEIGHT * max(n_rows, 1.5) + MARGIN
            figure = plt.figure(figsize=(width, height), layout="constrained")
            return figure.subplots(*shape, **sharing), None
        name, n_panels = type(self).__name__, n_rows * n_columns
        if not isinstance(ax, Axes):
            axes = np.asarray(ax, dtype=object)
            if axes.size != n_panels:
                raise ValueError(
                    f"{name} draws {n_panels} panels ({n_rows} x {n_columns}), but ax "
                    f"holds {axes.size}; pass as many, or None."
                )
            return axes.reshape(shape), None
        place = ax.get_subplotspec()
        if place is None:
            raise ValueError(
                f"{name} can only divide axes of a grid, as plt.subplots() makes them; "
                f"pass such axes, or an array of {n_panels}."
            )
        if not ax.axison:
            raise ValueError(
                f"{name} finds these axes switched off, perhaps because it divided "
                "them before; pass ax=display.axes_ to draw into the same panels again."
            )
        ax.set_axis_off()
        return place.subgridspec(*shape).subplots(**sharing), ax


def as_vector(
    values: ArrayLike, name: str, n: int | None = None, noun: str = "sequence"
) -> NDArray[Any]:
    """Return 1-D numbers: at least one, and exactly n if n is given."""
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} has dtype {array.dtype}; expected real numbers.")
    return check_1d(array, name, n, noun)


def check_1d(
    array: NDArray[Any], name: str, n: int | None, noun: str = "sequence"
) -> NDArray[Any]:
    """Check that an array is 1-D with n entries (None: at least one); return it."""
    if array.ndim != 1:
        raise ValueError(f"{name} is {array.ndim}-D; expected 1-D.")
    if len(array) == 0:
        raise ValueError(f"{name} is empty; at least 1 entry is needed.")
    if n is not None and len(array) != n:
        raise ValueError(
            f"{name} has length {len(array)}, but there "
            f"{'is' if n == 1 else 'are'} {_count(n, noun)}; expected one for each."
        )
    return array


def as_labels(labels: Any, name: str, n: int, noun: str) -> list[str] | None:
    """Return one text for each of n; None for None."""
    if labels is None:
        return None
    # dtype=object, because NumPy would turn numbers beside strings into strings
    array = check_1d(np.asarray(labels, dtype=object), name, n, noun)
    return [str(label) for label in array]


def ids_of(X: Any) -> list[Any] | None:
    """Return the ids of sequences; None if they only count from 0."""
    ids = ids_of_sequences(X)
    return None if ids is None or ids.equals(pd.RangeIndex(len(ids))) else ids.tolist()


def id_text(one: Any) -> str:
    """Return the text of an id, also of one with several parts."""
    return ", ".join(map(str, one)) if isinstance(one, tuple) else str(one)


def choose(given: Any, name: str, n: int, labels: list[Any] | None) -> list[int]:
    """Return positions of what is given by label or position.

    Whole numbers are positions, unless they are labels: then 0 is never the first one.
    """
    known = labels or []
    numbered = any(isinstance(label, Integral) for label in known)
    given = list(range(n))[given] if isinstance(given, slice) else given
    is_id = isinstance(given, tuple) and given in known  # of several levels
    chosen = []
    for one in [given] if is_id or pd.api.types.is_scalar(given) else list(given):
        is_position = isinstance(one, Integral) and not isinstance(one, bool | np.bool_)
        if one in known:
            chosen.append(known.index(one))
        elif is_position and not numbered and -n <= one < n:
            chosen.append(int(one) % n)
        else:
            expected = [] if numbered else [f"positions from 0 to {n - 1}"]
            expected += [f"labels such as {known[:MAX_FEATURES]}"] if known else []
            raise ValueError(f"{name} holds {one!r}; expected {' or '.join(expected)}.")
    if not chosen:
        raise ValueError(f"{name} is empty; pass at least one, or None.")
    return chosen
