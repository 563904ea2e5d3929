"""LossDisplay, by what it draws."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae.plotting import LossDisplay

LOSS = [0.9, 0.5, 0.3, 0.2]
VAL_LOSS = [0.8, 0.6, 0.4, 0.7]


def legend_texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_lines_are_the_losses_at_epochs_counted_from_1():
    display = LossDisplay(loss=LOSS, val_loss=VAL_LOSS).plot()
    training, validation = display.lines_
    assert_array_equal(training.get_xydata(), np.c_[1:5, LOSS])
    assert_array_equal(validation.get_xydata(), np.c_[1:5, VAL_LOSS])
    assert display.ax_.get_yscale() == "linear"
    assert display.figure_ is display.ax_.figure


def test_best_epoch_is_marked_at_the_lowest_validation_loss():
    display = LossDisplay(loss=LOSS, val_loss=VAL_LOSS).plot()
    assert display.best_epoch_ == 3
    assert_array_equal(display.best_marker_.get_xydata(), [[3, 0.4]])
    assert legend_texts(display.ax_) == ["training", "validation", "best epoch: 3"]


def test_early_stopping_may_have_looked_at_more():
    display = LossDisplay(
        loss=LOSS, val_loss=VAL_LOSS, val_objective=[np.nan, 0.7, 0.9, 0.8]
    ).plot()
    assert display.best_epoch_ == 2
    assert_array_equal(display.best_marker_.get_xydata(), [[2, VAL_LOSS[1]]])


def test_no_epoch_is_best_by_the_training_loss():
    display = LossDisplay(loss=LOSS).plot()
    assert len(display.lines_) == 1
    assert display.best_epoch_ is None
    assert display.best_marker_ is None
    assert legend_texts(display.ax_) == ["training"]


def test_mark_can_be_left_out():
    display = LossDisplay(loss=LOSS, val_loss=VAL_LOSS).plot(mark_best=False)
    assert display.best_marker_ is None
    assert legend_texts(display.ax_) == ["training", "validation"]


def test_epochs_without_validation_loss_are_gaps():
    display = LossDisplay(loss=LOSS, val_loss=[np.nan, 0.6, np.nan, 0.5]).plot()
    assert display.best_epoch_ == 4
    assert_array_equal(np.isnan(display.lines_[1].get_ydata()), [1, 0, 1, 0])


def test_log():
    ax = LossDisplay(loss=LOSS).plot(log=True).ax_
    assert ax.get_yscale() == "log"


def test_axes_are_titled_with_the_unit():
    ax = LossDisplay(loss=LOSS).plot().ax_
    assert ax.get_title() == "Loss in training"
    assert ax.get_xlabel() == "Epoch"
    assert ax.get_ylabel() == "Mean squared error (scaled units)"


def test_loss_has_the_name_given():
    display = LossDisplay(loss=LOSS, loss_name="ELBO (nats)").plot()
    assert display.ax_.get_ylabel() == "ELBO (nats)"


def test_titles_that_axes_have_are_kept():
    _, ax = plt.subplots()
    ax.set(title="Mine", xlabel="Pass")
    display = LossDisplay(loss=LOSS).plot(ax)
    assert display.ax_ is ax
    assert (ax.get_title(), ax.get_xlabel()) == ("Mine", "Pass")
    assert ax.get_ylabel() == "Mean squared error (scaled units)"


def test_lines_differ_without_their_colour():
    training, validation = LossDisplay(loss=LOSS, val_loss=VAL_LOSS).plot().lines_
    assert training.get_linestyle() != validation.get_linestyle()
    assert training.get_marker() != validation.get_marker()


def test_markers_stay_few():
    (line,) = LossDisplay(loss=np.linspace(1, 0.1, 1000)).plot().lines_
    assert 1000 / line.get_markevery() <= 12


def test_a_single_epoch_can_be_seen():
    display = LossDisplay(loss=[0.5]).plot()
    display.figure_.canvas.draw()
    assert display.lines_[0].get_marker() == "o"
    assert display.lines_[0].get_markevery() == 1
    low, high = display.ax_.get_xlim()
    assert [t for t in display.ax_.get_xticks() if low <= t <= high] == [1]


def test_keywords_go_to_both_lines_whichever_their_alias():
    display = LossDisplay(loss=LOSS, val_loss=VAL_LOSS).plot(
        line_kwargs={"lw": 3, "ls": ":", "c": "red"}
    )
    for line in display.lines_:
        assert line.get_linewidth() == 3
        assert line.get_linestyle() == ":"
        assert line.get_color() == "red"


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"loss": []}, "loss is empty"),
        ({"loss": [[1.0]]}, "loss is 2-D; expected 1-D"),
        (
            {"loss": LOSS, "val_loss": [1.0]},
            "val_loss has length 1, but there are 4 epochs",
        ),
        ({"loss": LOSS, "val_loss": [np.nan] * 4}, "val_loss is all NaN"),
    ],
)
def test_bad_losses(arrays, message):
    with pytest.raises(ValueError, match=message):
        LossDisplay(**arrays).plot()
    assert plt.get_fignums() == []


def test_losses_that_are_no_numbers():
    with pytest.raises(TypeError, match="loss has dtype <U1; expected real numbers"):
        LossDisplay(loss=["a"]).plot()


def test_zero_has_no_place_on_a_logarithmic_axis():
    display = LossDisplay(loss=LOSS, val_loss=[0.5, 0.0, 0.1, 0.2])
    with pytest.raises(ValueError, match=r"validation loss of epoch 2 is 0.*log=False"):
        display.plot(log=True)


# -- from an estimator ----------------------------------------------------------------


def test_history_of_an_estimator(fitted_plain, sequences):
    display = LossDisplay.from_estimator(fitted_plain, sequences, log=True)
    (line,) = display.lines_
    assert_array_equal(line.get_ydata(), fitted_plain.history_["loss"])
    assert display.ax_.get_yscale() == "log"
    assert display.ax_.get_ylabel() == "Mean squared error (scaled units)"


def test_early_stopping_keeps_the_epoch_marked(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(early_stopping=True, epochs=4, random_state=1)
    display = LossDisplay.from_estimator(autoencoder.fit(sequences))
    validation = autoencoder.history_["val_loss"]
    assert_array_equal(display.lines_[1].get_ydata(), validation)
    assert display.best_epoch_ == 1 + validation.index(min(validation))


def test_losses_in_the_units_of_the_data_are_called_so(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(scaler=None).fit(sequences)
    display = LossDisplay.from_estimator(autoencoder)
    expected = "Mean squared error (original units, squared)"
    assert display.ax_.get_ylabel() == expected


def test_losses_in_units_of_each_sequence_are_called_so(plain_autoencoder, sequences):
    parameters = {"exact_components": ["instance_norm", "length"], "n_components": 8}
    autoencoder = plain_autoencoder(epochs=1, **parameters).fit(sequences)
    display = LossDisplay.from_estimator(autoencoder)
    expected = "Mean squared error (units of each sequence's own)"
    assert display.ax_.get_ylabel() == expected


def test_without_an_epoch_there_is_no_loss(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(epochs=0).fit(sequences)
    with pytest.raises(ValueError, match="epochs was 0; fit with at least 1"):
        LossDisplay.from_estimator(autoencoder)


def test_epochs_without_a_validation_loss_are_a_gap(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(early_stopping=True).fit(sequences)
    autoencoder.partial_fit(sequences)
    loss, validation = LossDisplay.from_estimator(autoencoder).lines_[:2]
    assert len(loss.get_ydata()) == 3
    assert_array_equal(np.isnan(validation.get_ydata()), [False, False, True])


def test_unfitted_estimator(plain_autoencoder):
    with pytest.raises(NotFittedError):
        LossDisplay.from_estimator(plain_autoencoder())


def test_estimator_without_history(mean_and_length):
    with pytest.raises(TypeError, match="MeanAndLength has no history_"):
        LossDisplay.from_estimator(mean_and_length)
    with pytest.raises(TypeError, match="a pipeline with such a step, but Pipeline"):
        LossDisplay.from_estimator(make_pipeline(mean_and_length))


def test_pipeline(fitted_plain):
    pipeline = make_pipeline(fitted_plain, StandardScaler().fit([[1.0]]))
    (line,) = LossDisplay.from_estimator(pipeline).lines_
    assert_array_equal(line.get_ydata(), fitted_plain.history_["loss"])
