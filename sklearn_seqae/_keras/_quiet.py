"""Import TensorFlow without its notes on standard error, and without a trace.

Its native libraries write notes partly before any setting is heard, and its import
leaves variables in the environment.
"""

from __future__ import annotations

import os
import random
import re
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module

_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_NOTE = re.compile(
    rb"^(I\d{4} "
    rb"|WARNING: All log messages before absl::InitializeLog"
    rb"|To enable the following instructions"
    rb"|E\d{4} .*failed call to cuInit)"  # how TensorFlow says that there is no GPU
)
_TRACE = b"=== Source Location Trace"  # of the message before, up to an empty line
# What TensorFlow and h5py set; other threads may set others meanwhile, which stay.
_LEFT_BEHIND = (
    "ENABLE_RUNTIME_UPTIME_TELEMETRY",
    "HDF5_PLUGIN_PATH",
    "KMP_DUPLICATE_LIB_OK",
    "KMP_INIT_AT_FORK",
    "TF2_BEHAVIOR",
    "TPU_ML_PLATFORM",
    "TPU_ML_PLATFORM_VERSION",
)
_END = b"\0 sklearn_seqae has imported TensorFlow\n"


def import_tensorflow_quietly() -> None:
    """Import TensorFlow and let it look for devices, keeping its notes back.

    Warnings are passed on. With ``TF_CPP_MIN_LOG_LEVEL`` set it is imported as it is. A
    thread of its own imports it: Ctrl-C reaches the main thread only, so no import is
    left half done, after which TensorFlow could not be imported again.
    """
    executor = ThreadPoolExecutor(max_workers=1)
    try:
        executor.submit(_import_all).result()
    finally:
        executor.shutdown(wait=False)


def _import_all() -> None:
    drawn = random.getstate()
    try:
        if "tensorflow" not in sys.modules and _LOG_LEVEL not in os.environ:
            with _environment_kept(), _notes_kept_back():
                os.environ[_LOG_LEVEL] = "2"  # read once, when the library loads
                import tensorflow as tf

                tf.config.list_physical_devices()  # the first look for a GPU is noisy
        for name in ("tensorflow", "keras", "scikeras.wrappers"):
            import_module(name)
    finally:
        random.setstate(drawn)  # Keras imports rich, which draws numbers of its own


@contextmanager
def _environment_kept() -> Iterator[None]:
    names = [name for name in (_LOG_LEVEL, *_LEFT_BEHIND) if name not in os.environ]
    try:
        yield
    finally:
        for name in names:
            os.environ.pop(name, None)


@contextmanager
def _notes_kept_back() -> Iterator[None]:
    """Let what is written to file descriptor 2 through, but for notes.

    A child that another thread starts meanwhile has the pipe as its standard error. So
    it is read until nobody can write to it any more.
    """
    try:
        standard_error = os.dup(2)
    except OSError:  # no standard error to keep quiet: a windowed or detached process
        yield
        return
    read, write = os.pipe()
    is_over = threading.Event()
    reader = threading.Thread(
        target=_pass_on, args=(read, standard_error, is_over), daemon=True
    )
    reader.start()
    os.dup2(write, 2)
    try:
        yield
    finally:
        os.dup2(standard_error, 2)
        os.write(write, _END)
        os.close(write)
        is_over.wait()


def _pass_on(read: int, standard_error: int, is_over: threading.Event) -> None:
    """Copy lines that are no notes, as they come."""
    is_note = in_trace = False
    with os.fdopen(read, "rb") as lines, os.fdopen(standard_error, "wb", 0) as out:
        for line in lines:
            if line.endswith(_END):
                out.write(line.removesuffix(_END))
                is_over.set()
                continue
            begins = line.startswith(_TRACE)
            if not (begins or in_trace):
                is_note = _NOTE.match(line) is not None
            in_trace = begins or (in_trace and line != b"\n")
            if not is_note:
                out.write(line)
    is_over.set()
