"""For the tests of ONNX files."""

import numpy as np
import pandas as pd
import pytest

from sklearn_seqae import to_onnx

PAGES = ["home", "søk", "cart", "pay", "help"]


@pytest.fixture(scope="session")
def log(sequences):
    """A table of dates, pages, amounts and floors, with gaps in all but the dates."""
    rng = np.random.default_rng(0)
    lengths = list(map(len, sequences))
    n = sum(lengths)
    start = np.repeat(rng.integers(0, 10**6, len(lengths)), lengths)
    passed = rng.geometric(0.01, n) * (rng.random(n) < 0.9)
    seconds = start + pd.Series(passed).groupby(start).cumsum().to_numpy()
    frame = pd.DataFrame(
        {
            "session": np.repeat(np.arange(len(lengths)), lengths),
            "when": np.datetime64("2024-03-01", "us") + seconds.astype("m8[s]"),
            "page": rng.choice(PAGES, n, p=[0.4, 0.3, 0.1, 0.1, 0.1]).astype(object),
            "amount": np.concatenate(sequences)[:, 0],
            "floor": rng.integers(1, 4, n).astype(float),
        }
    )
    for name in ("page", "amount", "floor"):
        frame.loc[rng.random(n) < 0.1, name] = None
    return frame


@pytest.fixture
def session(tmp_path):
    """Return a session on the file that is written of an estimator."""
    import onnxruntime as ort

    def start(estimator, part="encoder"):
        path = tmp_path / "model.onnx"
        to_onnx(estimator, path, part=part)
        options = ort.SessionOptions()
        options.log_severity_level = 4  # what is refused is raised as well
        return ort.InferenceSession(path, options)

    return start
