"""EmbeddingDisplay, by what it draws."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.cluster import DBSCAN
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae.plotting import EmbeddingDisplay

Z = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 8.0]])


def labels(display):
    return [scatter.get_label() for scatter in display.scatters_]


# -- where the points are -------------------------------------------------------------


def test_two_components_are_drawn_as_they_are():
    display = EmbeddingDisplay(Z=Z).plot()
    (scatter,) = display.scatters_
    assert_array_equal(scatter.get_offsets(), Z)
    assert display.pca_ is None
    assert display.legend_ is None
    assert display.colorbar_ is None
    assert display.ax_.get_xlabel() == "Component 0 (no unit)"
    assert display.ax_.get_ylabel() == "Component 1 (no unit)"
    assert display.ax_.get_title() == "Embedding of 4 sequences, 2 components"


def test_more_components_are_projected_on_the_directions_of_most_variance(rng):
    # Three orthogonal directions of known variance, shifted
    axes, _ = np.linalg.qr(rng.standard_normal((5, 5)))
    scores = rng.standard_normal((50, 3))
    scores -= scores.mean(axis=0)
    scores = np.linalg.svd(scores, full_matrices=False)[0] * [3, 2, 1]
    display = EmbeddingDisplay(Z=scores @ axes[:3] + 7).plot()
    (scatter,) = display.scatters_
    assert_allclose(np.abs(scatter.get_offsets()), np.abs(scores[:, :2]), atol=1e-12)
    assert_array_equal(scatter.get_offsets(), display.points_)
    assert display.pca_.n_components_ == 2
    assert display.ax_.get_xlabel() == "1st principal component (64% of variance)"
    assert display.ax_.get_ylabel() == "2nd principal component (29% of variance)"


def test_a_collapsed_embedding_is_drawn_too():
    display = EmbeddingDisplay(Z=np.ones((3, 4))).plot()
    assert_allclose(display.points_, 0, atol=1e-12)
    assert display.ax_.get_xlabel() == "1st principal component (0% of variance)"


def test_dataframe():
    display = EmbeddingDisplay(Z=pd.DataFrame(Z, columns=["a", "b"])).plot()
    assert_array_equal(display.points_, Z)


# -- classes --------------------------------------------------------------------------


@pytest.mark.parametrize("y", [["b", "a", "b", "a"], [2, 1, 2, 1]])
def test_classes_have_a_scatter_each_in_their_order(y):
    display = EmbeddingDisplay(Z=Z, y=y, y_name="kind").plot()
    first, second = display.scatters_
    assert labels(display) == [str(one) for one in sorted(set(y))]
    assert_array_equal(first.get_offsets(), Z[[1, 3]])
    assert_array_equal(second.get_offsets(), Z[[0, 2]])
    assert [text.get_text() for text in display.legend_.get_texts()] == labels(display)
    assert display.legend_.get_title().get_text() == "kind"


def test_noise_of_a_clusterer_is_grey_and_behind():
    points = np.array(
        [[0.0, 0], [0, 0.1], [0.1, 0], [5, 5], [5, 5.1], [5.1, 5], [9, 0]]
    )
    y = DBSCAN(eps=1, min_samples=2).fit_predict(points)
    assert y.tolist() == [0, 0, 0, 1, 1, 1, -1]
    display = EmbeddingDisplay(Z=points, y=y).plot()
    *clusters, noise = display.scatters_
    assert labels(display) == ["0", "1", "-1 (noise)"]
    assert_array_equal(noise.get_offsets(), points[-1:])
    red, green, blue, _ = noise.get_facecolor()[0]
    assert red == green == blue > 0.5
    assert noise.get_zorder() < min(scatter.get_zorder() for scatter in clusters)
    # the clusters look as they do without noise
    plain = EmbeddingDisplay(Z=points[:-1], y=y[:-1]).plot()
    for one, other in zip(clusters, plain.scatters_, strict=True):
        assert_array_equal(one.get_facecolor(), other.get_facecolor())


@pytest.mark.parametrize("y", [[-1, 1, 1, -1], ["-1", "0", "0", "1"], [-2, -1, 0, 0]])
def test_minus_one_may_be_a_class(y):
    display = EmbeddingDisplay(Z=Z, y=y).plot()
    assert labels(display) == [str(one) for one in sorted(set(y))]


def test_nothing_but_noise():
    display = EmbeddingDisplay(Z=Z, y=[-1] * 4).plot()
    assert labels(display) == ["-1 (noise)"]


@pytest.mark.parametrize("n_classes", [12, 96])
def test_classes_can_be_told_apart(n_classes, rng):
    display = EmbeddingDisplay(
        Z=rng.standard_normal((n_classes, 2)), y=np.arange(n_classes)
    ).plot()
    markers = [scatter.get_paths()[0] for scatter in display.scatters_]
    markers = [marker.vertices.tobytes() for marker in markers]
    colours = [tuple(scatter.get_facecolor()[0]) for scatter in display.scatters_]
    assert len(set(zip(markers, colours, strict=True))) == n_classes
    assert len(set(markers)) == 12  # that many in grey print, too


def test_too_many_classes(rng):
    display = EmbeddingDisplay(Z=rng.standard_normal((97, 2)), y=range(97))
    with pytest.raises(ValueError, match=r"97 classes.*pass floats"):
        display.plot()
    assert plt.get_fignums() == []


def test_name_of_a_series_is_the_title_of_the_legend():
    y = pd.Series(list("abab"), name="Speaker", index=[3, 1, 0, 2])
    display = EmbeddingDisplay(Z=Z, y=y).plot()
    assert display.legend_.get_title().get_text() == "Speaker"
    assert_array_equal(display.scatters_[0].get_offsets(), Z[[0, 2]])


# -- values ---------------------------------------------------------------------------


def test_floats_are_shown_on_a_colour_scale():
    display = EmbeddingDisplay(Z=Z, y=[0.5, 3.0, 1.0, 2.0], y_name="Length (s)").plot()
    (scatter,) = display.scatters_
    assert_array_equal(scatter.get_array(), [0.5, 3.0, 1.0, 2.0])
    assert display.colorbar_.ax.get_ylabel() == "Length (s)"
    assert display.legend_ is None


def test_colour_scale_keeps_its_order_in_grey():
    values = np.linspace(0, 1, 20)
    display = EmbeddingDisplay(Z=np.c_[values, values], y=values).plot()
    display.figure_.canvas.draw()
    red_green_blue = display.scatters_[0].get_facecolor()[:, :3]
    luma = red_green_blue @ [0.299, 0.587, 0.114]
    assert (np.diff(luma) > 0).all()


# -- annotations and keywords ---------------------------------------------------------


def test_annotations_stand_at_their_points():
    display = EmbeddingDisplay(Z=Z, annotations=range(1, 5)).plot(
        text_kwargs={"size": 6, "xytext": (9, 0)}
    )
    assert [text.get_text() for text in display.texts_] == ["1", "2", "3", "4"]
    assert_array_equal([text.xy for text in display.texts_], Z)
    assert {text.get_fontsize() for text in display.texts_} == {6}


@pytest.mark.parametrize("y", [None, list("abab")])
@pytest.mark.parametrize("colour", ["c", "color", "facecolors"])
def test_keywords_go_to_every_scatter(y, colour):
    display = EmbeddingDisplay(Z=Z, y=y).plot(
        scatter_kwargs={colour: "red", "lw": 2, "s": 9}
    )
    for scatter in display.scatters_:
        assert_array_equal(scatter.get_facecolor(), [to_rgba("red")])
        assert_array_equal(scatter.get_linewidth(), [2])
        assert_array_equal(scatter.get_sizes(), [9])


def test_draws_where_told_and_keeps_titles():
    _, ax = plt.subplots()
    ax.set_title("Mine")
    display = EmbeddingDisplay(Z=Z).plot(ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert ax.get_title() == "Mine"


# -- errors ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"Z": [[1.0], [2.0]]}, "Z has 1 component, but a plane needs 2"),
        ({"Z": [[1.0, 2.0, 3.0]]}, "1 row of 3 components.*need at least 2"),
        ({"Z": [[1.0, np.nan]]}, "Input Z contains NaN"),
        ({"Z": Z, "y": [1, 2]}, "y has length 2, but there are 4 sequences"),
        ({"Z": Z, "y": [[1]] * 4}, "y is 2-D"),
        ({"Z": Z, "y": [0.0, np.nan, 1, 2]}, r"y\[1\] is nan"),
        ({"Z": Z, "y": [0.0, 1, 2, np.inf]}, r"y\[3\] is inf"),
        ({"Z": Z, "y": ["a", "b", None, "a"]}, r"y\[2\] is None"),
        ({"Z": Z, "y": np.array([1, "a"] * 2, object)}, "y mixes text and other"),
        ({"Z": Z, "annotations": ["a"]}, "annotations has length 1, but there are 4"),
    ],
)
def test_bad_arrays(arrays, message):
    with pytest.raises(ValueError, match=message):
        EmbeddingDisplay(**arrays).plot()
    assert plt.get_fignums() == []


# -- from an estimator ----------------------------------------------------------------


def test_from_estimator_embeds(mean_and_length):
    X = [np.full(3, 0.5), np.full(7, 2.0)]
    display = EmbeddingDisplay.from_estimator(
        mean_and_length, X, ["a", "b"], annotations=["x", "y"], y_name="kind"
    )
    assert_array_equal(display.points_, [[0.5, 3], [2.0, 7]])
    assert labels(display) == ["a", "b"]
    assert len(display.texts_) == 2
    assert display.legend_.get_title().get_text() == "kind"


def test_a_pipeline_that_ends_with_a_classifier_shows_what_it_sees(mean_and_length):
    X = [np.ones(3), np.ones(4)]
    classifier = make_pipeline(mean_and_length, StandardScaler(), DummyClassifier())
    display = EmbeddingDisplay.from_estimator(classifier.fit(X, [0, 1]), X)
    assert_array_equal(display.points_, [[0, -1], [0, 1]])


def test_estimator_that_does_not_transform():
    classifier = DummyClassifier().fit([[0]], [1])
    with pytest.raises(TypeError, match="DummyClassifier has no transform"):
        EmbeddingDisplay.from_estimator(classifier, [np.ones(3)])


@pytest.mark.parametrize("name", ["y", "annotations"])
def test_ids_in_another_order_are_refused_as_in_fit(mean_and_length, name):
    X = pd.Series([np.ones(3), np.ones(4)], index=["u", "v"])
    given = pd.Series(["first", "second"], index=["v", "u"])
    with pytest.raises(ValueError, match=rf"{name} has the ids of X in another order"):
        EmbeddingDisplay.from_estimator(mean_and_length, X, **{name: given})
    Z = pd.DataFrame({"a": [1.0, 2.0], "b": [1.0, 3.0]}, index=X.index)
    with pytest.raises(ValueError, match=rf"{name}\.loc\[Z\.index\]"):
        EmbeddingDisplay(Z=Z, **{name: given}).plot()
    EmbeddingDisplay(Z=Z, **{name: given.loc[Z.index]}).plot()


def test_embedding_of_a_network(fitted_plain, sequences):
    display = EmbeddingDisplay.from_estimator(fitted_plain, sequences)
    Z = fitted_plain.transform(sequences)
    left, values, _ = np.linalg.svd(Z - Z.mean(axis=0), full_matrices=False)
    expected = np.abs(left * values)[:, :2]
    assert_allclose(np.abs(display.points_), expected, atol=1e-5)
    assert display.ax_.get_title() == "Embedding of 24 sequences, 4 components"


def test_two_components_of_a_network(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(n_components=2).fit(sequences)
    display = EmbeddingDisplay.from_estimator(autoencoder, sequences)
    assert_array_equal(display.points_, autoencoder.transform(sequences))


def test_pipeline(plain_autoencoder, sequences):
    pipeline = make_pipeline(plain_autoencoder(n_components=2), StandardScaler())
    pipeline.set_output(transform="pandas").fit(sequences)
    display = EmbeddingDisplay.from_estimator(pipeline, sequences)
    assert_allclose(display.points_.std(axis=0), 1, rtol=1e-5)
