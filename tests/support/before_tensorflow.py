"""Run first in a process: what the package does there before TensorFlow is imported.

Writes to the file that is named: "loaded", the modules after each step, and "changed",
of the process's state. Run with the root of the tests.
"""

import json
import logging
import os
import random
import runpy
import sys
import warnings
from importlib import import_module
from pathlib import Path


def state():
    """Return what is global to the process."""
    import numpy as np

    return {
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "warnings": list(map(str, warnings.filters)),
        "random": random.getstate(),
        "np.random": [np.asarray(part).tolist() for part in np.random.get_state()],
        "np.errstate": np.geterr(),
        "logging": [logging.getLogger().level, str(logging.getLogger().handlers)],
    }


def changes(before):
    """Return the names of what is not as it was."""
    now = state()
    return [name for name in before if now[name] != before[name]]


def main(facts, tests):
    loaded, changed = {}, {}

    def step(name):
        loaded[name] = sorted(sys.modules)

    before = state()
    import_module("sklearn_seqae")
    step("the package")
    changed["the package"] = changes(before)
    import pandas as pd
    import sklearn.linear_model  # what these change is not our doing
    import sklearn.preprocessing

    before = state()
    import_module("sklearn_seqae.datasets")
    import_module("sklearn_seqae.plotting")
    from sklearn_seqae import (
        LSTMAutoencoderOutlierDetector,
        LSTMAutoencoderTransformer,
        WindowOutlierDetector,
        to_frame,
        to_sequences,
        to_windows,
    )

    step("all that is public")
    changed["all that is public"] = changes(before)

    own = LSTMAutoencoderTransformer(n_components=3)
    detector = WindowOutlierDetector(LSTMAutoencoderOutlierDetector(own))
    repr(sklearn.base.clone(detector).get_params())
    to_windows([1.0, 2.0, 3.0], 2)
    step("bookkeeping")
    from sklearn.utils import estimator_html_repr

    assert "any length" in estimator_html_repr(LSTMAutoencoderTransformer())
    step("showing")
    to_frame(to_sequences(pd.DataFrame({"id": ["b", "a"], "x": [1.0, 2.0]}), by="id"))
    step("a pandas table")

    for name in ("containers/readers/test_bad_inputs.py", "estimator/test_errors.py"):
        runpy.run_path(tests / name)["refuse_all"]()
    step("bad input")
    facts.write_text(json.dumps({"loaded": loaded, "changed": changed}))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
