"""Training: the loss, epochs, early stopping, callbacks, and how it may end."""

import itertools
from copy import deepcopy

import keras
import numpy as np
import pytest
from keras.callbacks import Callback
from networks import (
    assert_close_weights,
    assert_is_gradient,
    assert_same_state,
    assert_same_weights,
    drawn_weights,
    plain_settings,
    small_architecture,
    training_data,
    walks_in_patches,
)
from numpy.testing import assert_allclose, assert_array_equal
from references import ByNumpy, embeddings, observed_counts, squared_errors
from sklearn.exceptions import ConvergenceWarning

from sklearn_seqae._keras.training import cache, epochs, feeding, program, workspace
from sklearn_seqae._keras.training.callbacks import checked_callbacks
from sklearn_seqae._network.layers import State

# Keras's own, of a callback that reads the learning rate
OF_KERAS = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)

LENGTHS = [5, 16, 1, 9, 12, 3, 16, 7, 2, 11, 4, 8]  # three batches of four
EVERYTHING = np.arange(len(LENGTHS))
SAMPLE_WEIGHT = np.linspace(0.5, 3, len(LENGTHS))
ARCHITECTURE = small_architecture()  # one for all tests: they share programs
PATCHES = walks_in_patches(LENGTHS, missing=0.2)
START = State(drawn_weights(ARCHITECTURE))


def fit(
    *,
    n_validation=0,
    sample_weight=None,
    start=None,
    seed=0,
    callbacks=None,
    **settings,
):
    """Train with the settings that a test asks for."""
    random_state = seed
    if isinstance(seed, int):
        random_state = np.random.RandomState(seed)
    return epochs.train(
        ARCHITECTURE,
        training_data(PATCHES, n_validation, sample_weight),
        plain_settings(callbacks=checked_callbacks(callbacks), **settings),
        random_state,
        start,
    )


def loss_of(weights, indices, sample_weight=None):
    """Return the mean squared error over observed values, from the equations."""
    weight = np.ones(len(PATCHES)) if sample_weight is None else sample_weight
    total = weight * squared_errors(ByNumpy(ARCHITECTURE, weights), PATCHES)
    mass = weight * observed_counts(PATCHES)
    return total[indices].sum() / mass[indices].sum()


def stride(start, end, size):
    """Return the way from one set of weights to another, in strides of a size."""
    return {name: (w - end[name]) / size for name, w in start.items()}


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


@pytest.mark.parametrize("weight", [None, SAMPLE_WEIGHT], ids=["plain", "weighted"])
def test_the_loss_is_a_mean_over_observed_values(weight):
    # At a learning rate of nothing, every batch meets these weights
    result = fit(start=START, learning_rate=0.0, epochs=2, sample_weight=weight)
    expected = loss_of(START.weights, EVERYTHING, weight)
    assert_allclose(result.history["loss"], 2 * [expected], rtol=1e-5)
    assert_same_weights(result.state.weights, START.weights)


def test_training_lowers_the_loss():
    result = fit(epochs=60)
    assert result.history["loss"][-1] < 0.7 * result.history["loss"][0]
    found = loss_of(result.state.weights, EVERYTHING)
    assert_allclose(found, result.history["loss"][-1], rtol=0.1)


# Epochs -------------------------------------------------------------------------------


def test_history_has_an_entry_an_epoch():
    result = fit(epochs=7)
    assert result.n_epochs == 7
    assert {name: len(values) for name, values in result.history.items()} == {"loss": 7}
    assert all(type(value) is float for value in result.history["loss"])


def test_the_same_seed_gives_the_same_bits():
    first, again = fit(), fit()
    assert_same_state(again.state, first.state)
    assert first.history == again.history
    other = fit(seed=1)
    assert first.history != other.history


@pytest.mark.parametrize("steps_per_call", [1, 30, 10**6])
def test_how_many_epochs_a_call_changes_no_bit(monkeypatch, steps_per_call):
    expected = fit(epochs=7)
    monkeypatch.setattr(feeding, "STEPS_PER_CALL", steps_per_call)
    monkeypatch.setattr(epochs, "STEPS_PER_CALL", steps_per_call)
    found = fit(epochs=7)
    assert_same_weights(found.state.weights, expected.state.weights)
    assert found.history == expected.history


