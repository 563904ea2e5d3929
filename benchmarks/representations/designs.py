"""Who makes embeddings: our estimator in several designs, and what one would use else.

A new design of ours is a line in `OURS`: a name and the parameters that differ from the
defaults. `HEADLINE` are those that stand beside the others; the rest are compared among
each other, on the development sets alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.ours import PLAIN
from benchmarks.representations import baselines, inputs
from sklearn_seqae import LSTMAutoencoderTransformer

CONVERGED = {
    **PLAIN,
    "epochs": "auto",
    "learning_rate": 3e-3,
    "learning_rate_schedule": "cosine",
}
NO_ATTENTION: dict[str, Any] = {"pooling": ("last", "mean", "max", "min", "std")}
NO_HEAD = {**CONVERGED, **NO_ATTENTION, "n_components": None}

OURS: dict[str, dict[str, Any]] = {
    "defaults": {},
    # How the defaults came about, one thing after the other
    "one-state": PLAIN,
    "converged": CONVERGED,
    "pooled": {**NO_HEAD, "n_components": 16},
    "no-head": NO_HEAD,
    "contrastive": {**NO_HEAD, "contrastive_weight": 0.3},
    "no-differences": {**NO_ATTENTION, "differences": False},
    "no-attention": NO_ATTENTION,
    # But for one thing the same as without attention
    "64-components": {**NO_ATTENTION, "n_components": 64},
    "contrastive-1": {**NO_ATTENTION, "contrastive_weight": 1.0},
    "no-contrastive": {**NO_ATTENTION, "contrastive_weight": 0.0},
    "noise-0.2": {**NO_ATTENTION, "noise": 0.2},
    "forecasts": {**NO_ATTENTION, "forecast_horizon": 10},
    "128-units": {**NO_ATTENTION, "hidden_layer_sizes": (128,)},
    "2-layers": {**NO_ATTENTION, "hidden_layer_sizes": (64, 64)},
}
OTHER_INPUTS = {
    "scaled-each": inputs.ScaledEach,
    "3-patch-sizes": inputs.SeveralPatchSizes,
}
HEADLINE = ("defaults",)
LIBRARIES = ("tensorflow", "keras", "scikeras.wrappers")  # that ours imports in a fit
STEPS = {  # from a plain autoencoder to the defaults, as a chart names them
    "one-state": "last state,\n100 epochs",
    "converged": "2,000\nupdates",
    "pooled": "pooled\nstates",
    "no-head": "no\nbottleneck",
    "contrastive": "contrastive\nloss",
    "no-differences": "masking",
    "no-attention": "differences",
    "defaults": "attention\n(defaults)",
}


@dataclass(frozen=True)
class Design:
    """A way to make embeddings, or a classifier that needs none."""

    make: Callable[[int], Any]  # from a seed to an estimator; imports nothing large
    given: Mapping[str, Any] = field(default_factory=dict)  # what the design is about
    seeded: bool = True  # otherwise no seed changes anything, and it is run once
    ours: bool = False
    imports: tuple[str, ...] = ()  # modules to load before any clock starts

    def parameters(self) -> dict[str, str]:
        """All parameters but the seed, as text, to tell whether a result is stale."""
        found = self.make(0).get_params(deep=False)
        return {k: repr(v) for k, v in sorted(found.items()) if k != "random_state"}


def ours(parameters: Mapping[str, Any]) -> Design:
    def make(seed: int) -> LSTMAutoencoderTransformer:
        return LSTMAutoencoderTransformer(**parameters, random_state=seed)

    return Design(make, parameters, ours=True, imports=LIBRARIES)


def wrapped(wrapper: Callable[[Any], Any]) -> Design:
    """Ours without attention, reading sequences in another form."""

    def make(seed: int) -> Any:
        return wrapper(LSTMAutoencoderTransformer(**NO_ATTENTION, random_state=seed))

    return Design(make, ours=True, imports=LIBRARIES)


def fixed(make: Callable[[], Any], *imports: str) -> Design:
    """Of which no seed changes anything."""
    return Design(lambda seed: make(), seeded=False, imports=imports)


DESIGNS: dict[str, Design] = {
    **{name: ours(parameters) for name, parameters in OURS.items()},
    **{name: wrapped(wrapper) for name, wrapper in OTHER_INPUTS.items()},
    # Made by hand, these have units of their own: the SVM wants them standardised
    "statistics": fixed(
        lambda: make_pipeline(baselines.Statistics(), StandardScaler())
    ),
    "catch22": fixed(
        lambda: make_pipeline(baselines.Catch22(), StandardScaler()),
        "aeon.transformations.collection.feature_based",
    ),
    "PCA": fixed(lambda: baselines.PaddedPCA(0.99)),
    "PCA-16": fixed(lambda: baselines.PaddedPCA(16)),
    "MiniRocket": Design(
        lambda seed: baselines.MiniRocket(random_state=seed),
        imports=("aeon.transformations.collection.convolution_based",),
    ),
    "1-NN DTW": fixed(
        baselines.NearestNeighborDTW, "aeon.classification.distance_based"
    ),
}
