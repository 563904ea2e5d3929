"""Plot of the meaning of a component: sequences decoded as it changes."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import fill
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.pipeline import Pipeline

from sklearn_seqae._containers.readers import to_ragged
from sklearn_seqae.exceptions import _count
from sklearn_seqae.plotting._base import PanelsDisplay, as_vector, choose, ids_of
from sklearn_seqae.plotting._embedding import fit_principal, principal_name
from sklearn_seqae.plotting._style import BLACK, legend_beside, scale_colours, title

NEGLIGIBLE = 1e-12  # share of the variance; what rounding of float32 leaves is smaller
WIDTH_OF_LEGEND = 24  # characters of its title
# A marker at the end shows a sequence of one time step, too.
END_MARKED = {"linewidth": 1.5, "marker": "o", "markersize": 4, "markevery": [-1]}


@dataclass(kw_only=True, eq=False, repr=False)
class LatentTraversalDisplay(PanelsDisplay):
    """Sequences decoded from embeddings along a line: one component changes.

    There is a panel for every feature, with a line for every value of the component. By
    default that is a principal component: one component of many changes little.
    Higher values have lighter lines. Lines are dashed below the value of the base
    embedding and solid above it. The line of the base is thick and black.

    Parameters
    ----------
    values : array-like of shape (n_values,)
        Values of the component, rising.
    sequences : list of arrays, array or DataFrame
        Decoded sequence for each value. They may differ in length.
    base_value : float, default=None
        Value of the component in the base embedding. None takes the middle of `values`
        and draws no line for the base.
    component_name : str, default="Component"
        Title of the legend.
    feature_names : list of str, default=None
        Labels of the features, with their units. None takes their names, if they have.
    time_name : str, default="Time step"
        Label of the x-axis, with its unit.

    Attributes
    ----------
    axes_ : ndarray of shape (n_features_drawn, 1) of matplotlib Axes
        The panels.
    bounding_ax_ : matplotlib Axes or None
        The Axes that was divided into panels.
    figure_ : matplotlib Figure
        Figure with the panels.
    lines_ : ndarray of shape (n_features_drawn, n_values) of matplotlib Line2D
        The sequences.
    legend_ : matplotlib Legend
        Legend of the values, beside the first panel.
    features_ : list of int
        Positions of the features drawn, from top to bottom.

    See Also
    --------
    EmbeddingDisplay : Embeddings as points in the plane.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae.plotting import LatentTraversalDisplay
    >>> values = [-1.0, 0.0, 1.0]
    >>> sequences = [np.sin(np.arange(20) / 3 + value) for value in values]
    >>> display = LatentTraversalDisplay(
    ...     values=values, sequences=sequences, base_value=0.0, component_name="phase"
    ... )
    >>> [line.get_linestyle() for line in display.plot().lines_[0]]
    ['--', '-', '-']
    """

    values: ArrayLike
    sequences: Any
    base_value: float | None = None
    component_name: str = "Component"
    feature_names: list[str] | None = None
    time_name: str = "Time step"

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        component: int = 0,
        principal: bool = True,
        base: Any = None,
        values: ArrayLike | None = None,
        n_values: int = 7,
        span: float = 2.0,
        feature_names: list[str] | None = None,
        time_name: str = "Time step",
        **plot_kwargs: Any,
    ) -> Self:
        """Move an embedding along a component, decode it and draw the sequences.

        Parameters
        ----------
        estimator : LSTMAutoencoderTransformer or Pipeline
            Fitted estimator with ``transform`` and ``inverse_transform``.
        X : list of arrays, array or DataFrame
            Sequences, as `estimator` takes them. Their embeddings give the principal
            components, and the usual range of a component.
        component : int, default=0
            Component to change. Negative numbers count from the last.
        principal : bool, default=True
            Whether to count the principal components of the embeddings of `X`, those of
            most variance first. They are those that `EmbeddingDisplay` draws. False
            counts the components of the embedding; the last one may be the length.
        base : int, id or array-like of shape (n_components,), default=None
            Base embedding: the position of a sequence of `X`, or its id, as `sequences`
            of `ReconstructionDisplay` has them, or any vector. It gives
            the other components and the middle of the range. None takes the mean of all
            embeddings of `X`, where principal components are 0.
        values : array-like of shape (n_values,), default=None
            Values of the component. None spreads `n_values` evenly, over `span`
            standard deviations of the component in `X` to either side of the base.
        n_values : int, default=7
            Number of values. An odd number includes the base.
        span : float, default=2.0
            Largest distance from the base, in standard deviations.
        feature_names : list of str, default=None
            Labels of the features, with their units. None takes the names in `fit`.
        time_name : str, default="Time step"
            Label of the x-axis, with its unit.
        **plot_kwargs : dict
            Keywords of `plot`, such as `ax` and `features`.

        Returns
        -------
        display : LatentTraversalDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the component or base does not exist, or if `values` is None and the
            component doesn't vary in `X`.
        """
        estimator, X = cls._find(estimator, X, "transform", "inverse_transform")
        Z = np.asarray(estimator.transform(X), dtype=np.float64)
        direction, origin, name = _direction(component, Z, principal)
        start = _find_base(base, Z, ids_of(X))
        base_value = float((start - origin) @ direction)
        if values is None:
            values = _spread((Z - origin) @ direction, base_value, n_values, span)
        values = as_vector(values, "values")
        moved = start + np.outer(values - base_value, direction)
        if feature_names is None:
            first = estimator[0] if isinstance(estimator, Pipeline) else estimator
            feature_names = getattr(first, "sequence_feature_names_in_", None)
        return cls(
            values=values,
            sequences=estimator.inverse_transform(moved),
            base_value=base_value,
            component_name=name,
            feature_names=feature_names,
            time_name=time_name,
        ).plot(**plot_kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        features: Any = None,
        line_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw the panels.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            One Axes, which is divided, or one for each panel. None makes a new figure.
        features : array-like of int or str, default=None
            Positions or names of the features to draw. None draws the first six.
        line_kwargs : dict, default=None
            Keywords for `matplotlib.axes.Axes.plot`, for all lines.

        Returns
        -------
        display : LatentTraversalDisplay
            The display itself, drawn.

        Raises
        ------
        ValueError
            If `values` do not rise or don't have an entry for each sequence, or if a
            feature does not exist.
        """
        sequences, container = to_ragged(self.sequences)
        values = as_vector(self.values, "values", len(sequences))
        if not (np.diff(values) > 0).all():
            raise ValueError(f"values must rise, but are {values.tolist()}.")
        note = self._start(ax, features, sequences, container)
        pairs = zip(sequences, self._styles(values), strict=True)
        lines = [self._draw(0, x, style, line_kwargs) for x, style in pairs]
        self.lines_ = np.array(lines, dtype=object).T
        top = self.axes_[0, 0]
        moved = f"moved from {_number(values[0])} to {_number(values[-1])}"
        title(top, title="\n".join(filter(None, [self.component_name, moved, note])))
        heading = fill(self.component_name, WIDTH_OF_LEGEND)
        self.legend_ = legend_beside(top, title=heading)
        return self

    def _styles(self, values: NDArray[Any]) -> list[dict[str, Any]]:
        known = self.base_value is not None
        middle = (values[0] + values[-1]) / 2
        base = middle if self.base_value is None else self.base_value
        styles = []
        for value, colour in zip(values, scale_colours(len(values)), strict=True):
            style = {"label": _number(value), "color": colour, **END_MARKED}
            style["linestyle"] = "--" if value < base else "-"
            if known and np.isclose(value, base, rtol=0, atol=1e-6 * np.ptp(values)):
                at_base = {"color": BLACK, "linewidth": 3, "linestyle": "-"}
                style |= at_base | {"label": f"{_number(value)} (base)"}
            styles.append(style)
        return styles


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def _direction(
    component: int | str, Z: NDArray[np.float64], principal: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], str]:
    """Return the unit vector of a component, the point where it is 0, and its name."""
    if isinstance(component, str):
        raise ValueError(f"component is {component!r}; expected a position, such as 0.")
    j, n, noun = operator.index(component), Z.shape[1], "component"
    pca = fit_principal(Z) if principal else None
    if pca is not None:
        n = int((pca.explained_variance_ratio_ > NEGLIGIBLE).sum())
        noun = "principal component"
    if not -n <= j < n:
        numbered = f"{_count(n, noun)}, 0 to {n - 1}" if n else f"0 {noun}s"
        raise ValueError(f"component={j} does not exist: embeddings have {numbered}.")
    j %= n
    if pca is None:
        return np.eye(n)[j], np.zeros(n), f"Component {j}"
    return pca.components_[j], pca.mean_, principal_name(pca, j)


def _find_base(base: Any, Z: NDArray[Any], ids: list[Any] | None) -> NDArray[Any]:
    if base is None:
        return Z.mean(axis=0)
    if np.ndim(base) > 0:
        return as_vector(base, "base", Z.shape[1], "component").astype(np.float64)
    return Z[choose([base], "base", len(Z), ids)[0]]


def _spread(
    column: NDArray[Any], middle: float, n_values: int, span: float
) -> NDArray[Any]:
    if n_values < 2:
        raise ValueError(f"n_values={n_values}; expected 2 or more.")
    if np.ptp(column) == 0:
        raise ValueError(
            "the component is the same in all sequences of X, so it has no range; pass "
            "values."
        )
    return middle + span * column.std() * np.linspace(-1, 1, n_values)
