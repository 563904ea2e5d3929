"""ReconstructionDisplay, by what it draws."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_seqae import to_sequences
from sklearn_seqae.datasets import make_events
from sklearn_seqae.plotting import LatentTraversalDisplay, ReconstructionDisplay

ORIGINAL = [np.arange(10.0).reshape(5, 2), -np.arange(6.0).reshape(3, 2)]
DECODED = [x + 0.5 for x in ORIGINAL]


@pytest.fixture
def display():
    return ReconstructionDisplay(original=ORIGINAL, decoded=DECODED)


def test_a_column_for_each_sequence_and_a_row_for_each_feature(display):
    display.plot()
    assert display.axes_.shape == (2, 2)
    assert display.lines_.shape == (2, 2, 2)
    for row in range(2):
        for column in range(2):
            original, decoded = display.lines_[row, column]
            steps = np.arange(len(ORIGINAL[column]))
            assert original.axes is decoded.axes is display.axes_[row, column]
            assert_array_equal(
                original.get_xydata(), np.c_[steps, ORIGINAL[column][:, row]]
            )
            assert_array_equal(
                decoded.get_xydata(), np.c_[steps, DECODED[column][:, row]]
            )


def test_decoded_may_have_lengths_of_its_own():
    decoded = [np.zeros((7, 2)), np.zeros((2, 2))]
    display = ReconstructionDisplay(original=ORIGINAL, decoded=decoded).plot()
    lengths = [len(line.get_xdata()) for line in display.lines_[0, :, 1]]
    assert lengths == [7, 2]
    titles = [ax.get_title() for ax in display.axes_[0]]
    assert titles == [
        "Sequence 0\n5 steps\n7 decoded",
        "Sequence 1\n3 steps\n2 decoded",
    ]


def test_panels_are_titled_with_units(display):
    display.plot()
    assert [ax.get_title() for ax in display.axes_[0]] == [
        "Sequence 0\n5 steps",
        "Sequence 1\n3 steps",
    ]
    assert [ax.get_ylabel() for ax in display.axes_[:, 0]] == [
        "Feature 0\n(original unit)",
        "Feature 1\n(original unit)",
    ]
    assert [ax.get_xlabel() for ax in display.axes_[-1]] == ["Time step"] * 2
    assert display.axes_[0, 1].get_ylabel() == ""  # said once


def test_names_given():
    display = ReconstructionDisplay(
        original=ORIGINAL,
        decoded=DECODED,
        feature_names=["force (N)", "angle (°)"],
        sequence_names=["left", "right"],
        time_name="Frame (6.4 ms)",
    ).plot()
    assert [ax.get_ylabel() for ax in display.axes_[:, 0]] == ["force (N)", "angle (°)"]
    assert display.axes_[0, 1].get_title() == "right\n3 steps"
    assert display.axes_[1, 0].get_xlabel() == "Frame (6.4 ms)"


def test_how_many_features_are_drawn_is_said_if_that_was_not_asked_for():
    wide = [np.zeros((3, 12))]
    display = ReconstructionDisplay(original=wide, decoded=wide)
    assert display.plot().axes_.shape == (6, 1)
    assert display.legend_.get_title().get_text() == "6 of 12 features"
    for features in ([0, 1], range(12)):
        assert display.plot(features=features).legend_.get_title().get_text() == ""


def test_panels_of_a_feature_share_their_scale(display):
    display.plot()
    assert display.axes_[0, 0].get_ylim() == display.axes_[0, 1].get_ylim()
    assert display.axes_[0, 0].get_ylim() != display.axes_[1, 0].get_ylim()
    assert display.axes_[0, 0].get_xlim() == display.axes_[1, 0].get_xlim()
    assert display.axes_[0, 0].get_xlim() != display.axes_[0, 1].get_xlim()


def test_original_and_decoded_differ_without_their_colour(display):
    original, decoded = display.plot().lines_[0, 0]
    assert original.get_linestyle() == "-"
    assert decoded.get_linestyle() == "--"
    texts = [text.get_text() for text in display.legend_.get_texts()]
    assert texts == ["original", "decoded"]


def test_missing_values_are_gaps_and_one_between_them_a_dot():
    original = np.array([1.0, np.nan, 3.0, np.nan, 5.0])
    display = ReconstructionDisplay(original=[original], decoded=[np.ones(5)]).plot()
    line = display.lines_[0, 0, 0]
    assert_array_equal(line.get_ydata(), original)
    assert line.get_marker() == "."
    assert line.get_markevery() == 1


def test_padding_is_not_drawn():
    padded = np.full((2, 5, 1), np.nan)
    padded[0, :4], padded[1, :2] = 1, 2
    display = ReconstructionDisplay(original=padded, decoded=padded).plot()
    assert [len(line.get_xdata()) for line in display.lines_[0, :, 0]] == [4, 2]


def test_rows_of_a_table_are_sequences():
    table = pd.DataFrame([[1.0, 2.0, np.nan], [4.0, 5.0, 6.0]])
    display = ReconstructionDisplay(original=table, decoded=table).plot()
    assert_array_equal(display.lines_[0, 1, 0].get_ydata(), [4, 5, 6])
    assert [len(line.get_xdata()) for line in display.lines_[0, :, 0]] == [2, 3]


@pytest.mark.parametrize("features", [["angle"], [1], 1, [-1], "angle", np.array([1])])
def test_features_by_position_or_name(features):
    display = ReconstructionDisplay(
        original=ORIGINAL, decoded=DECODED, feature_names=["force", "angle"]
    ).plot(features=features)
    assert display.features_ == [1]
    assert display.axes_.shape == (1, 2)
    assert_array_equal(display.lines_[0, 0, 0].get_ydata(), ORIGINAL[0][:, 1])
    assert display.axes_[0, 0].get_ylabel() == "angle"


def test_six_features_unless_told_otherwise():
    wide = [np.zeros((3, 9))]
    display = ReconstructionDisplay(original=wide, decoded=wide)
    assert display.plot().features_ == [0, 1, 2, 3, 4, 5]
    assert display.plot(features=range(9)).axes_.shape == (9, 1)


def test_keywords_by_kind(display):
    display.plot(original_kwargs={"lw": 4}, decoded_kwargs={"markevery": 2, "c": "red"})
    original, decoded = display.lines_[1, 1]
    assert original.get_linewidth() == 4
    assert decoded.get_color() == "red"
    assert decoded.get_markevery() == 2


# -- where it is drawn ----------------------------------------------------------------


def test_axes_are_divided(display):
    figure, (left, right) = plt.subplots(1, 2)
    display.plot(right)
    assert display.bounding_ax_ is right
    assert display.figure_ is figure
    assert not right.axison
    assert left.axison
    for ax in display.axes_.ravel():
        assert ax.get_position().x0 >= right.get_position().x0 - 1e-9
        assert ax.get_position().x1 <= right.get_position().x1 + 1e-9
    with pytest.raises(ValueError, match=r"switched off.*ax=display\.axes_"):
        display.plot(right)


def test_axes_given_are_used_as_they_are(display):
    _, axes = plt.subplots(4, 1)
    axes[0].set_title("Mine")
    display.plot(axes)
    assert display.axes_.ravel().tolist() == axes.tolist()
    assert display.bounding_ax_ is None
    assert axes[0].get_title() == "Mine"


def test_drawn_again_into_the_same_panels(display):
    axes = display.plot().axes_
    display.plot(axes)
    assert display.axes_.ravel().tolist() == axes.ravel().tolist()
    assert len(axes[0, 0].lines) == 4


def test_axes_given_are_too_few(display):
    _, axes = plt.subplots(3)
    with pytest.raises(ValueError, match=r"draws 4 panels \(2 x 2\), but ax holds 3"):
        display.plot(axes)


def test_axes_without_a_place_in_a_grid(display):
    ax = plt.figure().add_axes((0, 0, 1, 1))
    with pytest.raises(ValueError, match="can only divide axes of a grid"):
        display.plot(ax)


# -- errors ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"decoded": DECODED[:1]}, "decoded holds 1 sequence, but original 2"),
        (
            {"decoded": [x[:, :1] for x in DECODED]},
            "decoded has 1 feature, but original 2",
        ),
        ({"feature_names": ["a"]}, "feature_names has length 1.*2 features"),
        ({"sequence_names": ["a"]}, "sequence_names has length 1.*2 sequences"),
    ],
)
def test_what_does_not_fit_together(changes, message):
    arrays = {"original": ORIGINAL, "decoded": DECODED}
    with pytest.raises(ValueError, match=message):
        ReconstructionDisplay(**(arrays | changes)).plot()
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ([2], "features holds 2; expected positions from 0 to 1"),
        (["force"], "features holds 'force'"),
        ([0.5], "features holds 0.5"),
        ([True, False], "features holds True"),
        ([], "features is empty"),
    ],
)
def test_features_that_do_not_exist(display, features, message):
    with pytest.raises(ValueError, match=message):
        display.plot(features=features)


# -- from an estimator ----------------------------------------------------------------


def test_first_three_sequences_of_an_estimator(fitted_plain, sequences):
    display = ReconstructionDisplay.from_estimator(fitted_plain, sequences)
    assert display.axes_.shape == (2, 3)
    decoded = fitted_plain.reconstruct(sequences[:3])
    for column in range(3):
        for row in range(2):
            original_line, decoded_line = display.lines_[row, column]
            assert_array_equal(original_line.get_ydata(), sequences[column][:, row])
            assert_allclose(decoded_line.get_ydata(), decoded[column][:, row])


def test_a_long_table_keeps_the_names_of_its_channels(plain_autoencoder, sequences):
    frames = [pd.DataFrame(x, columns=["a", "b"]) for x in sequences]
    table = pd.concat(frames, keys=range(len(frames)))
    autoencoder = plain_autoencoder().fit(table)
    display = ReconstructionDisplay.from_estimator(autoencoder, table, sequences=[5])
    decoded = autoencoder.reconstruct(table.loc[[5]])
    for row, channel in enumerate(["a", "b"]):
        original_line, decoded_line = display.lines_[row, 0]
        assert_array_equal(original_line.get_ydata(), table.loc[5, channel])
        assert_allclose(decoded_line.get_ydata(), decoded[channel])


def test_sequences_and_features_chosen(fitted_plain, sequences):
    display = ReconstructionDisplay.from_estimator(
        fitted_plain,
        sequences,
        sequences=[5, -1],
        features=["b"],
        feature_names=["a", "b"],
        time_name="Day",
    )
    assert display.axes_.shape == (1, 2)
    titles = [ax.get_title().split("\n")[0] for ax in display.axes_[0]]
    assert titles == ["Sequence 5", "Sequence 23"]
    assert_array_equal(display.lines_[0, 1, 0].get_ydata(), sequences[-1][:, 1])
    assert display.axes_[0, 0].get_ylabel() == "b"
    assert display.axes_[0, 0].get_xlabel() == "Day"


def test_lengths_are_kept_without_length_component(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(exact_components=()).fit(sequences)
    display = ReconstructionDisplay.from_estimator(autoencoder, sequences)
    lengths = [len(line.get_xdata()) for line in display.lines_[0, :, 1]]
    assert lengths == [len(x) for x in sequences[:3]]


def test_sequence_that_does_not_exist(fitted_plain, sequences):
    with pytest.raises(ValueError, match="sequences holds 24; expected"):
        ReconstructionDisplay.from_estimator(fitted_plain, sequences, sequences=[24])


def test_other_features_than_in_fit(fitted_plain):
    with pytest.raises(ValueError, match="3 features, but LSTMAutoencoderTransformer"):
        ReconstructionDisplay.from_estimator(fitted_plain, [np.ones((4, 3))])


def double(X):
    return [2 * x for x in X]


def test_of_a_pipeline_the_step_is_shown(fitted_plain, sequences):
    pipeline = make_pipeline(
        FunctionTransformer(double),
        fitted_plain,
        PCA().fit(fitted_plain.transform(sequences)),
    )
    display = ReconstructionDisplay.from_estimator(pipeline, sequences, sequences=[3])
    assert_array_equal(display.original[0], 2 * sequences[3])
    (decoded,) = fitted_plain.reconstruct([2 * sequences[3]])
    assert_allclose(display.decoded[0], decoded)


def test_a_pipeline_without_such_a_step(mean_and_length):
    with pytest.raises(TypeError, match="Pipeline has no reconstruct"):
        ReconstructionDisplay.from_estimator(
            make_pipeline(mean_and_length), [np.ones(3)]
        )


# -- ids and names --------------------------------------------------------------------


def with_ids(sequences, ids):
    return pd.Series([*sequences[: len(ids)]], index=ids)


@pytest.mark.parametrize(
    ("ids", "asked", "shown"),
    [
        (["u", "v", "w", "x"], None, ["u", "v", "w"]),
        (["u", "v", "w", "x"], ["x", "v"], ["x", "v"]),
        (["u", "v", "w", "x"], "w", ["w"]),
        (["u", "v", "w", "x"], slice(1, 3), ["v", "w"]),
        (["u", "v", "w", "x"], [-1], ["x"]),
        ([30, 20, 10, 0], [0, 20], ["0", "20"]),
        (pd.MultiIndex.from_product([["m"], range(4)]), [("m", 2)], ["m, 2"]),
        (pd.MultiIndex.from_product([["m"], range(4)]), ("m", 3), ["m, 3"]),
    ],
)
def test_sequences_by_id(fitted_plain, sequences, ids, asked, shown):
    X = with_ids(sequences, ids)
    display = ReconstructionDisplay.from_estimator(fitted_plain, X, sequences=asked)
    titles = [ax.get_title().split("\n")[0] for ax in display.axes_[0]]
    assert titles == [f"Sequence {name}" for name in shown]
    is_multi = isinstance(X.index, pd.MultiIndex)
    texts = [", ".join(map(str, one)) if is_multi else str(one) for one in X.index]
    for name, line in zip(shown, display.lines_[0, :, 0], strict=True):
        expected = sequences[texts.index(name)][:, 0]
        assert_array_equal(line.get_ydata(), expected)


def test_whole_numbers_are_no_positions_where_ids_are_whole_numbers(
    fitted_plain, sequences
):
    X = with_ids(sequences, [30, 20, 10])
    with pytest.raises(ValueError, match=r"holds 0; expected labels such as \[30, 20"):
        ReconstructionDisplay.from_estimator(fitted_plain, X, sequences=[0])


def test_names_of_a_table_are_labels_and_choose_features(plain_autoencoder, sequences):
    frames = [pd.DataFrame(x, columns=["a", "b"]) for x in sequences]
    table = pd.concat(frames, keys=[f"u{i}" for i in range(len(frames))])
    autoencoder = plain_autoencoder().fit(table)
    display = ReconstructionDisplay.from_estimator(
        autoencoder, table, sequences=["u4"], features="b"
    )
    assert display.axes_[0, 0].get_ylabel() == "b"
    assert_array_equal(display.lines_[0, 0, 0].get_ydata(), frames[4]["b"])
    traversal = LatentTraversalDisplay.from_estimator(
        autoencoder, table, features="b", base="u4", principal=False
    )
    assert traversal.axes_[0, 0].get_ylabel() == "b"
    assert_allclose(traversal.base_value, autoencoder.transform(table)[4, 0])


# -- scales and categories ------------------------------------------------------------


def test_scales_are_shared_unless_sequences_have_units_of_their_own(
    display, plain_autoencoder, sequences
):
    axes = display.plot(sharey=False).axes_
    assert axes[0, 0].get_ylim() != axes[0, 1].get_ylim()
    X = [sequences[0], 1000 * sequences[1]]
    for normed in (False, True):
        exact = ["instance_norm", "length"] if normed else ["length"]
        autoencoder = plain_autoencoder(exact_components=exact, n_components=6)
        autoencoder.fit(sequences)
        drawn = ReconstructionDisplay.from_estimator(autoencoder, X)
        shared = drawn.axes_[0, 0].get_ylim() == drawn.axes_[0, 1].get_ylim()
        assert shared != normed


def test_categories_lead_to_the_picture_of_events():
    frames = [pd.DataFrame({"page": ["home", "pay"], "price": [1.0, 2.0]})] * 2
    display = ReconstructionDisplay(original=frames, decoded=frames)
    assert display.plot().features_ == [1]
    assert display.axes_[0, 0].get_ylabel() == "price"
    for features in (["page"], [0]):
        with pytest.raises(ValueError, match=r"'page' holds categories; EventsDisplay"):
            display.plot(features=features)
    pages = [frame[["page"]] for frame in frames]
    with pytest.raises(ValueError, match=r"'page' holds categories; EventsDisplay"):
        LatentTraversalDisplay(values=[0.0, 1.0], sequences=pages).plot()
    assert len(plt.get_fignums()) == 1


def test_events_lead_to_their_picture(plain_autoencoder):
    log, _ = make_events(n_samples=8, random_state=0)
    X = to_sequences(log, by="session", order="time")
    autoencoder = plain_autoencoder().fit(X)
    with pytest.raises(ValueError, match=r"'page' holds categories; EventsDisplay"):
        ReconstructionDisplay.from_estimator(autoencoder, X)
    display = LatentTraversalDisplay.from_estimator(autoencoder, X)
    assert [ax.get_ylabel() for ax in display.axes_[:, 0]] == ["amount"]
