"""The one place where tests outside of tests/keras reach into the Keras part."""

import functools
import gc
import importlib
import itertools
import pkgutil
from contextlib import contextmanager

ROOM_FOR_PROGRAMS = 24  # more than users need: tests make many, and come back to some

_xla = {"on": True}


@functools.cache
def _put_switch():
    """Put a switch before the function that tells whether XLA compiles.

    Modules import it by its name, so it is replaced in each of them.
    """
    from sklearn_seqae import _keras
    from sklearn_seqae._keras.devices import xla_compiles
    from sklearn_seqae._keras.training import cache

    @functools.wraps(xla_compiles)
    def switched():
        return _xla["on"] and xla_compiles()

    switched.cache_clear = xla_compiles.cache_clear
    for found in pkgutil.walk_packages(_keras.__path__, f"{_keras.__name__}."):
        module = importlib.import_module(found.name)
        if getattr(module, "xla_compiles", None) is xla_compiles:
            module.xla_compiles = switched
    assert cache.MAX_IDLE < ROOM_FOR_PROGRAMS
    cache.MAX_IDLE = ROOM_FOR_PROGRAMS


@contextmanager
def xla(on):
    """Let XLA compile what is run within, or not: compiling takes seconds.

    Without it, results are the same within float32, but not to the bit, and the last
    bit of a row may depend on its place in a batch.
    """
    _put_switch()
    before = _xla["on"]
    _turn(on)
    try:
        yield
    finally:
        _turn(before)


def _turn(on):
    """Turn XLA on or off; off, graphs that run a few times are not optimised either."""
    import tensorflow as tf

    if on != _xla["on"]:
        _xla["on"] = on
        options = {"disable_meta_optimizer": not on}
        tf.config.optimizer.set_experimental_options(options)


def turn_xla(on):
    """Let XLA compile from now on, or not."""
    _put_switch()
    _turn(on)


def count_functions():
    """Count the functions that are compiled for `transform` and its inverse."""
    from sklearn_seqae._keras import inference

    makers = (inference._encoder, inference._decoder, inference._forecaster)
    return sum(maker.cache_info().currsize for maker in makers)


def checkpoints_at_every_call(set_attribute):
    """Let a fit write a checkpoint after each call into TensorFlow, and make many."""
    from sklearn_seqae._keras.training import checkpoint, epochs

    set_attribute(checkpoint, "SECONDS", 0)
    set_attribute(epochs, "STEPS_PER_SNAPSHOT", 1)
    set_attribute(epochs, "STEPS_PER_CALL", 100)


@contextmanager
def ended_at_checkpoint(n):
    """Let `Ended` be raised where a fit has written its n-th checkpoint."""
    from sklearn_seqae._keras.training.checkpoint import CheckpointFile

    write, n_written = CheckpointFile.write, itertools.count(1)

    def write_and_end(self, checkpoint):
        write(self, checkpoint)
        if next(n_written) == n:
            raise Ended

    CheckpointFile.write = write_and_end
    try:
        yield
    finally:
        CheckpointFile.write = write


class Ended(BaseException):
    """What no part of a fit handles."""


def epochs_in_checkpoint(path):
    """Count the epochs that are done in a checkpoint."""
    from sklearn_seqae._keras.training import checkpoint

    payload = path.read_bytes()[len(checkpoint.MAGIC) + 32 :]
    return checkpoint._from_bytes(payload)["training"]["n_epochs"]


def drop_programs():
    """Give back the memory of all compiled programs."""
    from sklearn_seqae._keras import inference
    from sklearn_seqae._keras.training import cache

    while cache._idle:
        cache._idle.pop()[1].close()
    for function in (inference._encoder, inference._decoder, inference._forecaster):
        function.cache_clear()
    gc.collect()


def count_steps(monkeypatch):
    """Return a dict that will hold the steps run, row by row, by fit and transform."""
    from sklearn_seqae._keras import inference
    from sklearn_seqae._keras.training import feeding

    n_steps = {"fit": 0, "transform": 0, "rows of fit": 0, "rows of transform": 0}

    def counting(pack, what):
        def pack_and_count(*args, **kwargs):
            packed = pack(*args, **kwargs)
            n_rows = packed.lengths.shape[-1]
            n_steps[what] += int(packed.lengths.max(axis=-1).sum()) * n_rows
            n_steps[f"rows of {what}"] = n_rows
            return packed

        return pack_and_count

    monkeypatch.setattr(feeding, "pack", counting(feeding.pack, "fit"))
    monkeypatch.setattr(inference, "pack", counting(inference.pack, "transform"))
    return n_steps
