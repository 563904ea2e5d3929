"""What each parameter of the estimator may be, for scikit-learn to check."""

from numbers import Integral, Real
from typing import Any

from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from sklearn_seqae._design import DECODERS
from sklearn_seqae._scaling import SCALERS

POSITIVE_INT = Interval(Integral, 1, None, closed="left")
NON_NEGATIVE = Interval(Real, 0, None, closed="left")
SHARE = Interval(Real, 0, 1, closed="left")

PARAMETER_CONSTRAINTS: dict[str, Any] = {
    "n_components": [POSITIVE_INT, None],
    "hidden_layer_sizes": [POSITIVE_INT, "array-like"],
    "bidirectional": ["boolean"],
    "length_component": ["boolean", StrOptions({"auto"})],
    "differences": ["boolean"],
    "patch_size": [POSITIVE_INT, StrOptions({"auto"})],
    "pooling": [str, list, tuple],
    "activation": [StrOptions({"tanh", "relu"})],
    "decoder": [StrOptions(set(DECODERS))],
    "decoder_layer_sizes": [POSITIVE_INT, "array-like", None],
    "scaler": [StrOptions(set(SCALERS)), HasMethods(["fit", "transform"]), None],
    "noise": [NON_NEGATIVE],
    "mask_ratio": [SHARE],
    "dropout": [SHARE],
    "recurrent_dropout": [SHARE],
    "sparsity_weight": [NON_NEGATIVE],
    "kl_weight": [NON_NEGATIVE],
    "contrastive_weight": [NON_NEGATIVE],
    "forecast_horizon": [POSITIVE_INT, None],
    "epochs": [POSITIVE_INT, StrOptions({"auto"})],
    "batch_size": [POSITIVE_INT],
    "optimizer": [str, type, HasMethods(["apply_gradients", "get_config"])],
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "learning_rate_schedule": [StrOptions({"cosine"}), None],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "n_iter_no_change": [POSITIVE_INT],
    "tol": [NON_NEGATIVE],
    "warm_start": ["boolean"],
    "callbacks": [None, list, tuple, dict, HasMethods(["on_epoch_end"])],
    "verbose": ["verbose"],
    "random_state": ["random_state"],
}
