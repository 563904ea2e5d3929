"""Caption of the estimator in a notebook's diagram."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn_seqae.exceptions import _count

if TYPE_CHECKING:
    from sklearn_seqae._autoencoder import Autoencoder
    from sklearn_seqae._inputs import Container

NAMES_SHOWN = 4


class DiagramMixin:
    """Add a caption to scikit-learn's diagram: the data in fit and the embedding."""

    _autoencoder: Autoencoder
    _container: Container
    max_length_: int

    def _sk_visual_block_(self) -> Any:
        # These are private, so they are imported only here. If both are gone,
        # scikit-learn catches the error and draws the diagram without a caption.
        try:
            from sklearn.utils._repr_html.estimator import _VisualBlock
        except ImportError:  # scikit-learn 1.6
            from sklearn.utils._estimator_html_repr import _VisualBlock

        return _VisualBlock(
            "single",
            self,
            names=type(self).__name__,
            name_details=str(self),
            name_caption=self._caption(),
        )

    def _caption(self) -> str:
        if not hasattr(self, "_autoencoder"):
            return "sequences of any length"
        design = self._autoencoder.design
        features = _count(design.n_features, "feature")
        names = getattr(self, "feature_names_in_", ())
        if len(names) and not self._container.tabular:  # else names are of time steps
            each = len(names) == design.n_features  # else a cell holds several features
            features += f"{':' if each else ' in'} {_shortened(names)}"
        steps = _count(self.max_length_, "time step")
        components = _count(design.n_components, "component")
        return (
            f"{self._container.caption}; {features}; "
            f"up to {steps} \N{RIGHTWARDS ARROW} {components}"
        )


def _shortened(names: Any) -> str:
    shown = [str(name) for name in names[:NAMES_SHOWN]]
    return ", ".join(shown + ["\N{HORIZONTAL ELLIPSIS}"] * (len(names) > NAMES_SHOWN))
