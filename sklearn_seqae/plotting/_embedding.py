"""Plot of embeddings: one point for each sequence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.decomposition import PCA
from sklearn.utils import check_array

from sklearn_seqae.exceptions import _count
from sklearn_seqae.plotting._axes import check_matplotlib, single_axes
from sklearn_seqae.plotting._checks import check_1d, check_offers
from sklearn_seqae.plotting._principal import fit_principal, principal_name
from sklearn_seqae.plotting._style import (
    BLACK,
    BLUE,
    COLOUR_SCALE,
    GREY,
    N_STYLES,
    legend_beside,
    point_style,
    scatter,
    styled,
    title,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar
    from matplotlib.legend import Legend

ROWS_OF_LEGEND = 20
OUTLINE = {"edgecolor": BLACK, "linewidth": 0.4}
NOISE = {"color": GREY, "marker": ".", "linewidth": 0, "zorder": 0.5}


class EmbeddingDisplay:
    """Embeddings as points in the plane.

    Two components are drawn as they are. Of more, the first two principal components
    are drawn. For another projection, pass its output as `Z`.

    Parameters
    ----------
    Z : array-like of shape (n_samples, n_components)
        Embeddings with at least two components.
    y : array-like of shape (n_samples,), default=None
        Target of each sequence. Floats are drawn on a colour scale. Other values are
        classes, each with its own marker and colour. Integers from -1 on, -1 and 0
        among them, are taken for the labels of a clusterer such as HDBSCAN: the points
        of -1, the noise, are small, grey and behind the others. Pass strings if your
        -1 is a class.
    y_name : str, default=None
        Name of `y` with its unit: the title of the legend or colour scale. None takes
        the name of a pandas Series.
    annotations : array-like of shape (n_samples,), default=None
        Text beside each point.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the points.
    figure_ : matplotlib Figure
        Figure with the axes.
    points_ : ndarray of shape (n_samples, 2)
        Coordinates of the points.
    pca_ : PCA or None
        Projection, if there are more than two components.
    scatters_ : list of matplotlib PathCollection
        The points, class by class in the order of the legend.
    legend_ : matplotlib Legend or None
        Legend of the classes.
    colorbar_ : matplotlib Colorbar or None
        Scale of the values.
    texts_ : list of matplotlib Annotation
        The annotations.

    See Also
    --------
    LatentTraversalDisplay : Meaning of a component of the embedding.

    Examples
    --------
    >>> from sklearn_seqae.plotting import EmbeddingDisplay
    >>> Z = [[0.0, 0.1], [1.0, 0.9], [0.1, 0.0]]
    >>> display = EmbeddingDisplay(Z=Z, y=["a", "b", "a"], annotations=range(3)).plot()
    >>> [scatter.get_label() for scatter in display.scatters_]
    ['a', 'b']
    """

    colorbar_: Colorbar | None
    legend_: Legend | None

    def __init__(
        self,
        *,
        Z: ArrayLike,
        y: ArrayLike | None = None,
        y_name: str | None = None,
        annotations: ArrayLike | None = None,
    ) -> None:
        self.Z = Z
        self.y = y
        self.y_name = y_name
        self.annotations = annotations

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike | None = None,
        *,
        y_name: str | None = None,
        annotations: ArrayLike | None = None,
        ax: Axes | None = None,
        scatter_kwargs: Mapping[str, Any] | None = None,
        text_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """Embed sequences and draw the embeddings.

        Parameters
        ----------
        estimator : LSTMAutoencoderTransformer or Pipeline
            Fitted estimator with ``transform``. A pipeline that ends with a
            StandardScaler shows components on one scale.
        X : list of arrays, array or DataFrame
            Sequences, as `estimator` takes them.
        y : array-like of shape (n_samples,), default=None
            Target of each sequence, see `EmbeddingDisplay`.
        y_name : str, default=None
            Name of `y`, with its unit.
        annotations : array-like of shape (n_samples,), default=None
            Text beside each point.
        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a new figure.
        scatter_kwargs : dict, default=None
            Keywords for `matplotlib.axes.Axes.scatter`.
        text_kwargs : dict, default=None
            Keywords for `matplotlib.axes.Axes.annotate`.

        Returns
        -------
        display : EmbeddingDisplay
            The display, drawn.
        """
        caller = f"{cls.__name__}.from_estimator"
        check_matplotlib(caller)
        check_offers(estimator, "transform", caller=caller)
        display = cls(
            Z=estimator.transform(X), y=y, y_name=y_name, annotations=annotations
        )
        return display.plot(ax, scatter_kwargs=scatter_kwargs, text_kwargs=text_kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        scatter_kwargs: Mapping[str, Any] | None = None,
        text_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw the points.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a new figure.
        scatter_kwargs : dict, default=None
            Keywords for `matplotlib.axes.Axes.scatter`.
        text_kwargs : dict, default=None
            Keywords for `matplotlib.axes.Axes.annotate`.

        Returns
        -------
        display : EmbeddingDisplay
            The display itself, drawn.

        Raises
        ------
        ValueError
            If `Z` has fewer than two components or a value that is not finite, or if
            `y` or `annotations` don't have an entry for each row of `Z`.
        """
        Z = check_array(self.Z, dtype=np.float64, input_name="Z")
        y = None if self.y is None else _check_y(self.y, len(Z))
        texts = [] if self.annotations is None else _as_texts(self.annotations, len(Z))
        self.points_, self.pca_ = _to_plane(Z)
        ax = single_axes(ax, f"{type(self).__name__}.plot")

        self.legend_, self.colorbar_ = None, None
        if y is None:
            style = OUTLINE | {"color": BLUE, "marker": "o"}
            self.scatters_ = [scatter(ax, self.points_, style, scatter_kwargs)]
        elif y.dtype.kind == "f":
            self._draw_values(ax, y, scatter_kwargs)
        else:
            self._draw_classes(ax, y, scatter_kwargs)
        self._write(ax, texts, text_kwargs)
        self._title(ax, n_components=Z.shape[1])
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _draw_values(
        self, ax: Axes, y: NDArray[Any], given: Mapping[str, Any] | None
    ) -> None:
        style = OUTLINE | {"c": y, "cmap": COLOUR_SCALE, "marker": "o"}
        self.scatters_ = [scatter(ax, self.points_, style, given)]
        self.colorbar_ = ax.figure.colorbar(
            self.scatters_[0], ax=ax, label=self._name_of_y()
        )

    def _draw_classes(
        self, ax: Axes, y: NDArray[Any], given: Mapping[str, Any] | None
    ) -> None:
        noise = _is_noise(y)
        styles = {
            one: OUTLINE | point_style(k) | {"label": str(one)}
            for k, one in enumerate(np.unique(y[~noise]))
        }
        if noise.any():
            styles[-1] = NOISE | {"label": "-1 (noise)"}
        self.scatters_ = [
            scatter(ax, self.points_[y == one], style, given)
            for one, style in styles.items()
        ]
        self.legend_ = legend_beside(
            ax, title=self._name_of_y(), ncols=-(-len(styles) // ROWS_OF_LEGEND)
        )

    def _name_of_y(self) -> str:
        name = getattr(self.y, "name", None) if self.y_name is None else self.y_name
        return "" if name is None else str(name)

    def _write(
        self, ax: Axes, texts: list[str], given: Mapping[str, Any] | None
    ) -> None:
        from matplotlib.text import Text

        if texts:
            ax.margins(0.1)  # room for text beside the outermost points
        beside: dict[str, Any] = {"xytext": (4, 4), "textcoords": "offset points"}
        keywords = styled(beside, given, Text)
        self.texts_ = [
            ax.annotate(text, point, **keywords)
            for text, point in zip(texts, self.points_, strict=False)
        ]

    def _title(self, ax: Axes, n_components: int) -> None:
        labels = ["Component 0 (no unit)", "Component 1 (no unit)"]
        if self.pca_ is not None:
            labels = [principal_name(self.pca_, k) for k in range(2)]
        title(
            ax,
            title=f"Embedding of {_count(len(self.points_), 'sequence')}, "
            f"{n_components} components",
            xlabel=labels[0],
            ylabel=labels[1],
        )


def _to_plane(Z: NDArray[np.float64]) -> tuple[NDArray[np.float64], PCA | None]:
    if Z.shape[1] == 1:
        raise ValueError(
            "Z has 1 component, but a plane needs 2; draw a histogram instead."
        )
    if Z.shape[1] == 2:
        return Z, None
    pca = fit_principal(Z, 2)
    return pca.transform(Z), pca


def _check_y(y: ArrayLike, n: int) -> NDArray[Any]:
    array = check_1d(np.asarray(y), "y", n)
    missing = pd.isna(array)
    if array.dtype.kind == "f":
        missing = ~np.isfinite(array)
    if missing.any():
        i = int(missing.argmax())
        raise ValueError(
            f"y[{i}] is {array[i]}; every sequence needs a class or a finite value: "
            "leave out sequences without one."
        )
    if array.dtype.kind != "f" and len(np.unique(array)) > N_STYLES:
        raise ValueError(
            f"y has {len(np.unique(array))} classes, but only {N_STYLES} can be told "
            "apart; pass floats to show values on a colour scale."
        )
    return array


def _is_noise(y: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark the -1 of labels that look like those of scikit-learn's clusterers."""
    of_clusterer = y.dtype.kind == "i" and y.min() == -1 and (0 in y or y.max() == -1)
    return (y == -1) & of_clusterer


def _as_texts(annotations: ArrayLike, n: int) -> list[str]:
    # dtype=object, because NumPy would turn numbers beside strings into strings
    array = np.asarray(annotations, dtype=object)
    return [str(text) for text in check_1d(array, "annotations", n)]
