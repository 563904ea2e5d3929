"""Who makes embeddings: our estimator in several designs, and what one would use else.

A new design of ours is a line in `OURS`: a name and the parameters that differ from the
defaults. `HEADLINE` are those that stand beside the others; the rest are compared among
each other, on the development sets alone.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.ours import LIBRARIES, PLAIN
from benchmarks.representations import baselines
from sklearn_seqae import LSTMAutoencoderTransformer

UPDATES = "updates"  # not a parameter: epochs that make about as many updates
UNTRAINED = {"epochs": 0}
RATE = {"learning_rate": 3e-3}
STATISTICS = ("last", "mean", "max", "min", "std")
# From a plain autoencoder to what were the defaults, one thing after the other
CONVERGED: dict[str, Any] = {**PLAIN, **RATE, UPDATES: 2000}
POOLED = {**CONVERGED, "pooling": STATISTICS}
NO_HEAD = {**POOLED, "n_components": None}
CONTRASTIVE = {**NO_HEAD, "contrastive_weight": 0.3}
MASKING = {**CONTRASTIVE, "mask_ratio": 0.3}
DIFFERENCES = {**MASKING, "encoder_inputs": ("differences",)}
BEFORE = {**DIFFERENCES, "pooling": (*STATISTICS, "attention")}

OURS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "untrained": UNTRAINED,
    "no-kernels": {"encoder_inputs": ("differences",)},
    "no-texture": {"exact_components": ("instance_norm", "shape", "length")},
    "no-shape": {"exact_components": ("instance_norm", "texture", "length")},
    "32-components": {"n_components": 32},
    "defaults-before": BEFORE,
    "one-state": PLAIN,
    "converged": CONVERGED,
    "pooled": POOLED,
    "no-head": NO_HEAD,
    "contrastive": CONTRASTIVE,
    "masking": MASKING,
    "differences": DIFFERENCES,
    # But for one thing the defaults
    **{f"{n}-components": {"n_components": n} for n in (8, 16, 64)},
    "contrastive-1": {"contrastive_weight": 1.0},
    "no-contrastive": {"contrastive_weight": 0.0},
    "noise-0.2": {"noise": 0.2},
    "forecasts": {"forecast_horizon": 10},
    "128-units": {"hidden_layer_sizes": (128,)},
    "2-layers": {"hidden_layer_sizes": (64, 64)},
    **{f"{n}-updates": {UPDATES: n} for n in (125, 250, 500, 1000, 2000)},
}
DEFAULTS = "defaults"
HEADLINE = ("defaults", "untrained", "32-components", "defaults-before")
STEPS = {  # from a plain autoencoder to the defaults, as a chart names them
    "untrained": "untrained\n(defaults)",
    "one-state": "last state,\n100 epochs",
    "converged": "2,000\nupdates",
    "pooled": "pooled\nstates",
    "no-head": "no\nbottleneck",
    "contrastive": "contrastive\nloss",
    "masking": "masking",
    "differences": "differences",
    "defaults-before": "attention",
    "2000-updates": "own\nunits",
    "defaults": "500 updates\n(defaults)",
}
SMALL = (8, 16, 32)
SIZES = {  # as a table names them
    **{f"{n}-components": str(n) for n in (*SMALL, 64)},
    **{f"{n}-principal": f"all, then PCA: {n}" for n in SMALL},
    DEFAULTS: "all (defaults)",
}
BUDGETS = [name for name in OURS if name.endswith("-updates")]


@dataclass(frozen=True)
class Design:
    """A way to make embeddings, or a classifier that needs none."""

    make: Callable[
        [int, int], Any
    ]  # an estimator, from a seed and the sequences' number
    given: Mapping[str, Any] = field(default_factory=dict)  # parameters of ours
    seeded: bool = True  # otherwise no seed changes anything, and it is run once
    ours: bool = False
    imports: tuple[str, ...] = ()  # modules to load before any clock starts

    def parameters(self) -> dict[str, str]:
        """All of ours but the seed, as text, to tell whether a result is stale."""
        found = self.make(0, 1).get_params() if self.ours else {}
        parameters = {k: repr(v) for k, v in sorted(found.items())}
        return {k: v for k, v in parameters.items() if not k.endswith("random_state")}


def ours(given: Mapping[str, Any]) -> Design:
    def make(seed: int, n_sequences: int) -> LSTMAutoencoderTransformer:
        parameters = {"random_state": seed, **given}
        n_updates = parameters.pop(UPDATES, None)
        made = LSTMAutoencoderTransformer(**parameters)
        if n_updates is not None:
            n_batches = math.ceil(n_sequences / made.batch_size)
            made.set_params(epochs=max(1, round(n_updates / n_batches)))
        return made

    return Design(make, given, ours=True, imports=LIBRARIES)


def principal(n: int) -> Design:
    """The defaults, and principal components of the standardised embedding."""

    def make(seed: int, n_sequences: int) -> Pipeline:
        autoencoder = LSTMAutoencoderTransformer(random_state=seed)
        return make_pipeline(autoencoder, StandardScaler(), PCA(n, random_state=seed))

    return Design(make, ours=True, imports=LIBRARIES)


def fixed(make: Callable[[], Any], *imports: str) -> Design:
    """Of which no seed changes anything."""
    return Design(lambda seed, n: make(), seeded=False, imports=imports)


AEON = "aeon.transformations.collection"
DESIGNS: dict[str, Design] = {
    **{name: ours(given) for name, given in OURS.items()},
    **{f"{n}-principal": principal(n) for n in SMALL},
    "statistics": fixed(baselines.statistics),
    "catch22": fixed(baselines.catch22, f"{AEON}.feature_based"),
    "PCA": fixed(partial(baselines.pca, 0.99)),
    "PCA-16": fixed(partial(baselines.pca, 16)),
    "MiniRocket": Design(
        lambda seed, n: baselines.minirocket(seed),
        imports=(f"{AEON}.convolution_based",),
    ),
    "QUANT": fixed(baselines.quant, f"{AEON}.interval_based"),
    "RDST": Design(
        lambda seed, n: baselines.RDST(seed), imports=(f"{AEON}.shapelet_based",)
    ),
    "TS2Vec": Design(
        lambda seed, n: baselines.TS2Vec(seed), imports=("torch", "ts2vec")
    ),
    "1-NN DTW": fixed(baselines.dtw, "aeon.classification.distance_based"),
}
