"""Run first in a process: pickles are loaded, then comes the first fit.

Reads from the folder that is named, writes there what was found. XLA writes each
program that it compiles into the second folder.
"""

import json
import os
import pickle
import re
import select
import signal
import sys
import warnings
from pathlib import Path

from before_tensorflow import changes, state
from helpers import as_bits


def load(folder):
    """Return the same estimator, loaded in each way."""
    import joblib
    import skops.io

    from sklearn_seqae import LSTMAutoencoderTransformer

    types = [LSTMAutoencoderTransformer]
    return {
        "pickle": pickle.loads((folder / "pickle").read_bytes()),
        "joblib": joblib.load(folder / "joblib"),
        "skops": skops.io.load(folder / "skops", trusted=types),
    }


class OfTensorFlow:
    """What is global to TensorFlow, with the draws that a seed promises."""

    def __init__(self):
        import tensorflow as tf

        self._draw = lambda: tf.random.uniform([2]).numpy().tolist()
        tf.random.set_seed(3)
        self._promised = self._draw()
        tf.random.set_seed(3)

    def changes(self):
        """Return the names of what is not as it was."""
        from tensorflow.python.framework.config import is_op_determinism_enabled

        found = {
            "draws": self._draw() != self._promised,
            "determinism": is_op_determinism_enabled(),
        }
        return [name for name, is_changed in found.items() if is_changed]


def n_programs(folder):
    """Count the programs that XLA has compiled."""
    names = (re.match(r"module_\d+", path.name) for path in folder.iterdir())
    return len({name[0] for name in names if name})


def in_a_fork(calls, limit=60):
    """Return what each call raises in a forked child, by name.

    A child that has not answered within some seconds is killed, and gave nothing.
    """
    if not hasattr(os, "fork"):
        return {}
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # there are threads
        child = os.fork()
    if child == 0:
        os.write(write, json.dumps({n: error_of(c) for n, c in calls.items()}).encode())
        os._exit(0)
    os.close(write)
    answers, _, _ = select.select([read], [], [], limit)
    if not answers:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return json.loads(os.read(read, 2**16)) if answers else None


def error_of(call):
    try:
        call()
    except Exception as error:
        return [type(error).__name__, str(error)]


def main(folder, programs):
    facts = {"imported": {}, "embeddings": [], "changed": [], "loaded": {}}
    facts["compiled"] = {}
    loaded = load(folder)
    facts["imported"]["by loading"] = "tensorflow" in sys.modules
    loaded["pickle"].get_feature_names_out(), repr(loaded["pickle"])
    loaded["pickle"]._repr_html_()  # what a notebook shows
    facts["imported"]["by looking"] = "tensorflow" in sys.modules

    from sklearn_seqae import LSTMAutoencoderTransformer

    X = pickle.loads((folder / "X").read_bytes())
    of_tensorflow = None
    fits = {"first fit": (0, "auto"), "second": (None, 2), "third": (None, 2)}
    for name, (random_state, epochs) in fits.items():
        before = state()
        autoencoder = LSTMAutoencoderTransformer(
            random_state=random_state, epochs=epochs
        )
        facts["embeddings"].append(as_bits(autoencoder.fit_transform(X)))
        autoencoder.inverse_transform(autoencoder.transform(X))
        autoencoder.score(X)
        facts["changed"].append(changes(before))
        facts["compiled"][name] = n_programs(programs)
        of_tensorflow = of_tensorflow or OfTensorFlow()  # from the first fit on
    autoencoder.encoder_  # noqa: B018
    facts["changed"].append(changes(before))
    facts["changed"].append(of_tensorflow.changes())

    shorter = [x[: 1 + n] for n, x in enumerate(X)]
    autoencoder = LSTMAutoencoderTransformer(random_state=0, epochs=2).fit(shorter)
    autoencoder.inverse_transform(autoencoder.transform(shorter))
    facts["compiled"]["shorter sequences"] = n_programs(programs)
    Z = autoencoder.transform(shorter)
    calls = {
        "transform": lambda: autoencoder.transform(shorter),
        "inverse_transform": lambda: autoencoder.inverse_transform(Z),
        "reconstruct": lambda: autoencoder.reconstruct(shorter),
        "score_samples": lambda: autoencoder.score_samples(shorter),
        "encoder_": lambda: autoencoder.encoder_,
        "partial_fit": lambda: autoencoder.partial_fit(shorter),
        "fit": lambda: autoencoder.fit(shorter),
    }
    facts["fork"] = {"of": os.getpid(), "errors": in_a_fork(calls)}
    autoencoder.inverse_transform(autoencoder.transform(X)[:1], lengths=[65])
    facts["compiled"]["a larger buffer"] = n_programs(programs)

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
    main(*map(Path, sys.argv[1:]))
