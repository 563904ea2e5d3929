"""What runs in the workers of a Dask cluster that tests start."""

from distributed import WorkerPlugin
from internals import turn_xla

from sklearn_seqae import LSTMAutoencoderTransformer


class XLA(WorkerPlugin):
    """Turns XLA on or off in each worker, also in one that follows a killed one."""

    def __init__(self, on):
        self.on = on

    def setup(self, worker):
        turn_xla(self.on)


class Counted(LSTMAutoencoderTransformer):
    """Counts how often it was loaded in this process."""

    n_loaded = 0

    def __setstate__(self, state):
        Counted.n_loaded += 1
        super().__setstate__(state)


def count_loaded():
    return Counted.n_loaded


def count_programs():
    """Count the programs that this process has compiled to train, and kept."""
    from sklearn_seqae._keras.training import cache

    return len(cache._idle)


def drop_all():
    from internals import drop_programs

    drop_programs()
