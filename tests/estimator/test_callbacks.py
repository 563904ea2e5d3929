"""Keras's own callbacks, each of them, and what a callback can see."""

import csv
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import keras
import numpy as np
import pytest
from helpers import assert_same_model, some_slow
from keras import callbacks
from numpy.testing import assert_allclose, assert_array_equal

# Keras's own, about NumPy 2
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)

OF_KERAS = sorted(
    name
    for name in dir(callbacks)
    if isinstance(getattr(callbacks, name), type)
    and name not in ("Callback", "CallbackList")
)


@pytest.fixture
def fit(plain_autoencoder, sequences):
    """Fit with one callback."""

    def fit_with(callback, **parameters):
        asked = {"epochs": 3, "validation_fraction": 0.3} | parameters
        return plain_autoencoder(callbacks=[callback], **asked).fit(sequences)

    return fit_with


# -- each of Keras's ----------------------------------------------------------------


def stops(fit, tmp_path):
    """It monitors "val_loss", and so sequences are held out."""
    callback = callbacks.EarlyStopping(min_delta=100, patience=2)
    autoencoder = fit(callback, epochs=50)
    assert autoencoder.n_iter_ == len(autoencoder.history_["val_loss"]) == 3


def lowers_the_rate(fit, tmp_path):
    callback = callbacks.ReduceLROnPlateau(min_delta=100, patience=1, factor=1e-9)
    losses = fit(callback, epochs=5).history_["val_loss"]
    assert abs(losses[0] - losses[1]) > 1e-4
    assert_allclose(losses[2:], losses[1], rtol=1e-5)


def sets_the_rate(fit, tmp_path):
    standstill = callbacks.LearningRateScheduler(lambda epoch, rate: 0.0)
    losses = fit(standstill).history_["loss"]
    assert_allclose(losses, losses[0], rtol=1e-6)


def is_called(fit, tmp_path):
    epochs = []
    fit(callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epochs.append(epoch)))
    assert epochs == [0, 1, 2]


def has_the_history(fit, tmp_path):
    history = callbacks.History()
    autoencoder = fit(history)
    assert history.history == autoencoder.history_
    assert history.epoch == [0, 1, 2]


def writes_a_table(fit, tmp_path):
    autoencoder = fit(callbacks.CSVLogger(tmp_path / "log.csv"))
    with open(tmp_path / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["loss"]) for row in rows] == autoencoder.history_["loss"]


def shows_a_bar(fit, tmp_path, capsys):
    fit(callbacks.ProgbarLogger())
    shown = capsys.readouterr().out
    assert "Epoch 3/3" in shown
    assert "3/3" in shown.replace("Epoch 3/3", "")  # batches
    assert "loss: " in shown


def writes_events(fit, tmp_path):
    fit(callbacks.TensorBoard(tmp_path, write_graph=False))
    assert list(tmp_path.rglob("events.out.tfevents.*"))


