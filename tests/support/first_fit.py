"""Run first in a process: pickles are loaded, then comes the first fit.

Reads from the folder that is named, writes there what was found.
"""

import json
import pickle
import sys
from pathlib import Path

from before_tensorflow import changes, state
from helpers import as_bits


def load(folder):
    """Return the same estimator, loaded in each way."""
    import joblib
    import skops.io

    types = skops.io.get_untrusted_types(file=folder / "skops")
    return {
        "pickle": pickle.loads((folder / "pickle").read_bytes()),
        "joblib": joblib.load(folder / "joblib"),
        "skops": skops.io.load(folder / "skops", trusted=types),
    }


def main(folder):
    facts = {"imported": {}, "embeddings": [], "changed": [], "loaded": {}}
    loaded = load(folder)
    facts["imported"]["by loading"] = "tensorflow" in sys.modules
    loaded["pickle"].get_feature_names_out(), repr(loaded["pickle"])
    loaded["pickle"]._repr_html_()  # what a notebook shows
    facts["imported"]["by looking"] = "tensorflow" in sys.modules

    from sklearn_seqae import LSTMAutoencoderTransformer

    X = pickle.loads((folder / "X").read_bytes())
    for random_state, epochs in [(0, "auto"), (None, 2), (None, 2)]:
        before = state()
        autoencoder = LSTMAutoencoderTransformer(
            random_state=random_state, epochs=epochs
        )
        facts["embeddings"].append(as_bits(autoencoder.fit_transform(X)))
        autoencoder.inverse_transform(autoencoder.transform(X))
        autoencoder.score(X)
        facts["changed"].append(changes(before))
    autoencoder.encoder_  # noqa: B018
    facts["changed"].append(changes(before))

    for way, autoencoder in loaded.items():
        Z = autoencoder.transform(X)
        back = autoencoder.inverse_transform(Z)
        go_on = autoencoder.partial_fit(X).transform(X)
        facts["loaded"][way] = {
            "embedded": as_bits(Z),
            "decoded": [as_bits(x) for x in back],
            "gone on": as_bits(go_on),
        }
    (folder / "facts").write_text(json.dumps(facts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
