"""Ctrl-C while TensorFlow is imported, traced, and in a search."""

import os
import signal
import sys
import threading
import time

from helpers import as_bits


def interrupted(call):
    """Return the name of the exception that a call ends with."""
    try:
        call()
    except BaseException as error:
        return type(error).__name__
    return None


def interrupt_while_importing():
    """Send a signal once the import of TensorFlow has begun."""
    while "tensorflow.python" not in sys.modules:
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGINT)


def embed_in_threads(autoencoder, X, n_threads):
    """Return what each thread gets that calls transform at once."""
    begin, found = threading.Barrier(n_threads), []

    def embed():
        begin.wait()
        found.append(as_bits(autoencoder.transform(X)))

    threads = [threading.Thread(target=embed) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def fit_interrupted_in_tracing(autoencoder, X):
    """Fit, interrupted by a signal where the training step is traced."""
    from sklearn_seqae._keras.training import objective

    draw = objective.draw

    def draw_and_interrupt(*args):
        signal.raise_signal(signal.SIGINT)
        return draw(*args)

    objective.draw = draw_and_interrupt
    try:
        return interrupted(lambda: autoencoder.fit(X))
    finally:
        objective.draw = draw


def search(autoencoder, X):
    """Search, interrupted by a signal after an epoch; return how many fits began."""
    from keras.callbacks import Callback
    from sklearn.model_selection import GridSearchCV

    begun = []

    class Interrupt(Callback):
        def on_train_begin(self, logs=None):
            begun.append(1)

        def on_epoch_end(self, epoch, logs=None):
            os.kill(os.getpid(), signal.SIGINT)

    autoencoder.set_params(callbacks=[Interrupt()])
    grid = GridSearchCV(autoencoder, {"learning_rate": [1e-3, 1e-2]}, cv=2)
    return interrupted(lambda: grid.fit(X)), len(begun)


def facts_of(autoencoder, X):
    """Return what a fitted estimator does with sequences, first in a process."""
    # A process started in the background may ignore the signal; here it is heard.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    facts = {}

    threading.Thread(target=interrupt_while_importing).start()
    facts["importing"] = interrupted(lambda: autoencoder.transform(X))

    from internals import xla

    with xla(False):
        facts["threads"] = embed_in_threads(autoencoder, X, 8)
        facts["tracing"] = fit_interrupted_in_tracing(autoencoder, X)
        facts["after tracing"] = as_bits(autoencoder.transform(X))
        facts["next fit"] = as_bits(autoencoder.fit_transform(X))
        facts["search"] = search(autoencoder, X)
    return facts