def posts(fit, tmp_path):
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            n = int(self.headers["Content-Length"])
            received.append(json.loads(self.rfile.read(n)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://127.0.0.1:{server.server_port}"
        autoencoder = fit(callbacks.RemoteMonitor(root, send_as_json=True))
        server.shutdown()
    assert [of_epoch["loss"] for of_epoch in received] == autoencoder.history_["loss"]


def swaps_averages(fit, tmp_path):
    """Held-out sequences are evaluated with averages: here, the first weights."""

    class Watch(callbacks.SwapEMAWeights):
        monitor = "val_loss"

    def losses(callback):
        adam = keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=1 - 1e-7)
        return fit(callback, optimizer=adam).history_

    averaged = losses(Watch())
    assert_allclose(averaged["val_loss"], averaged["val_loss"][0], rtol=1e-4)
    plain = callbacks.Callback()
    plain.monitor = "val_loss"
    found = losses(plain)
    assert_allclose(found["loss"], averaged["loss"], rtol=1e-5)
    assert abs(found["val_loss"][-1] - averaged["val_loss"][-1]) > 1e-3


def has_nothing_to_terminate(fit, tmp_path):
    assert fit(callbacks.TerminateOnNaN()).n_iter_ == 3


def saves_the_network_alone(fit, tmp_path):
    path = tmp_path / "best.keras"
    with pytest.warns(UserWarning, match=r"early_stopping=True.*joblib\.dump"):
        fit(callbacks.ModelCheckpoint(path, save_best_only=True))
    assert isinstance(keras.models.load_model(path), keras.Model)


def saves_the_network_alone_with_orbax(fit, tmp_path):
    pytest.importorskip("orbax.checkpoint")
    with pytest.warns(UserWarning, match=r"early_stopping=True.*joblib\.dump"):
        fit(callbacks.OrbaxCheckpoint(tmp_path))


def leaves_nothing_behind(fit, tmp_path):
    """How it goes on: tests/estimator/test_checkpoints.py."""
    assert fit(callbacks.BackupAndRestore(tmp_path / "backup")).n_iter_ == 3
    assert not list(tmp_path.iterdir())


EACH = {
    "BackupAndRestore": leaves_nothing_behind,
    "CSVLogger": writes_a_table,
    "EarlyStopping": stops,
    "History": has_the_history,
    "LambdaCallback": is_called,
    "LearningRateScheduler": sets_the_rate,
    "ModelCheckpoint": saves_the_network_alone,
    "OrbaxCheckpoint": saves_the_network_alone_with_orbax,
    "ProgbarLogger": shows_a_bar,
    "ReduceLROnPlateau": lowers_the_rate,
    "RemoteMonitor": posts,
    "SwapEMAWeights": swaps_averages,
    "TensorBoard": writes_events,
    "TerminateOnNaN": has_nothing_to_terminate,
}


@pytest.mark.parametrize("name", some_slow(OF_KERAS, {"SwapEMAWeights"}))
def test_each_of_keras_own_does_its_work(name, fit, tmp_path, capsys):
    more = {"capsys": capsys} if name == "ProgbarLogger" else {}
    EACH[name](fit, tmp_path, **more)


# -- the validation loss ------------------------------------------------------------


class Note(callbacks.Callback):
    """Notes the names of the losses."""

    def on_epoch_end(self, epoch, logs=None):
        self.names = set(logs)


class Monitor(Note):
    monitor = "val_loss"


def test_sequences_are_held_out_for_a_callback_that_monitors_their_loss(fit):
    note, monitor = Note(), Monitor()
    fit(note)
    assert note.names == {"loss"}
    autoencoder = fit(monitor)
    assert monitor.names == {"loss", "val_loss"}
    # as many as for early stopping, which asks for the same share
    early = fit(note, early_stopping=True)
    assert autoencoder.history_ == early.history_


class Worsens(Monitor):
    """Takes steps that are too large in the last epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.params["epochs"] - 1:
            self.model.optimizer.learning_rate = 1.0


def test_the_last_weights_are_kept_without_early_stopping(fit, sequences):
    """And not those of the best epoch: that is for a callback to decide."""
    last = fit(Worsens(), epochs=4)
    losses = last.history_["val_loss"]
    assert min(losses) < losses[-1]
    best = fit(Worsens(), epochs=4, early_stopping=True)
    Z = last.transform(sequences)
    assert np.abs(Z - best.transform(sequences)).max() > 1e-3


def test_nothing_is_held_out_in_partial_fit(plain_autoencoder, sequences):
    watched = plain_autoencoder(callbacks=[Monitor()]).partial_fit(sequences)
    assert "val_loss" not in watched.history_
    assert_same_model(watched, plain_autoencoder().partial_fit(sequences), sequences)


@pytest.mark.slow
def test_keras_restores_the_weights_of_the_best_epoch(fit, sequences):
    callback = callbacks.EarlyStopping(patience=50, restore_best_weights=True)
    parameters = {"learning_rate": 1.0, "epochs": 8}
    autoencoder = fit(callback, **parameters)
    best = fit(Monitor(), early_stopping=True, **parameters)
    assert_array_equal(autoencoder.transform(sequences), best.transform(sequences))
