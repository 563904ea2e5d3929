"""TensorFlow on this machine and in this process."""

from __future__ import annotations

import functools
import os
import warnings

import joblib
import tensorflow as tf


def check_not_forked() -> None:
    """Check that no parent used TensorFlow, whose threads don't survive a fork."""
    first = _first_process()
    if first != os.getpid():
        raise RuntimeError(
            f"This process was forked from process {first} after a network was used "
            "there. TensorFlow's threads don't survive a fork, and without them this "
            "call would never return. Start processes with "
            'multiprocessing.get_context("spawn") or "forkserver", or with joblib\'s '
            "default backend; a server, without preloading. Or fork before the first "
            "call of fit or transform."
        )


@functools.cache
def _first_process() -> int:
    """Return the process that called this first, also to its forks."""
    return os.getpid()


def n_threads() -> int:
    """Threads to work in: our cores, or fewer by OMP_NUM_THREADS, as joblib says."""
    n, limit = int(joblib.cpu_count()), os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(n, int(limit))) if limit.isdigit() else n


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
