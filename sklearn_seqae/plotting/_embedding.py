"""Plot of embeddings: one point for each sequence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.decomposition import PCA
from sklearn.utils import check_array

from sklearn_seqae._containers.gate import check_same_ids
from sklearn_seqae._containers.readers import ids_of_sequences
from sklearn_seqae.exceptions import _count
from sklearn_seqae.plotting import _style
from sklearn_seqae.plotting._base import AxesDisplay, as_labels, check_1d

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROWS_OF_LEGEND = 20
OUTLINE = {"edgecolor": _style.BLACK, "linewidth": 0.4}
NOISE = {
    "label": "-1 (noise)",
    "color": _style.GREY,
    "marker": ".",
    "linewidth": 0,
    "zorder": 0.5,
}


@dataclass(kw_only=True, eq=False, repr=False)
class EmbeddingDisplay(AxesDisplay):
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

    Z: ArrayLike
    y: ArrayLike | None = None
    y_name: str | None = None
    annotations: ArrayLike | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike | None = None,
        *,
        y_name: str | None = None,
        annotations: ArrayLike | None = None,
        **plot_kwargs: Any,
    ) -> Self:
        """Embed sequences and draw the embeddings.

        Parameters
        ----------
        estimator : LSTMAutoencoderTransformer or Pipeline
            Fitted estimator with ``transform``. A pipeline that ends with a
            StandardScaler shows components on one scale; one that ends with a
            classifier, what the classifier sees.
        X : list of arrays, array or DataFrame
            Sequences, as `estimator` takes them.
        y : array-like of shape (n_samples,), default=None
            Target of each sequence, see `EmbeddingDisplay`.
        y_name : str, default=None
            Name of `y`, with its unit.
        annotations : array-like of shape (n_samples,), default=None
            Text beside each point.
        **plot_kwargs : dict
            Keywords of `plot`, such as `ax`.

        Returns
        -------
        display : EmbeddingDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the index of `y` or `annotations` contradicts that of `X`, as in `fit`.
        """
        found, entering = cls._find(estimator, X, "transform")
        ids = ids_of_sequences(X)
        is_long = ids is not None and len(ids) < len(X)
        labels = "X.index.unique(0)" if is_long else "X.index"
        check_same_ids(y, ids, "y", labels)
        check_same_ids(annotations, ids, "annotations", labels)
        Z = found.transform(entering)
        return cls(Z=Z, y=y, y_name=y_name, annotations=annotations).plot(**plot_kwargs)

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
            `y` or `annotations` don't have an entry for each row of `Z`, in its order.
        """
        ids = self.Z.index if isinstance(self.Z, pd.DataFrame) else None
        check_same_ids(self.y, ids, "y", "Z.index")
        check_same_ids(self.annotations, ids, "annotations", "Z.index")
        Z = check_array(self.Z, dtype=np.float64, input_name="Z")
        y = None if self.y is None else _check_y(self.y, len(Z))
        texts = as_labels(self.annotations, "annotations", len(Z), "sequence") or []
        self.points_, self.pca_ = _to_plane(Z)
        ax = self._start(ax)

        self.legend_ = self.colorbar_ = None
        name = getattr(self.y, "name", None) if self.y_name is None else self.y_name
        name = "" if name is None else str(name)
        self.scatters_ = [
            _style.scatter(ax, self.points_[chosen], style, scatter_kwargs)
            for chosen, style in _styles(y)
        ]
        if y is not None and y.dtype.kind == "f":
            bar = self.scatters_[0]
            self.colorbar_ = self.figure_.colorbar(bar, ax=ax, label=name)
        elif y is not None:
            n_columns = -(-len(self.scatters_) // ROWS_OF_LEGEND)
            self.legend_ = _style.legend_beside(ax, title=name, ncols=n_columns)
        if texts:
            ax.margins(0.1)  # room for text beside the outermost points
        beside: Any = {"xytext": (4, 4), "textcoords": "offset points"}
        self.texts_ = [
            ax.annotate(text, point, **beside | dict(text_kwargs or {}))
            for text, point in zip(texts, self.points_, strict=False)
        ]
        n = _count(len(Z), "sequence")
        labels = ["Component 0 (no unit)", "Component 1 (no unit)"]
        if self.pca_ is not None:
            labels = [principal_name(self.pca_, k) for k in range(2)]
        text = f"Embedding of {n}, {Z.shape[1]} components"
        _style.title(ax, title=text, xlabel=labels[0], ylabel=labels[1])
        return self


def _to_plane(Z: NDArray[np.float64]) -> tuple[NDArray[np.float64], PCA | None]:
    if Z.shape[1] == 1:
        raise ValueError(
            "Z has 1 component, but a plane needs 2; draw a histogram instead."
        )
    if Z.shape[1] == 2:
        return Z, None
    pca = fit_principal(Z, 2)
    return pca.transform(Z), pca


def fit_principal(Z: NDArray[np.float64], n_components: int | None = None) -> PCA:
    """Fit the first principal components, or all; shares of no variance are 0."""
    if len(Z) == 1:
        raise ValueError(
            f"Z has 1 row of {Z.shape[1]} components, but principal components need "
            "at least 2; pass more sequences."
        )
    pca = PCA(n_components=n_components, svd_solver="full")
    with np.errstate(invalid="ignore"):
        pca.fit(Z)
    np.nan_to_num(pca.explained_variance_ratio_, copy=False)
    return pca


def principal_name(pca: PCA, k: int) -> str:
    """Return the name of a component: "1st principal component (64% of variance)"."""
    n, percent = k + 1, 100 * pca.explained_variance_ratio_[k]
    teen = n % 100 in (11, 12, 13)
    ending = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending} principal component ({percent:.0f}% of variance)"


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
    if len({isinstance(one, str) for one in array}) > 1:
        raise ValueError("y mixes text and other values; pass values of one kind.")
    most = _style.N_STYLES
    if array.dtype.kind != "f" and len(np.unique(array)) > most:
        raise ValueError(
            f"y has {len(np.unique(array))} classes, but only {most} can be told "
            "apart; pass floats to show values on a colour scale."
        )
    return array


def _styles(y: NDArray[Any] | None) -> list[tuple[Any, dict[str, Any]]]:
    """Return which points are drawn together, and their style."""
    if y is None or y.dtype.kind == "f":
        colour = {"c": y, "cmap": _style.COLOUR_SCALE}
        colour = {"color": _style.BLUE} if y is None else colour
        return [(slice(None), OUTLINE | {"marker": "o"} | colour)]
    # -1 is noise among labels that look like those of scikit-learn's clusterers
    of_clusterer = y.dtype.kind == "i" and y.min() == -1 and (0 in y or y.max() == -1)
    noise = (y == -1) & of_clusterer
    styles: list[tuple[Any, dict[str, Any]]] = [
        (y == one, OUTLINE | _style.point_style(k) | {"label": str(one)})
        for k, one in enumerate(np.unique(y[~noise]))
    ]
    return styles + ([(noise, NOISE)] if noise.any() else [])
