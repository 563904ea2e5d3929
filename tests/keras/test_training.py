import dataclasses

import keras
import numpy as np
import pytest
from keras.callbacks import Callback
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning
from sklearn_seqae._keras.architecture import initial_weights

from sklearn_seqae._keras import feeding, training, workspace
from sklearn_seqae._keras.training import Data, Settings, State

# Keras's own, of a callback that reads the learning rate
OF_KERAS = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)

LENGTHS = [5, 16, 1, 9, 12, 3, 16, 7, 2, 11, 4, 8]  # three batches of four


@pytest.fixture(scope="module")
def architecture(make_architecture):
    """One for all tests, so that one program is compiled."""
    return make_architecture()


@pytest.fixture(scope="module")
def patches(make_patches):
    return make_patches(LENGTHS, missing=0.2)


@pytest.fixture
def fit(architecture, patches):
    """Train with the settings that a test asks for."""
    usual = Settings(
        epochs=5,
        batch_size=4,
        optimizer="adam",
        learning_rate=0.01,
        early_stopping=False,
        n_iter_no_change=10,
        tol=1e-4,
        callbacks=None,
        verbose=0,
    )

    def run(
        *, n_validation=0, sample_weight=None, start=None, random_state=None, **settings
    ):
        n = len(patches)
        weight = np.ones(n) if sample_weight is None else np.asarray(sample_weight)
        order = np.arange(n)
        data = Data(
            patches,
            weight.astype(np.float32),
            order[n_validation:],
            order[:n_validation],
        )
        return training.train(
            architecture,
            data,
            dataclasses.replace(usual, **settings),
            np.random.RandomState(0) if random_state is None else random_state,
            start,
        )

    return run


@pytest.fixture
def loss_of(architecture, patches, through_numpy):
    """Mean squared error over observed values, from NumPy."""

    def compute(weights, indices, sample_weight=None):
        weight = np.ones(len(patches)) if sample_weight is None else sample_weight
        _, steps = through_numpy(architecture, weights, patches)
        squares = (steps.astype(np.float64) - patches.values[:-1]) ** 2
        total = mass = 0.0
        for i in indices:
            own = slice(patches.offsets[i], patches.offsets[i + 1])
            observed = patches.observed[own]
            total += weight[i] * squares[own][observed].sum()
            mass += weight[i] * observed.sum()
        return total / mass

    return compute


def assert_same_weights(found, expected):
    for a, b in zip(found, expected, strict=True):
        assert_array_equal(a, b)


