"""What a notebook's diagram of the estimator says of the sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn_seqae.exceptions import _count

if TYPE_CHECKING:
    from sklearn_seqae._autoencoder import Autoencoder
    from sklearn_seqae._inputs import Container

NAMES_SHOWN = 4

# In words, where the kind's name is none
KINDS = {
    "object_array": "object array",
    "array_3d": "3-D array",
    "array_2d": "2-D array",
    "nested_array": "array of cells",
    "dataframe": "DataFrame of rows",
    "long_dataframe": "long DataFrame",
    "long_series": "long Series",
    "nested_dataframe": "DataFrame of cells",
    "nested_series": "Series of cells",
    "polars_wide": "polars DataFrame of rows",
    "polars_dataframe": "polars DataFrame",
    "polars_series": "polars Series",
    "arrow_wide": "pyarrow Table of rows",
    "arrow_table": "pyarrow Table",
    "arrow_array": "pyarrow Array",
    "arrow_chunked_array": "pyarrow ChunkedArray",
    "awkward": "awkward Array",
    "ragged_tensor": "RaggedTensor",
}


class DiagramMixin:
    """A caption, in scikit-learn's diagram, of what goes in and what comes out."""

    _autoencoder: Autoencoder
    _container: Container
    max_length_: int

    def _sk_visual_block_(self) -> Any:
        # Private, and so imported here only: where there is none of these any more,
        # scikit-learn catches that and draws the diagram without a caption.
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
        if len(names) and not self._container.tabular:  # there, a name is a time step's
            each = len(names) == design.n_features  # else cells hold several features
            features += f"{':' if each else ' in'} {_shortened(names)}"
        kind = KINDS.get(self._container.kind, self._container.kind)
        steps = _count(self.max_length_, "time step")
        components = _count(design.n_components, "component")
        return f"{kind}; {features}; up to {steps} \N{RIGHTWARDS ARROW} {components}"


def _shortened(names: Any) -> str:
    shown = [str(name) for name in names[:NAMES_SHOWN]]
    return ", ".join(shown + ["\N{HORIZONTAL ELLIPSIS}"] * (len(names) > NAMES_SHOWN))
