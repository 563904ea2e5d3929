"""Where the documentation is, and the diagram of an estimator, which links to it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from sklearn_seqae.exceptions import _count

SITE = "https://sklearn-seqae.github.io/sklearn-seqae"
NAMES_SHOWN = 4


def folder_of(release: str) -> str:
    """Return the folder of a version: one for each minor version, and `dev`.

    >>> folder_of("0.3.1"), folder_of("0.4.0.dev0"), folder_of("dev")
    ('0.3', 'dev', 'dev')
    """
    return "dev" if "dev" in release else ".".join(release.split(".")[:2])


# In scikit-learn's form, for the link in the diagram of an estimator
PAGE_OF_ESTIMATOR = (
    f"{SITE}/{folder_of(version('sklearn-seqae'))}/generated/"
    "{estimator_module}.{estimator_name}.html"
)


def visual_block(estimator: Any) -> Any:
    """Return scikit-learn's diagram with a caption: the data in fit, the embedding."""
    # It is private, so it is imported only here. If it is gone, scikit-learn catches
    # the error and draws the diagram without a caption.
    from sklearn.utils._repr_html.estimator import _VisualBlock

    return _VisualBlock(
        "single",
        estimator,
        names=type(estimator).__name__,
        name_details=str(estimator),
        name_caption=_caption(estimator),
    )


def _caption(estimator: Any) -> str:
    fitted = getattr(estimator, "_fitted", None)
    if fitted is None:
        return "sequences of any length"
    container = fitted.schema.container
    features = _count(fitted.schema.features.n_features, "feature")
    if container.feature_names is not None:
        names = [str(name) for name in container.feature_names]
        shown = names[:NAMES_SHOWN]
        shown += ["\N{HORIZONTAL ELLIPSIS}"] * (len(names) > NAMES_SHOWN)
        features += f": {', '.join(shown)}"
    elif not container.tabular:  # a column of cells has one name
        column = getattr(estimator, "feature_names_in_", ())
        features += "".join(f" in {name}" for name in column)
    steps = _count(fitted.max_length, "time step")
    components = _count(fitted.n_components, "component")
    return (
        f"{container.caption}; {features}; "
        f"up to {steps} \N{RIGHTWARDS ARROW} {components}"
    )