class Recorder(Callback):
    """Writes down what is called, with which epoch and logs."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def on_train_begin(self, logs=None):
        self.calls.append(("train_begin", None, logs))

    def on_train_end(self, logs=None):
        self.calls.append(("train_end", None, logs))

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(("epoch_begin", epoch, logs))

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(("epoch_end", epoch, logs))

    def named(self, name):
        return [(epoch, logs) for called, epoch, logs in self.calls if called == name]


class BatchRecorder(Recorder):
    def on_train_batch_begin(self, batch, logs=None):
        self.calls.append(("batch_begin", batch, logs))

    def on_train_batch_end(self, batch, logs=None):
        self.calls.append(("batch_end", batch, logs))


# The loss -----------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
def test_the_loss_is_a_mean_over_observed_values(fit, loss_of, architecture, weighted):
    weight = np.linspace(0.5, 3, len(LENGTHS)) if weighted else None
    random_state = np.random.RandomState(0)
    weights = initial_weights(architecture, random_state)
    # At a learning rate of nothing, every batch meets these weights
    result = fit(
        start=State(weights),
        learning_rate=0.0,
        epochs=2,
        sample_weight=weight,
        random_state=random_state,
    )
    expected = loss_of(weights, range(len(LENGTHS)), weight)
    assert_allclose(result.history["loss"], 2 * [expected], rtol=1e-5)
    assert_same_weights(result.state.weights, weights)


def test_training_lowers_the_loss(fit, loss_of):
    result = fit(epochs=60)
    assert result.history["loss"][-1] < 0.7 * result.history["loss"][0]
    found = loss_of(result.state.weights, range(len(LENGTHS)))
    assert_allclose(found, result.history["loss"][-1], rtol=0.1)


# Epochs -------------------------------------------------------------------------------


def test_history_has_an_entry_an_epoch(fit):
    result = fit(epochs=7)
    assert result.n_epochs == 7
    assert {name: len(values) for name, values in result.history.items()} == {"loss": 7}
    assert all(type(value) is float for value in result.history["loss"])


def test_the_same_seed_gives_the_same_bits(fit):
    first, again = fit(), fit()
    assert_same_weights(first.state.weights, again.state.weights)
    assert first.history == again.history
    other = fit(random_state=np.random.RandomState(1))
    assert first.history != other.history


@pytest.mark.parametrize("steps_per_call", [1, 30, 10**6])
def test_how_many_epochs_a_call_changes_no_bit(fit, monkeypatch, steps_per_call):
    expected = fit(epochs=7)
    monkeypatch.setattr(feeding, "STEPS_PER_CALL", steps_per_call)
    monkeypatch.setattr(training, "STEPS_PER_CALL", steps_per_call)
    found = fit(epochs=7)
    assert_same_weights(found.state.weights, expected.state.weights)
    assert found.history == expected.history


@pytest.mark.parametrize("callback", [Callback, Recorder, BatchRecorder])
def test_someone_looking_on_changes_no_bit(fit, callback):
    """Epoch by epoch, or batch by batch, it is the same training."""
    expected = fit(epochs=7)
    found = fit(epochs=7, callbacks=callback())
    assert_same_weights(found.state.weights, expected.state.weights)
    assert found.history == expected.history


def test_going_on_is_as_if_never_stopped(fit):
    expected = fit(epochs=5)
    random_state = np.random.RandomState(0)
    first = fit(epochs=3, random_state=random_state)
    fit(epochs=1)  # someone else uses the program in between
    second = fit(epochs=2, random_state=random_state, start=first.state)
    assert_same_weights(second.state.weights, expected.state.weights)
    assert first.history["loss"] + second.history["loss"] == expected.history["loss"]


def test_what_training_starts_from_is_not_changed(fit, architecture):
    start = fit(epochs=2).state
    before = [w.copy() for w in start.weights], [v.copy() for v in start.optimizer]
    fit(start=start)
    assert_same_weights(start.weights, before[0])
    assert_same_weights(start.optimizer, before[1])


# Early stopping -----------------------------------------------------------------------

EARLY = {"early_stopping": True, "n_validation": 4, "learning_rate": 0.3, "tol": 0.0}


def test_early_stopping_restores_the_best_epoch(fit, loss_of):
    result = fit(epochs=40, n_iter_no_change=3, **EARLY)
    losses = result.history["val_loss"]
    best = int(np.argmin(losses))
    assert len(losses) == len(result.history["loss"]) == result.n_epochs
    assert result.n_epochs == best + 1 + 3 < 40  # such a learning rate overshoots
    assert best > 0
    assert_allclose(loss_of(result.state.weights, range(4)), losses[best], rtol=1e-5)
    # and the optimizer's state of that epoch, for whoever goes on from it
    until_then = fit(epochs=best + 1, **EARLY | {"early_stopping": False})
    assert_same_weights(result.state.weights, until_then.state.weights)
    assert_same_weights(result.state.optimizer, until_then.state.optimizer)


def test_the_best_epoch_is_restored_when_epochs_run_out(fit, loss_of):
    result = fit(epochs=5, n_iter_no_change=50, **EARLY)
    losses = result.history["val_loss"]
    assert result.n_epochs == 5
    assert_allclose(loss_of(result.state.weights, range(4)), min(losses), rtol=1e-5)


def test_an_improvement_below_tol_does_not_count(fit):
    result = fit(epochs=40, n_iter_no_change=4, **EARLY | {"tol": 1e9})
    assert result.n_epochs == 1 + 4


def test_validation_sequences_are_not_trained_on(fit, architecture, make_patches):
    """Other values there change the validation loss and nothing else."""
    expected = fit(epochs=3, n_iter_no_change=9, **EARLY)
    patches = make_patches(LENGTHS, missing=0.2)
    first_trained = patches.offsets[4]
    patches.values[:first_trained] += 1.0
    n = len(patches)
    data = Data(patches, np.ones(n, np.float32), np.arange(4, n), np.arange(4))
    settings = Settings(3, 4, "adam", 0.3, True, 9, 0.0, None, 0)
    found = training.train(architecture, data, settings, np.random.RandomState(0))
    assert found.history["loss"] == expected.history["loss"]
    assert found.history["val_loss"] != expected.history["val_loss"]


def test_early_stopping_with_sample_weight(fit, loss_of):
    weight = np.linspace(0.5, 3, len(LENGTHS))
    result = fit(epochs=4, n_iter_no_change=9, sample_weight=weight, **EARLY)
    expected = loss_of(result.state.weights, range(4), weight)
    assert_allclose(min(result.history["val_loss"]), expected, rtol=1e-5)


def test_the_epoch_in_which_a_callback_stops_counts(fit, loss_of):
    class Stop(Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    result = fit(epochs=9, callbacks=Stop(), **EARLY)
    (loss,) = result.history["val_loss"]
    assert_allclose(loss_of(result.state.weights, range(4)), loss, rtol=1e-5)


# What is left to chance --------------------------------------------------------------

DROPOUT = {"dropout": 0.2, "recurrent_dropout": 0.3}


@pytest.mark.usefixtures("without_xla")
@pytest.mark.parametrize("chance", [{"dropout": 0.2}, {"recurrent_dropout": 0.3}])
def test_chance_is_decided_by_the_seed(fit, chance):
    first, again = fit(**chance), fit(**chance)
    assert_same_weights(first.state.weights, again.state.weights)
    assert first.history == again.history
    other = fit(random_state=np.random.RandomState(1), **chance)
    assert first.history != other.history
    assert fit().history != first.history


@pytest.mark.usefixtures("without_xla")
@pytest.mark.parametrize("steps_per_call", [1, 30])
def test_how_many_epochs_a_call_changes_no_chance(fit, monkeypatch, steps_per_call):
    expected = fit(epochs=5, **DROPOUT)
    monkeypatch.setattr(feeding, "STEPS_PER_CALL", steps_per_call)
    monkeypatch.setattr(training, "STEPS_PER_CALL", steps_per_call)
    found = fit(epochs=5, callbacks=BatchRecorder(), **DROPOUT)
    assert_same_weights(found.state.weights, expected.state.weights)


@pytest.mark.usefixtures("without_xla")
@pytest.mark.parametrize("chance", [DROPOUT, {"noise": 0.5}, {"mask_ratio": 0.3}])
def test_every_update_draws_anew(fit, chance):
    """At a learning rate of nothing, only what is drawn makes epochs differ."""
    settings = {"epochs": 6, "learning_rate": 0.0}
    (loss,) = set(np.round(fit(**settings).history["loss"], 5))
    losses = fit(**settings, **chance).history["loss"]
    assert len(set(np.round(losses, 5))) == 6
    assert abs(np.median(losses) - loss) < 0.5 * loss


@pytest.mark.usefixtures("without_xla")
@pytest.mark.parametrize("chance", [DROPOUT, {"noise": 0.5, "mask_ratio": 0.3}])
def test_nothing_is_drawn_where_nothing_is_trained(fit, loss_of, chance):
    result = fit(epochs=3, n_iter_no_change=9, **EARLY, **chance)
    expected = loss_of(result.state.weights, range(4))
    assert_allclose(min(result.history["val_loss"]), expected, rtol=1e-5)


@pytest.mark.usefixtures("without_xla")
def test_another_share_needs_no_other_program(fit, monkeypatch):
    fit(epochs=1, **DROPOUT)
    programs = len(workspace._cache._idle)
    fit(epochs=1, dropout=0.7, recurrent_dropout=0.01)
    assert len(workspace._cache._idle) == programs


# Penalties ----------------------------------------------------------------------------


@pytest.mark.usefixtures("without_xla")
def test_the_l1_norm_is_a_mean_over_sequences_beside_the_loss(
    fit, loss_of, architecture, patches, through_numpy
):
    """In the history, and in the gradient that is followed."""
    weight, rate, everything = np.linspace(0.5, 3, len(LENGTHS)), 1e-3, range(12)
    random_state = np.random.RandomState(0)
    start = initial_weights(architecture, random_state)

    def norm(weights):
        codes, _ = through_numpy(architecture, weights, patches)
        return np.average(np.abs(codes).sum(axis=1), weights=weight)

    result = fit(
        epochs=1,
        batch_size=12,
        optimizer=keras.optimizers.SGD(rate),
        sample_weight=weight,
        random_state=random_state,
        start=State(start),
        sparsity_weight=0.7,
    )
    assert_allclose(result.history["sparsity_loss"], [norm(start)], rtol=1e-5)
    end = result.state.weights
    gradient = [(a - b) / rate for a, b in zip(start, end, strict=True)]

    def objective(size):
        there = [w + size * g for w, g in zip(start, gradient, strict=True)]
        return loss_of(there, everything, weight) + 0.7 * norm(there)

    slope = (objective(1e-3) - objective(-1e-3)) / 2e-3
    squared = sum((g.astype(np.float64) ** 2).sum() for g in gradient)
    assert_allclose(slope, squared, rtol=0.01)


# Callbacks ----------------------------------------------------------------------------


def test_callbacks_are_called_every_epoch(fit):
    recorder = Recorder()
    result = fit(epochs=3, callbacks=[recorder])
    assert [name for name, *_ in recorder.calls] == [
        "train_begin",
        *(3 * ["epoch_begin", "epoch_end"]),
        "train_end",
    ]
    assert [epoch for epoch, _ in recorder.named("epoch_begin")] == [0, 1, 2]
    logged = [logs["loss"] for _, logs in recorder.named("epoch_end")]
    assert logged == result.history["loss"]


def test_callbacks_see_the_validation_loss(fit):
    recorder = Recorder()
    result = fit(epochs=3, n_iter_no_change=9, callbacks=[recorder], **EARLY)
    logged = [logs["val_loss"] for _, logs in recorder.named("epoch_end")]
    assert logged == result.history["val_loss"]


def test_batch_hooks_are_called_every_batch(fit):
    recorder = BatchRecorder()
    fit(epochs=2, callbacks=[recorder])
    assert [batch for batch, _ in recorder.named("batch_begin")] == 2 * [0, 1, 2]
    assert [batch for batch, _ in recorder.named("batch_end")] == 2 * [0, 1, 2]
    assert all(logs["loss"] > 0 for _, logs in recorder.named("batch_end"))
    names = [name for name, *_ in recorder.calls]
    assert names[1:5] == ["epoch_begin", "batch_begin", "batch_end", "batch_begin"]


def test_callbacks_see_the_weights_of_their_epoch(fit):
    class Weights(Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.seen = [v.numpy().copy() for v in self.model.trainable_variables]

    callback = Weights()
    result = fit(epochs=2, callbacks=callback)
    assert_same_weights(callback.seen, result.state.weights)


def test_a_callback_may_stop_training(fit):
    class Stop(Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    result = fit(epochs=9, callbacks=Stop())
    assert result.n_epochs == len(result.history["loss"]) == 2
    # and the next one that is served by the same program is not stopped
    assert fit(epochs=4, callbacks=Callback()).n_epochs == 4


@OF_KERAS
def test_keras_own_callbacks_work(fit):
    stop = keras.callbacks.EarlyStopping(
        "loss", patience=2, min_delta=1e9, restore_best_weights=True
    )
    slow = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    rates = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: rates.append(
            float(stop.model.optimizer.learning_rate)
        )
    )
    result = fit(epochs=9, callbacks=[slow, stop, note])
    assert result.n_epochs == 3
    assert_allclose(rates, [0.005, 0.0025, 0.00125])


@OF_KERAS
def test_a_changed_learning_rate_does_not_reach_the_next_fit(fit):
    expected = fit()
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    fit(callbacks=halve)
    assert_same_weights(fit().state.weights, expected.state.weights)


# When it ends otherwise ---------------------------------------------------------------


class Interrupt(Callback):
    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


def test_an_interrupt_keeps_the_weights_so_far(fit):
    with pytest.warns(ConvergenceWarning, match="interrupted by user after 3 epochs"):
        result = fit(epochs=9, callbacks=Interrupt(2))
    assert result.n_epochs == len(result.history["loss"]) == 3
    assert_same_weights(result.state.weights, fit(epochs=3).state.weights)


def test_an_interrupt_keeps_the_best_weights_so_far(fit, loss_of):
    settings = EARLY | {"learning_rate": 1.0, "n_iter_no_change": 50}
    with pytest.warns(ConvergenceWarning, match="interrupted"):
        result = fit(epochs=40, callbacks=Interrupt(12), **settings)
    losses = result.history["val_loss"]
    assert len(losses) == result.n_epochs == 13
    assert min(losses) < losses[-1]
    found = loss_of(result.state.weights, range(4))
    assert_allclose(found, min(losses), rtol=1e-5)


# Settings that need another program ---------------------------------------------------


@pytest.mark.usefixtures("without_xla")
def test_an_optimizer_instance_brings_its_own_learning_rate(fit):
    given = keras.optimizers.SGD(0.5, global_clipnorm=1.0)
    found = fit(epochs=1, optimizer=given, learning_rate=123.0)
    expected = fit(epochs=1, optimizer="sgd", learning_rate=0.5)
    assert_same_weights(found.state.weights, expected.state.weights)
    assert float(given.learning_rate) == 0.5
    assert not given.built


@pytest.mark.usefixtures("without_xla")
@pytest.mark.parametrize("batch_size", [1, 5])
def test_batches_of_any_size_follow_the_gradient_of_the_mean(
    fit, loss_of, architecture, batch_size
):
    """On average over an epoch, a step is the gradient of the loss that is reported."""
    everything, rate = range(len(LENGTHS)), 1e-3
    weight = np.linspace(0.5, 3, len(LENGTHS))
    random_state = np.random.RandomState(0)
    start = initial_weights(architecture, random_state)
    result = fit(
        epochs=1,
        batch_size=batch_size,
        optimizer=keras.optimizers.SGD(rate),
        sample_weight=weight,
        random_state=random_state,
        start=State(start),
    )
    assert_allclose(
        result.history["loss"], [loss_of(start, everything, weight)], rtol=0.01
    )
    n_steps = -(-len(LENGTHS) // batch_size)
    end = result.state.weights
    step = [(a - b) / (rate * n_steps) for a, b in zip(start, end, strict=True)]
    # Along the gradient the loss grows by the gradient's squared length
    above, below = (
        loss_of(
            [w + h * s for w, s in zip(start, step, strict=True)], everything, weight
        )
        for h in (1e-2, -1e-2)
    )
    squared = sum((s.astype(np.float64) ** 2).sum() for s in step)
    assert_allclose((above - below) / 2e-2, squared, rtol=0.03)


def test_verbose_prints_and_changes_no_bit(fit, capsys):
    expected = fit(epochs=4)
    assert capsys.readouterr().out == ""
    found = fit(epochs=4, verbose=2)
    assert "epoch 4/4 - loss: " in capsys.readouterr().out
    assert_same_weights(found.state.weights, expected.state.weights)


@pytest.mark.usefixtures("without_xla")
def test_divergence_is_an_error_with_advice(fit):
    expected = fit()
    with pytest.raises(
        FloatingPointError, match=r"diverged.*Lower learning_rate=1e\+38"
    ):
        fit(learning_rate=1e38, epochs=20)
    # and what comes after it is as if it had never been
    assert_same_weights(fit().state.weights, expected.state.weights)


@pytest.mark.usefixtures("without_xla")
def test_an_error_in_a_callback_is_the_callers(fit):
    class Broken(Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fit(callbacks=Broken())
