"""Import TensorFlow without its notes on standard error, and without a trace.

TensorFlow's native libraries say which CPU instructions they use and that there is no
GPU, partly before any setting of its own is heard, and its import leaves variables in
the environment. Neither is what someone who calls ``fit`` asked for.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_NOTE = re.compile(
    rb"^(I\d{4} "
    rb"|WARNING: All log messages before absl::InitializeLog"
    rb"|To enable the following instructions"
    rb"|E\d{4} .*failed call to cuInit)"  # how TensorFlow says that there is no GPU
)


def import_tensorflow_quietly() -> None:
    """Import TensorFlow and let it look for devices, keeping its notes back.

    Warnings and errors are passed on. Someone who has set ``TF_CPP_MIN_LOG_LEVEL`` to 0
    wants to know, and gets everything that TensorFlow says; any other level stands, and
    is completed by what TensorFlow itself forgets to keep back.
    """
    if "tensorflow" in sys.modules or os.environ.get(_LOG_LEVEL) == "0":
        return
    with _environment_kept(), _notes_kept_back():
        os.environ.setdefault(_LOG_LEVEL, "2")  # read once, when the library loads
        import tensorflow as tf

        tf.config.list_physical_devices()  # the first look for a GPU is the noisy one


@contextmanager
def _environment_kept() -> Iterator[None]:
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def _notes_kept_back() -> Iterator[None]:
    """Collect what is written to file descriptor 2, then pass on what is no note."""
    try:
        standard_error = os.dup(2)
    except OSError:  # no standard error to keep quiet: a windowed or detached process
        yield
        return
    with tempfile.TemporaryFile() as collected:
        os.dup2(collected.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(standard_error, 2)
            os.close(standard_error)
            collected.seek(0)
            for line in collected:
                if not _NOTE.match(line):
                    os.write(2, line)
