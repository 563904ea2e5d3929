"""What holds for every picture."""

import sys

import numpy as np
import pandas as pd
import pytest

from sklearn_seqae import Explanation, plotting
from sklearn_seqae.plotting._style import COLOURS

FRAME = pd.DataFrame({"x": [1.0, 9.0, 1.0]})
ARRAYS = {
    "EmbeddingDisplay": {"Z": np.eye(3)},
    "EventsDisplay": {
        "times": [[1, 4]],
        "categories": [["home", None]],
        "decoded_times": [[1, 3]],
        "decoded_categories": [["home", "pay"]],
    },
    "LatentTraversalDisplay": {"values": [0.0, 1.0], "sequences": [[1.0], [2.0, 3.0]]},
    "LossDisplay": {"loss": [1.0, 0.5]},
    "OutlierDisplay": {
        "explanation": Explanation(
            0, pd.Series({"error": 11.0}), FRAME, {"error": FRAME}, FRAME, FRAME
        )
    },
    "ReconstructionDisplay": {"original": [[1.0, 2.0]], "decoded": [[1.0, 1.5]]},
}
every_display = pytest.mark.parametrize("name", plotting.__all__)


def test_every_display_is_tried_here():
    assert list(ARRAYS) == plotting.__all__


@every_display
def test_constructor_stores_what_it_is_given(name):
    display = getattr(plotting, name)(**ARRAYS[name])
    for parameter, value in ARRAYS[name].items():
        assert getattr(display, parameter) is value


@every_display
def test_plot_returns_the_display_and_can_be_rendered(name):
    display = getattr(plotting, name)(**ARRAYS[name])
    assert display.plot() is display
    display.figure_.canvas.draw()


@every_display
def test_without_matplotlib_it_is_said_what_to_install(
    name, monkeypatch, mean_and_length
):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    cls = getattr(plotting, name)
    message = r"draws with Matplotlib.*pip install 'sklearn-seqae\[plot\]'"
    with pytest.raises(ImportError, match=rf"{name} {message}"):
        cls(**ARRAYS[name]).plot()
    # before anything is computed
    with pytest.raises(ImportError, match=rf"{name} {message}"):
        cls.from_estimator("no estimator", [[1.0]])


def test_colours_are_those_of_okabe_and_ito():
    # jfly.uni-koeln.de/color, in RGB
    published = {
        (0, 0, 0),
        (230, 159, 0),
        (86, 180, 233),
        (0, 158, 115),
        (240, 228, 66),
        (0, 114, 178),
        (213, 94, 0),
        (204, 121, 167),
    }
    assert {tuple(bytes.fromhex(colour[1:])) for colour in COLOURS} == published
