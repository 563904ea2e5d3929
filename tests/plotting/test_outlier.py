"""OutlierDisplay: what it draws of an explanation, and of which sequence."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_seqae import Explanation, LSTMAutoencoderOutlierDetector
from sklearn_seqae.plotting import OutlierDisplay


def explanation(n_features=2, index=None, names=None, score=9.0):
    """Unusual at time steps 2 and 3, in feature 1."""
    names = names or [f"f{j}" for j in range(n_features)]
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.normal(size=(6, n_features)), index, names)
    parts = x * 0
    parts.iloc[2:4, 1] = score / 2
    deviations = pd.Series({"error": score, "size": 1.0})
    return Explanation("p7", deviations, parts, {"error": parts}, x, x + 1)


class Explains(FunctionTransformer):
    """What is explained, as it is: a detector by duck typing."""

    def __sklearn_is_fitted__(self):
        return True

    def explain(self, X):
        return X


def spans(display):
    """Return where each panel is shaded, and whether strongly."""
    found = [panel.patches[-1] for panel in display.axes_[:, 0]]
    strong = [patch.get_label() == "unusual" for patch in found]
    ends = [
        patch.get_extents().transformed(panel.transData.inverted())
        for panel, patch in zip(display.axes_[:, 0], found, strict=True)
    ]
    return strong, [(end.x0, end.x1) for end in ends]


def test_lines_stretch_and_features():
    why = explanation()
    display = OutlierDisplay(explanation=why).plot()
    assert display.axes_.shape == (3, 1) and display.features_ == [0, 1]
    for j, (observed, expected) in enumerate(display.lines_):
        assert_array_equal(observed.get_ydata(), why.observed[f"f{j}"])
        assert_array_equal(expected.get_ydata(), why.expected[f"f{j}"])
    assert_allclose(display.contributions_.get_ydata(), [0, 0, 4.5, 4.5, 0, 0])
    strong, ends = spans(display)
    assert strong == [False, True, True]
    assert_allclose(ends, [(1.5, 3.5)] * 3)
    texts = [text.get_text() for text in display.legend_.get_texts()]
    assert texts == ["observed", "expected", "other features then", "unusual"]
    assert display.axes_[0, 0].get_title() == "p7: error, 9.0 standard deviations"
    assert [panel.get_ylabel() for panel in display.axes_[:2, 0]] == ["f0", "f1"]


@pytest.mark.parametrize(
    ("index", "first"),
    [
        (pd.date_range("2024", periods=6, freq="h", tz="Asia/Tokyo"), "2024-01-01"),
        (pd.timedelta_range("1min", periods=6, freq="10s"), 60.0),
        (pd.Index([0, 1, 10, 100, 1000, 1001]), 0),
        (pd.Index(list("abcdef")), 0),
    ],
)
def test_times_are_on_the_axis(index, first):
    display = OutlierDisplay(explanation=explanation(index=index)).plot()
    display.figure_.canvas.draw()
    drawn = display.lines_[0, 0].get_xdata()[0]
    assert drawn == (np.datetime64(first) if isinstance(first, str) else first)
    ticks = display.axes_[-1, 0].get_xticklabels()
    assert any(":" in tick.get_text() for tick in ticks) == isinstance(first, str)


def test_features_that_contribute_most_are_drawn():
    why = explanation(9)
    why.contributions.iloc[0, 8] = 0.1
    assert OutlierDisplay(explanation=why).plot().features_ == [0, 1, 2, 3, 4, 8]
    chosen = OutlierDisplay(explanation=why).plot(features=["f7"])
    assert chosen.features_ == [7] and spans(chosen)[0] == [False, True]


def test_one_axes_is_divided_and_several_are_used():
    ax = plt.subplots()[1]
    display = OutlierDisplay(explanation=explanation()).plot(ax=ax)
    assert display.bounding_ax_ is ax and not ax.axison
    again = display.plot(ax=display.axes_, observed_kwargs={"color": "red"})
    assert again.lines_[0, 0].get_color() == "red"
    with pytest.raises(ValueError, match=r"draws 3 panels \(3 x 1\), but ax holds 2"):
        display.plot(ax=plt.subplots(2)[1])


def test_from_estimator_draws_the_most_unusual_or_the_one_asked_for():
    found = [explanation(score=s) for s in (3.0, 8.0, 5.0)]
    for k, why in enumerate(found):
        object.__setattr__(why, "id", f"p{k}")
    pipeline = make_pipeline(FunctionTransformer(), Explains())
    for given, expected in ((None, 1), ("p2", 2), (0, 0), (-1, 2)):
        display = OutlierDisplay.from_estimator(
            pipeline, found, sequence=given, feature_names=["flow (l)", "heat"]
        )
        assert display.explanation is found[expected]
        assert display.axes_[0, 0].get_ylabel() == "flow (l)"
    one = OutlierDisplay.from_estimator(Explains(), found[0])  # of one recording
    assert one.explanation is found[0]
    with pytest.raises(ValueError, match="sequence holds 'p9'; expected positions"):
        OutlierDisplay.from_estimator(pipeline, found, sequence="p9")


def test_a_detector_and_a_transformer(plain_autoencoder, fitted_plain, sequences):
    detector = LSTMAutoencoderOutlierDetector(plain_autoencoder(), random_state=0)
    detector.fit(sequences)
    faulty = sequences[0] + 300.0 * (np.arange(16) == 8)[:, None]
    display = OutlierDisplay.from_estimator(detector, [sequences[1], faulty])
    assert display.explanation.id == 1
    assert_allclose(display.lines_[0, 0].get_ydata(), faulty[:, 0])
    message = "explain, such as LSTMAutoencoderOutlierDetector"
    with pytest.raises(TypeError, match=message):
        OutlierDisplay.from_estimator(fitted_plain, sequences)


def test_categories_lead_to_the_display_of_events():
    why = explanation()
    why.observed.insert(0, "page", list("abcabc"))
    why.expected.insert(0, "page", "a")
    assert OutlierDisplay(explanation=why).plot().features_ == [1, 2]
    with pytest.raises(ValueError, match="'page' holds categories; EventsDisplay"):
        OutlierDisplay(explanation=why).plot(features="page")