@pytest.mark.parametrize("callback", [Callback, Recorder, BatchRecorder])
def test_someone_looking_on_changes_no_bit(callback):
    """Epoch by epoch, or batch by batch, it is the same training."""
    expected = fit(epochs=7)
    found = fit(epochs=7, callbacks=callback())
    assert_same_weights(found.state.weights, expected.state.weights)
    assert found.history == expected.history


def test_going_on_is_as_if_never_stopped():
    expected = fit(epochs=5)
    generator = np.random.RandomState(0)
    first = fit(epochs=3, seed=generator)
    fit(epochs=1)  # someone else uses the program in between
    second = fit(epochs=2, seed=generator, start=first.state)
    assert_same_state(second.state, expected.state)
    assert first.history["loss"] + second.history["loss"] == expected.history["loss"]


def test_what_training_starts_from_is_not_changed():
    start = fit(epochs=2).state
    before = deepcopy(start)
    fit(start=start)
    assert_same_state(start, before)


# Early stopping -----------------------------------------------------------------------

EARLY = {"early_stopping": True, "n_validation": 4, "learning_rate": 0.3}


def test_early_stopping_restores_the_best_epoch():
    result = fit(epochs=40, n_iter_no_change=3, **EARLY)
    losses = result.history["val_loss"]
    best = int(np.argmin(losses))
    assert len(losses) == len(result.history["loss"]) == result.n_epochs
    assert result.n_epochs == best + 1 + 3 < 40  # such a learning rate overshoots
    assert best > 0
    assert_allclose(
        loss_of(result.state.weights, np.arange(4)), losses[best], rtol=1e-5
    )
    # and the optimizer's state of that epoch, for whoever goes on from it
    until_then = fit(epochs=best + 1, **EARLY | {"early_stopping": False})
    assert_same_state(result.state, until_then.state)


def test_the_best_epoch_is_restored_when_epochs_run_out():
    result = fit(epochs=5, n_iter_no_change=50, **EARLY)
    losses = result.history["val_loss"]
    assert result.n_epochs == 5
    assert_allclose(loss_of(result.state.weights, np.arange(4)), min(losses), rtol=1e-5)


def test_an_improvement_by_next_to_nothing_does_not_count(monkeypatch):
    monkeypatch.setattr(epochs, "TOLERANCE", 1e9)
    result = fit(epochs=40, n_iter_no_change=4, **EARLY)
    assert result.n_epochs == 1 + 4


def test_validation_sequences_are_not_trained_on(monkeypatch):
    """Other values there change the validation loss and nothing else."""
    settings = {"epochs": 3, "n_iter_no_change": 9} | EARLY
    expected = fit(**settings)
    other = deepcopy(PATCHES)
    other.values[: other.offsets[4]] += 1.0
    monkeypatch.setitem(globals(), "PATCHES", other)
    found = fit(**settings)
    assert found.history["loss"] == expected.history["loss"]
    assert found.history["val_loss"] != expected.history["val_loss"]


def test_early_stopping_with_sample_weight():
    result = fit(epochs=4, n_iter_no_change=9, sample_weight=SAMPLE_WEIGHT, **EARLY)
    expected = loss_of(result.state.weights, np.arange(4), SAMPLE_WEIGHT)
    assert_allclose(min(result.history["val_loss"]), expected, rtol=1e-5)


