"""For the tests of ONNX files."""

import pytest

from sklearn_seqae import to_onnx


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
