"""What TensorFlow finds on this machine."""

from __future__ import annotations

import functools
import warnings

import tensorflow as tf


@functools.cache
def has_gpu() -> bool:
    """Whether TensorFlow sees a GPU: then Keras's own layers run, on cuDNN."""
    return bool(tf.config.list_physical_devices("GPU"))


@functools.cache
def xla_compiles() -> bool:
    """Whether XLA can compile for the CPU here; if not, say once what it costs."""

    @tf.function(jit_compile=True, autograph=False)
    def probe(x: tf.Tensor) -> tf.Tensor:
        return x + 1.0

    try:
        probe(tf.constant(0.0))
    except (tf.errors.OpError, ValueError) as error:
        warnings.warn(
            f"TensorFlow can't compile with XLA on this platform ({error}). "
            "LSTMAutoencoderTransformer gives the same numbers within float32 without "
            "it, but runs slower.",
            RuntimeWarning,
            stacklevel=2,
        )
        return False
    return True
