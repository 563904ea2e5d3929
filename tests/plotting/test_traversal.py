"""LatentTraversalDisplay, by what it draws."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae.plotting import EmbeddingDisplay, LatentTraversalDisplay

VALUES = [-1.0, 0.0, 0.5, 1.0]
SEQUENCES = [np.full((n, 2), [n, -n]) for n in (1, 3, 4, 6)]


@pytest.fixture
def display():
    return LatentTraversalDisplay(values=VALUES, sequences=SEQUENCES, base_value=0.0)


def legend_texts(display):
    return [text.get_text() for text in display.legend_.get_texts()]


def test_a_row_for_each_feature_and_a_line_for_each_value(display):
    display.plot()
    assert display.axes_.shape == (2, 1)
    assert display.lines_.shape == (2, 4)
    for row in range(2):
        for k, sequence in enumerate(SEQUENCES):
            line = display.lines_[row, k]
            assert line.axes is display.axes_[row, 0]
            expected = np.c_[np.arange(len(sequence)), sequence[:, row]]
            assert_array_equal(line.get_xydata(), expected)


def test_line_style_tells_the_side_of_the_base_and_lightness_how_far(display):
    lines = display.plot().lines_[0]
    assert [line.get_linestyle() for line in lines] == ["--", "-", "-", "-"]
    below, base, *above = lines
    assert base.get_color() == "#000000"
    assert base.get_linewidth() > below.get_linewidth()
    luma = [
        np.dot(to_rgb(line.get_color()), [0.299, 0.587, 0.114])
        for line in [below, *above]
    ]
    assert (np.diff(luma) > 0.05).all()
    assert max(luma) < 0.85  # to be seen on white paper


def test_legend_tells_the_values(display):
    display.plot()
    assert legend_texts(display) == ["\u22121", "0 (base)", "0.5", "1"]
    assert display.legend_.get_title().get_text() == "Component"


def test_no_line_is_the_base_if_it_is_not_known():
    display = LatentTraversalDisplay(
        values=[0.0, 1.0, 2.0, 3.0, 4.0], sequences=[np.ones(3)] * 5
    ).plot()
    styles = [line.get_linestyle() for line in display.lines_[0]]
    assert styles == ["--", "--", "-", "-", "-"]
    assert not any("base" in text for text in legend_texts(display))


def test_end_of_every_sequence_is_marked(display):
    for line in display.plot().lines_.ravel():
        assert line.get_marker() == "o"
        assert line.get_markevery() == [-1]


def test_panels_are_titled_with_units(display):
    display.component_name = "Component 3"
    display.plot()
    first, last = display.axes_[:, 0]
    assert first.get_title() == "Component 3\nmoved from \u22121 to 1"
    assert first.get_ylabel() == "Feature 0\n(original unit)"
    assert last.get_xlabel() == "Time step"


def test_features_and_names(display):
    display.feature_names = ["force (N)", "angle (°)"]
    display.time_name = "Day"
    display.plot(features=["angle (°)"], line_kwargs={"alpha": 0.5})
    assert display.features_ == [1]
    (panel,) = display.axes_[:, 0]
    assert (panel.get_ylabel(), panel.get_xlabel()) == ("angle (°)", "Day")
    assert {line.get_alpha() for line in display.lines_.ravel()} == {0.5}


def test_draws_where_told(display):
    _, ax = plt.subplots()
    assert display.plot(ax, features=[0]).bounding_ax_ is ax
    _, ax = plt.subplots()
    assert display.plot([ax], features=[0]).axes_[0, 0] is ax


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.0, 1.0], "values has length 2, but there are 4 sequences"),
        ([0.0, 1.0, 1.0, 2.0], "values must rise"),
        ([3.0, 2.0, 1.0, 0.0], "values must rise"),
        ([0.0, 1.0, np.nan, 2.0], "values must rise"),
    ],
)
def test_bad_values(values, message):
    with pytest.raises(ValueError, match=message):
        LatentTraversalDisplay(values=values, sequences=SEQUENCES).plot()
    assert plt.get_fignums() == []


# -- from an estimator ----------------------------------------------------------------

X = [np.full(2, 0.0), np.full(4, 2.0), np.full(6, 4.0)]
DEVIATION = np.sqrt(8 / 3)  # of 0, 2, 4, and of the lengths 2, 4, 6


def test_moves_along_the_direction_of_most_variance(mean_and_length):
    # Mean and length rise together, so the first direction is the diagonal
    display = LatentTraversalDisplay.from_estimator(mean_and_length, X, n_values=5)
    steps = DEVIATION * np.array([-2, -1, 0, 1, 2])
    assert_allclose(display.values, np.sqrt(2) * steps)
    assert display.base_value == 0
    for line, step in zip(display.lines_[0], steps, strict=True):
        assert_allclose(line.get_ydata(), np.full(round(4 + step), 2 + step))
    assert display.component_name == "1st principal component (100% of variance)"
    legend_title = display.legend_.get_title().get_text()
    assert legend_title == "1st principal component\n(100% of variance)"
    assert legend_texts(display)[2] == "0 (base)"


def test_principal_components_are_those_of_the_embedding_plot(fitted_plain, sequences):
    embedding = EmbeddingDisplay.from_estimator(fitted_plain, sequences)
    for k, label in enumerate(["xlabel", "ylabel"]):
        display = LatentTraversalDisplay.from_estimator(
            fitted_plain, sequences, component=k, base=5
        )
        assert_allclose(display.base_value, embedding.points_[5, k], atol=1e-6)
        assert display.component_name == getattr(embedding.ax_, f"get_{label}")()


def test_moves_around_the_mean(mean_and_length):
    display = LatentTraversalDisplay.from_estimator(
        mean_and_length, X, principal=False, n_values=5
    )
    expected = 2 + DEVIATION * np.array([-2, -1, 0, 1, 2])
    assert_allclose(display.values, expected)
    assert display.base_value == 2
    for line, value in zip(display.lines_[0], expected, strict=True):
        assert_allclose(line.get_ydata(), np.full(4, value))
    assert display.axes_[0, 0].get_title().startswith("Component 0\nmoved from")
    assert legend_texts(display)[2] == "2 (base)"


def test_moving_the_length_gives_ragged_sequences(mean_and_length):
    display = LatentTraversalDisplay.from_estimator(
        mean_and_length, X, component=-1, principal=False, values=[1, 4, 7]
    )
    assert [len(line.get_xdata()) for line in display.lines_[0]] == [1, 4, 7]
    assert display.component_name == "Component 1"
    assert legend_texts(display) == ["1", "4 (base)", "7"]


@pytest.mark.parametrize("base", [1, -2, [2.0, 4.0]])
def test_base_of_ones_choice(mean_and_length, base):
    display = LatentTraversalDisplay.from_estimator(
        mean_and_length, X, principal=False, base=base, n_values=3, span=1.0
    )
    assert_allclose(display.values, [2 - DEVIATION, 2, 2 + DEVIATION])
    assert [len(line.get_xdata()) for line in display.lines_[0]] == [4, 4, 4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"component": 2, "principal": False},
            "component=2 does not exist: embeddings have 2 components, 0 to 1",
        ),
        (
            {"component": 1},
            "component=1 does not exist: embeddings have 1 principal component, 0 to 0",
        ),
        ({"component": "length"}, "component is 'length'; expected a position"),
        ({"base": 3}, "base holds 3; expected positions from 0 to 2"),
        ({"base": [1.0]}, "base has length 1, but there are 2 components"),
        ({"values": [1.0, 0.0]}, "values must rise"),
        ({"n_values": 1}, "n_values=1; expected 2 or more"),
    ],
)
def test_bad_arguments(mean_and_length, arguments, message):
    with pytest.raises(ValueError, match=message):
        LatentTraversalDisplay.from_estimator(mean_and_length, X, **arguments)


def test_component_that_never_varies(mean_and_length):
    with pytest.raises(ValueError, match=r"the same in all.*pass values"):
        LatentTraversalDisplay.from_estimator(mean_and_length, X[:1], principal=False)


def test_no_direction_between_too_few_sequences_or_equal_ones(mean_and_length):
    with pytest.raises(ValueError, match=r"1 row of 2 components.*need at least 2"):
        LatentTraversalDisplay.from_estimator(mean_and_length, X[:1])
    with pytest.raises(ValueError, match="embeddings have 0 principal components"):
        LatentTraversalDisplay.from_estimator(mean_and_length, [X[0]] * 3)


def test_how_many_features_are_drawn_is_said_if_that_was_not_asked_for():
    sequences = [np.full((n, 12), n) for n in (2, 3)]
    display = LatentTraversalDisplay(values=[0.0, 1.0], sequences=sequences)
    assert display.plot().axes_.shape == (6, 1)
    assert display.axes_[0, 0].get_title().split("\n")[-1] == "6 of 12 features"
    assert "features" not in display.plot(features=[0]).axes_[0, 0].get_title()


def test_component_of_a_network(fitted_plain, sequences):
    display = LatentTraversalDisplay.from_estimator(
        fitted_plain, sequences, component=1, principal=False
    )
    Z = fitted_plain.transform(sequences)
    vectors = np.tile(Z.mean(axis=0), (7, 1))
    vectors[:, 1] += np.linspace(-2, 2, 7) * Z[:, 1].std()
    decoded = fitted_plain.inverse_transform(vectors)
    assert display.lines_.shape == (2, 7)
    for k, x in enumerate(decoded):
        assert_allclose(display.lines_[1, k].get_ydata(), x[:, 1], rtol=1e-4)


def test_float32(fitted_plain, sequences):
    single = [x.astype(np.float32) for x in sequences]
    display = LatentTraversalDisplay.from_estimator(fitted_plain, single)
    assert [text.endswith("(base)") for text in legend_texts(display)].index(True) == 3


def test_length_component_of_a_network(fitted_plain, sequences):
    display = LatentTraversalDisplay.from_estimator(
        fitted_plain, sequences, component=-1, principal=False
    )
    lengths = [len(line.get_xdata()) for line in display.lines_[0]]
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[-1]


def test_along_the_components_of_a_pipeline(plain_autoencoder, sequences):
    pipeline = make_pipeline(plain_autoencoder(), PCA(n_components=2, random_state=0))
    display = LatentTraversalDisplay.from_estimator(
        pipeline.fit(sequences), sequences, principal=False
    )
    decoded = pipeline.inverse_transform(np.c_[display.values, np.zeros(7)])
    for line, x in zip(display.lines_[0], decoded, strict=True):
        assert_allclose(line.get_ydata(), x[:, 0], rtol=1e-4)


def test_a_pipeline_that_ends_with_a_classifier_decodes_before_it(mean_and_length):
    classifier = make_pipeline(mean_and_length, StandardScaler(), DummyClassifier())
    display = LatentTraversalDisplay.from_estimator(
        classifier.fit(X, [0, 1, 1]), X, component=-1, principal=False, values=[-1, 1]
    )
    lengths = [len(line.get_xdata()) for line in display.lines_[0]]
    assert lengths == [round(4 - DEVIATION), round(4 + DEVIATION)]
