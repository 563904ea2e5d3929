"""Plot of original and decoded sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from sklearn_seqae._containers.gate import validate_sequences
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers import Container, to_ragged
from sklearn_seqae._containers.writers import from_ragged
from sklearn_seqae.exceptions import _count
from sklearn_seqae.plotting import _base
from sklearn_seqae.plotting._style import BLACK, ORANGE, legend_beside, title

MAX_SEQUENCES = 3  # sequences drawn by default
# Each original value has a marker, because a value between missing ones has no line.
ORIGINAL = {
    "label": "original",
    "color": BLACK,
    "linewidth": 1,
    "marker": ".",
    "markersize": 3,
    "markevery": 1,
}
DECODED = {
    "label": "decoded",
    "color": ORANGE,
    "linewidth": 1.5,
    "linestyle": "--",
    "marker": "x",
}


@dataclass(kw_only=True, eq=False, repr=False)
class ReconstructionDisplay(_base.PanelsDisplay):
    """Original and decoded sequences: a column for each, a row for each feature.

    Parameters
    ----------
    original : list of arrays, array or DataFrame
        Sequences, as `LSTMAutoencoderTransformer` takes them. Missing values are gaps.
    decoded : list of arrays, array or DataFrame
        Decoded sequences, in the same order. They may have other lengths.
    feature_names : list of str, default=None
        Labels of the features, with their units. None takes their names, if they have.
    sequence_names : list of str, default=None
        Titles of the columns.
    time_name : str, default="Time step"
        Label of the x-axis, with its unit.

    Attributes
    ----------
    axes_ : ndarray of shape (n_features_drawn, n_samples) of matplotlib Axes
        The panels.
    bounding_ax_ : matplotlib Axes or None
        The Axes that was divided into panels.
    figure_ : matplotlib Figure
        Figure with the panels.
    lines_ : ndarray of shape (n_features_drawn, n_samples, 2) of matplotlib Line2D
        Lines of the original and the decoded sequence.
    legend_ : matplotlib Legend
        Legend of the two lines, beside the top right panel. Its title says how many
        features are drawn, if by default not all are.
    features_ : list of int
        Positions of the features drawn, from top to bottom.

    See Also
    --------
    EventsDisplay : The same for events.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae.plotting import ReconstructionDisplay
    >>> original = [np.ones((5, 2)), np.zeros((3, 2))]
    >>> decoded = [np.full((5, 2), 0.9), np.full((4, 2), 0.1)]
    >>> display = ReconstructionDisplay(
    ...     original=original, decoded=decoded, feature_names=["force (N)", "angle (°)"]
    ... )
    >>> display.plot().axes_.shape
    (2, 2)
    """

    original: Any
    decoded: Any
    feature_names: list[str] | None = None
    sequence_names: list[str] | None = None
    time_name: str = "Time step"

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        sequences: ArrayLike | None = None,
        feature_names: list[str] | None = None,
        time_name: str = "Time step",
        **plot_kwargs: Any,
    ) -> Self:
        """Reconstruct some sequences and draw them.

        Parameters
        ----------
        estimator : LSTMAutoencoderTransformer or Pipeline
            Fitted estimator, or a pipeline with such a step: then what enters the step
            is drawn, beside what it makes of it. With "instance_norm" named in
            `exact_components`, `sharey` is off: sequences have units of their own.
        X : list of arrays, array or DataFrame
            Sequences, as `estimator` takes them.
        sequences : array-like of int or of ids, default=None
            Positions in `X` of the sequences to draw, or ids of a Series or a table
            indexed by them. Whole numbers are ids if the ids are. None draws the first
            three.
        feature_names : list of str, default=None
            Labels of the features, with their units. None takes the names in `X`.
        time_name : str, default="Time step"
            Label of the x-axis, with its unit.
        **plot_kwargs : dict
            Keywords of `plot`, such as `ax` and `features`.

        Returns
        -------
        display : ReconstructionDisplay
            The display, drawn.
        """
        estimator, X = cls._find(estimator, X, "reconstruct")
        ragged, container = validate_sequences(
            X, estimator._features, type(estimator).__name__
        )
        for j, level in enumerate(container.levels):
            if level:  # whatever else there is: times would be lost on the way
                cls._refuse_category((container.feature_names or range(j + 1))[j])
        ids, chosen = _base.ids_of(X), list(range(min(MAX_SEQUENCES, len(ragged))))
        if sequences is not None:
            chosen = _base.choose(sequences, "sequences", len(ragged), ids)
        shown = chosen if ids is None else [_base.id_text(ids[i]) for i in chosen]
        original = from_ragged(ragged.take(chosen), container)  # with names, if X has
        display = cls(
            original=original,
            decoded=estimator.reconstruct(original),
            feature_names=feature_names,
            sequence_names=[f"Sequence {name}" for name in shown],
            time_name=time_name,
        )
        of_each = "instance_norm" in getattr(estimator, "exact_components", ())  # units
        return display.plot(**{"sharey": not of_each, **plot_kwargs})

    def plot(
        self,
        ax: Any = None,
        *,
        features: Any = None,
        sharey: bool = True,
        original_kwargs: Mapping[str, Any] | None = None,
        decoded_kwargs: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw the panels.

        Parameters
        ----------
        ax : matplotlib Axes or array-like of Axes, default=None
            One Axes, which is divided, or one for each panel. None makes a new figure.
        features : array-like of int or str, default=None
            Positions or names of the features to draw. None draws the first six.
        sharey : bool, default=True
            Whether all panels of a feature have one scale. False where sequences differ
            in their units.
        original_kwargs : dict, default=None
            Keywords for `matplotlib.axes.Axes.plot`, for original sequences.
        decoded_kwargs : dict, default=None
            Keywords for `matplotlib.axes.Axes.plot`, for decoded sequences.

        Returns
        -------
        display : ReconstructionDisplay
            The display itself, drawn.

        Raises
        ------
        ValueError
            If original and decoded differ in the number of sequences or features, or a
            feature does not exist.
        """
        original, decoded, container = self._sequences()
        titles = self._titles(original, decoded)
        note = self._start(ax, features, original, container, len(original), sharey)
        self.lines_ = np.empty((*self.axes_.shape, 2), dtype=object)
        for column, (x, x_decoded) in enumerate(zip(original, decoded, strict=True)):
            lines = self.lines_[:, column]
            lines[:, 0] = self._draw(column, x, ORIGINAL, original_kwargs)
            lines[:, 1] = self._draw(column, x_decoded, DECODED, decoded_kwargs)
            title(self.axes_[0, column], title=titles[column])
        handles = list(self.lines_[0, -1])
        self.legend_ = legend_beside(self.axes_[0, -1], handles=handles, title=note)
        return self

    def _sequences(self) -> tuple[RaggedArray, RaggedArray, Container]:
        original, container = to_ragged(self.original)
        decoded, _ = to_ragged(self.decoded)
        if len(decoded) != len(original):
            raise ValueError(
                f"decoded holds {_count(len(decoded), 'sequence')}, but original "
                f"{len(original)}; expected one for each."
            )
        if decoded.n_features != original.n_features:
            raise ValueError(
                f"decoded has {_count(decoded.n_features, 'feature')}, but original "
                f"{original.n_features}; both need the same number."
            )
        return original, decoded, container

    def _titles(self, original: RaggedArray, decoded: RaggedArray) -> list[str]:
        n = len(original)
        names = _base.as_labels(self.sequence_names, "sequence_names", n, "sequence")
        names = names or [f"Sequence {i}" for i in range(n)]
        lengths = zip(original.lengths, decoded.lengths, strict=True)
        return [
            f"{name}\n{_count(n, 'step')}"
            + (f"\n{of_decoded} decoded" if n != of_decoded else "")
            for name, (n, of_decoded) in zip(names, lengths, strict=True)
        ]