def test_the_epoch_in_which_a_callback_stops_counts():
    class Stop(Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    result = fit(epochs=9, callbacks=Stop(), **EARLY)
    (loss,) = result.history["val_loss"]
    assert_allclose(loss_of(result.state.weights, np.arange(4)), loss, rtol=1e-5)


# What is drawn --------------------------------------------------------------

DROPOUT = {"dropout": 0.2}
HIDDEN = {"noise": 0.5, "mask_ratio": 0.3}


@pytest.mark.slow
@pytest.mark.parametrize("random", [DROPOUT, HIDDEN])
def test_what_is_drawn_is_decided_by_the_seed(random):
    first, again = fit(**random), fit(**random)
    assert_same_weights(first.state.weights, again.state.weights)
    assert first.history == again.history
    other = fit(seed=1, **random)
    assert first.history != other.history
    assert fit().history != first.history


@pytest.mark.slow
@pytest.mark.parametrize("random", [DROPOUT, HIDDEN])
@pytest.mark.parametrize("steps_per_call", [1, 30])
def test_how_many_epochs_a_call_changes_nothing_drawn(
    monkeypatch, steps_per_call, random
):
    expected = fit(epochs=5, **random)
    monkeypatch.setattr(feeding, "STEPS_PER_CALL", steps_per_call)
    monkeypatch.setattr(epochs, "STEPS_PER_CALL", steps_per_call)
    found = fit(epochs=5, callbacks=BatchRecorder(), **random)
    assert_same_weights(found.state.weights, expected.state.weights)


@pytest.mark.parametrize("random", [DROPOUT, {"noise": 0.5}, {"mask_ratio": 0.3}])
def test_every_update_draws_anew(random):
    """At a learning rate of nothing, only what is drawn makes epochs differ."""
    settings = {"epochs": 6, "learning_rate": 0.0}
    (loss,) = set(np.round(fit(**settings).history["loss"], 5))
    losses = fit(**settings, **random).history["loss"]
    assert len(set(np.round(losses, 5))) == 6
    assert abs(np.median(losses) - loss) < 0.5 * loss


@pytest.mark.parametrize("random", [DROPOUT, HIDDEN])
def test_nothing_is_drawn_where_nothing_is_trained(random):
    result = fit(epochs=3, n_iter_no_change=9, **EARLY, **random)
    expected = loss_of(result.state.weights, np.arange(4))
    assert_allclose(min(result.history["val_loss"]), expected, rtol=1e-5)


def test_another_share_needs_no_other_program(monkeypatch):
    fit(epochs=1, **DROPOUT)
    programs = len(cache._idle)
    fit(epochs=1, dropout=0.7)
    assert len(cache._idle) == programs


# Penalties ----------------------------------------------------------------------------


def test_the_l1_norm_is_a_mean_over_sequences_beside_the_loss():
    """In the history, and in the gradient that is followed."""

    def norm(weights):
        vectors = embeddings(ByNumpy(ARCHITECTURE, weights), PATCHES)
        return np.average(np.abs(vectors).sum(axis=1), weights=SAMPLE_WEIGHT)

    rate = 1e-3
    result = fit(
        epochs=1,
        batch_size=len(LENGTHS),
        optimizer=keras.optimizers.SGD(rate),
        sample_weight=SAMPLE_WEIGHT,
        start=START,
        sparsity_weight=0.7,
    )
    assert_allclose(result.history["sparsity_loss"], [norm(START.weights)], rtol=1e-5)
    assert_is_gradient(
        stride(START.weights, result.state.weights, rate),
        lambda w: loss_of(w, EVERYTHING, SAMPLE_WEIGHT) + 0.7 * norm(w),
        START.weights,
        step=1e-3,
        rtol=0.01,
    )


# Callbacks ----------------------------------------------------------------------------


def test_callbacks_are_called_every_epoch():
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


def test_callbacks_see_the_validation_loss():
    recorder = Recorder()
    result = fit(epochs=3, n_iter_no_change=9, callbacks=[recorder], **EARLY)
    logged = [logs["val_loss"] for _, logs in recorder.named("epoch_end")]
    assert logged == result.history["val_loss"]


def test_batch_hooks_are_called_every_batch():
    recorder = BatchRecorder()
    fit(epochs=2, callbacks=[recorder])
    assert [batch for batch, _ in recorder.named("batch_begin")] == 2 * [0, 1, 2]
    assert [batch for batch, _ in recorder.named("batch_end")] == 2 * [0, 1, 2]
    assert all(logs["loss"] > 0 for _, logs in recorder.named("batch_end"))
    names = [name for name, *_ in recorder.calls]
    assert names[1:5] == ["epoch_begin", "batch_begin", "batch_end", "batch_begin"]


def test_callbacks_see_the_weights_of_their_epoch():
    class Weights(Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.seen = [v.numpy().copy() for v in self.model.trainable_variables]

    callback = Weights()
    result = fit(epochs=2, callbacks=callback)
    for seen, weight in zip(callback.seen, result.state.weights.values(), strict=True):
        assert_array_equal(seen, weight)


def test_a_callback_may_stop_training():
    class Stop(Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    result = fit(epochs=9, callbacks=Stop())
    assert result.n_epochs == len(result.history["loss"]) == 2
    # and the next one that is served by the same program is not stopped
    assert fit(epochs=4, callbacks=Callback()).n_epochs == 4


@OF_KERAS
def test_keras_own_callbacks_work():
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
def test_a_changed_learning_rate_does_not_reach_the_next_fit():
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


def test_an_interrupt_keeps_the_weights_so_far():
    result = fit(epochs=9, callbacks=Interrupt(2))
    assert isinstance(result.interrupt, KeyboardInterrupt)
    assert result.n_epochs == len(result.history["loss"]) == 3
    assert_same_weights(result.state.weights, fit(epochs=3).state.weights)


def test_an_interrupt_keeps_the_best_weights_so_far():
    settings = EARLY | {"learning_rate": 1.0, "n_iter_no_change": 50}
    result = fit(epochs=40, callbacks=Interrupt(12), **settings)
    assert isinstance(result.interrupt, KeyboardInterrupt)
    losses = result.history["val_loss"]
    assert len(losses) == result.n_epochs == 13
    assert min(losses) < losses[-1]
    found = loss_of(result.state.weights, np.arange(4))
    assert_allclose(found, min(losses), rtol=1e-5)


@pytest.fixture
def interrupt_call(monkeypatch):
    """Interrupt the call into TensorFlow of a number, once it has done its updates."""

    def in_call(number, steps_per_snapshot=1):
        train, n_calls = workspace.Workspace.train, itertools.count(1)

        def train_and_interrupt(*args):
            losses = train(*args)
            if next(n_calls) == number:
                raise KeyboardInterrupt
            return losses

        monkeypatch.setattr(workspace.Workspace, "train", train_and_interrupt)
        # One epoch a call
        monkeypatch.setattr(feeding, "STEPS_PER_CALL", 1000)
        monkeypatch.setattr(epochs, "STEPS_PER_CALL", 1)
        monkeypatch.setattr(epochs, "STEPS_PER_SNAPSHOT", steps_per_snapshot)

    return in_call


@pytest.mark.parametrize("callbacks", [None, Recorder()], ids=["alone", "watched"])
def test_an_interrupt_in_a_call_goes_back_to_the_end_of_an_epoch(
    interrupt_call, callbacks
):
    expected = fit(epochs=3)
    interrupt_call(4)
    result = fit(epochs=9, callbacks=callbacks)
    assert result.n_epochs == 3
    assert_same_state(result.state, expected.state)
    assert result.history == expected.history


def test_an_interrupt_in_a_call_goes_back_to_the_last_snapshot(interrupt_call):
    expected = fit(epochs=1)
    interrupt_call(4, steps_per_snapshot=10**6)
    result = fit(epochs=9)
    assert result.n_epochs == 1
    assert_same_state(result.state, expected.state)
    assert result.history == expected.history


@pytest.mark.parametrize("settings", [{}, EARLY])
def test_an_interrupt_before_an_epoch_is_done_is_raised(interrupt_call, settings):
    expected = fit(**settings)
    with pytest.raises(KeyboardInterrupt), pytest.MonkeyPatch.context():
        interrupt_call(1)
        fit(epochs=9, **settings)
    assert_same_state(fit(**settings).state, expected.state)


# Settings that need another program ---------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 5])
def test_batches_of_any_size_follow_the_gradient_of_the_mean(batch_size):
    """On average over an epoch, a step is the gradient of the loss that is reported."""
    rate = 1e-3
    result = fit(
        epochs=1,
        batch_size=batch_size,
        optimizer=keras.optimizers.SGD(rate),
        sample_weight=SAMPLE_WEIGHT,
        start=START,
    )
    expected = loss_of(START.weights, EVERYTHING, SAMPLE_WEIGHT)
    assert_allclose(result.history["loss"], [expected], rtol=0.01)
    n_updates = -(-len(LENGTHS) // batch_size)
    assert_is_gradient(
        stride(START.weights, result.state.weights, rate * n_updates),
        lambda weights: loss_of(weights, EVERYTHING, SAMPLE_WEIGHT),
        START.weights,
        step=1e-2,
        rtol=0.03,
    )


def test_verbose_prints_and_changes_no_bit(capsys):
    expected = fit(epochs=4)
    assert capsys.readouterr().out == ""
    found = fit(epochs=4, verbose=2)
    assert "epoch 4/4 - loss: " in capsys.readouterr().out
    assert_same_weights(found.state.weights, expected.state.weights)


def test_divergence_is_an_error_with_advice():
    expected = fit()
    with pytest.raises(
        FloatingPointError, match=r"diverged.*Lower learning_rate=1e\+38"
    ):
        fit(learning_rate=1e38, epochs=20)
    # and what comes after it is as if it had never been
    assert_same_weights(fit().state.weights, expected.state.weights)


def test_divergence_after_a_good_start_keeps_what_was_learnt(monkeypatch):
    monkeypatch.setattr(epochs, "STEPS_PER_SNAPSHOT", 1)

    class Raise(Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 3:
                self.model.optimizer.learning_rate = 1e38

    expected = fit(epochs=3)
    message = (
        r"diverged.*Lower the learning rate that a callback sets.* 3 epochs is kept"
    )
    with pytest.warns(ConvergenceWarning, match=message):
        result = fit(epochs=20, callbacks=Raise())
    assert result.n_epochs == 3
    assert result.history == expected.history
    assert_same_weights(result.state.weights, expected.state.weights)
    assert_same_weights(fit(epochs=3).state.weights, expected.state.weights)


def test_weights_that_a_callback_makes_nan_are_an_error():
    class Spoil(Callback):
        def on_train_end(self, logs=None):
            self.model.trainable_variables[0].assign_add(np.float32(np.nan))

    with pytest.raises(FloatingPointError, match="not finite"):
        fit(callbacks=Spoil())


@pytest.mark.slow
def test_an_optimizer_that_averages_weights_ends_with_the_average():
    """With a momentum of almost one, that is what the first update led to."""

    def end(epochs, **options):
        sgd = keras.optimizers.SGD(0.3, **options)
        batch_size = len(LENGTHS)
        return fit(epochs=epochs, batch_size=batch_size, optimizer=sgd).state.weights

    averaged, first = end(5, use_ema=True, ema_momentum=1 - 1e-7), end(1)
    assert_close_weights(averaged, first, rtol=0, atol=1e-5)
    last = end(5)
    assert max(np.abs(w - first[name]).max() for name, w in last.items()) > 1e-2


@pytest.mark.slow
def test_an_error_in_a_callback_is_the_callers(monkeypatch):
    """It costs no program, and the next fit has the bits of another."""

    class Broken(Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise ZeroDivisionError

    expected = fit()
    with pytest.raises(ZeroDivisionError):
        fit(callbacks=Broken())
    monkeypatch.setattr(cache, "Workspace", None)  # the same one serves
    assert_same_state(fit().state, expected.state)


# Long sequences -----------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("watched", [False, True])
def test_shards_of_few_rows_train_as_others_do(monkeypatch, watched):
    """Sums over the rows of a batch don't depend on how it is cut."""
    lengths = [5, 16, 1, 40, 12, 3, 16, 7, 2, 64, 4, 8, 9, 20]
    patches = walks_in_patches(lengths, missing=0.2)

    def trained():
        return epochs.train(
            ARCHITECTURE,
            training_data(patches, 4),
            plain_settings(
                epochs=2,
                optimizer="sgd",
                early_stopping=True,
                callbacks=checked_callbacks([BatchRecorder()] if watched else []),
            ),
            np.random.RandomState(0),
            START,
        )

    expected = trained()
    monkeypatch.setattr(program, "MAX_BYTES", 1)
    usual, long = program.plan_shapes(ARCHITECTURE, patches.lengths, 10, 4)
    assert usual.n_steps == 16
    assert long.n_rows == 1
    found = trained()
    moved = stride(START.weights, expected.state.weights, 1.0)
    assert max(np.abs(w).max() for w in moved.values()) > 1e-3
    assert_close_weights(found.state.weights, expected.state.weights, atol=1e-6)
    for name, values in expected.history.items():
        assert_allclose(found.history[name], values, rtol=1e-5, err_msg=name)
