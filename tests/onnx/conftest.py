"""For the tests of ONNX files."""

import pytest


@pytest.fixture
def session(tmp_path):
    """Return a session on the file that a function writes of an estimator."""
    import onnxruntime as ort

    def start(write, estimator):
        path = tmp_path / "model.onnx"
        write(estimator, path)
        options = ort.SessionOptions()
        options.log_severity_level = 4  # what is refused is raised as well
        return ort.InferenceSession(path, options)

    return start
