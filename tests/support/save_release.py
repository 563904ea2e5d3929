"""Write the files that all later releases have to load: one for each way of saving.

Run it when a release is made, with the oldest dependencies, so that every later version
of them can read the files. It writes into tests/data/saved, a folder for each release.
"""

import pickle
from pathlib import Path
from zipfile import ZIP_DEFLATED

import numpy as np
import skops.io

import sklearn_seqae
from sklearn_seqae import LSTMAutoencoderTransformer

FOLDER = Path(__file__).parents[1] / "data" / "saved"


def estimator():
    """Return an estimator with something in every field that may be None."""
    return LSTMAutoencoderTransformer(
        n_components=3,
        hidden_layer_sizes=2,
        patch_size=2,
        pooling=("last", "attention"),
        contrastive_weight=0.0,  # its layers are large
        kl_weight=1e-3,
        forecast_horizon=2,
        batch_size=4,
        epochs=2,
        random_state=0,
    )


def sequences():
    """Return eight sequences of 4 to 11 time steps and 2 features."""
    rng = np.random.default_rng(0)
    return [rng.normal(size=(n, 2)) for n in range(4, 12)]


def main():
    X = sequences()
    fitted = estimator().fit(X)
    folder = FOLDER / sklearn_seqae.__version__
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "estimator.pickle").write_bytes(pickle.dumps(fitted, protocol=4))
    skops.io.dump(fitted, folder / "estimator.skops", compression=ZIP_DEFLATED)
    Z = fitted.transform(X)
    decoded, ahead = fitted.inverse_transform(Z), fitted.forecast(X)
    gone_on = fitted.partial_fit(X).transform(X)
    np.savez(
        folder / "expected.npz",
        Z=Z,
        decoded=np.concatenate(decoded),
        ahead=np.concatenate(ahead),
        gone_on=gone_on,
    )


if __name__ == "__main__":
    main()
