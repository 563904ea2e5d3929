"""TensorFlow on this machine: what it finds, and how its functions are made."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable
from typing import Any

import joblib
import tensorflow as tf


def check_not_forked() -> None:
    """Check that no parent of this process has used TensorFlow. Call it before use.

    Raises
    ------
    RuntimeError
        If one has, since TensorFlow would wait for its threads, which a fork loses.
    """
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


def own_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a callable of its own that calls ``function``.

    TensorFlow counts traces by the code of a function, and takes the fifth for a
    mistake that it warns of. Programs share the code of their methods, so each gets a
    partial, which has none and is counted for itself.
    """
    return functools.partial(function)


def n_cores() -> int:
    """Count the cores that this process may use."""
    return int(joblib.cpu_count())


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
