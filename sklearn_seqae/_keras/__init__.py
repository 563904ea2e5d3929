"""The only code that imports Keras, TensorFlow or SciKeras; it knows no dataframe."""

from __future__ import annotations

import os

_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def _import_tensorflow_quietly() -> None:
    """Import TensorFlow without its notes on devices and CPU instructions.

    TensorFlow reads the level while it loads; the environment is put back after. Someone
    who has set a level keeps it.
    """
    if _LOG_LEVEL in os.environ:
        return
    os.environ[_LOG_LEVEL] = "2"
    try:
        import tensorflow as tf

        tf.config.list_physical_devices()  # looks for a GPU, and says so, the first time
    finally:
        del os.environ[_LOG_LEVEL]


_import_tensorflow_quietly()
