"""LengthErrorDisplay, by what it draws."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_seqae.plotting import LengthErrorDisplay

TRUE = [7, 9, 9, 9, 12]
DECODED = [7, 9, 9, 8, 14]


def test_equal_pairs_are_one_point_whose_area_grows_with_their_number():
    display = LengthErrorDisplay(true_lengths=TRUE, decoded_lengths=DECODED).plot()
    points = [[7, 7], [9, 8], [9, 9], [12, 14]]
    assert_array_equal(display.scatter_.get_offsets(), points)
    assert_array_equal(display.counts_, [1, 1, 2, 1])
    areas = display.scatter_.get_sizes()
    assert areas[2] > areas[0] == areas[1] == areas[3]


def test_line_is_where_lengths_are_exact():
    display = LengthErrorDisplay(true_lengths=TRUE, decoded_lengths=DECODED).plot()
    assert_array_equal(display.line_.get_xydata(), [[7, 7], [14, 14]])
    assert display.line_.get_linestyle() == "--"


def test_errors_are_counted():
    display = LengthErrorDisplay(true_lengths=TRUE, decoded_lengths=DECODED).plot()
    assert display.exact_ == 3 / 5
    assert display.mean_absolute_error_ == 3 / 5
    title = display.ax_.get_title()
    assert "3 of 5 exact" in title
    assert "mean absolute error 0.6 time steps" in title


def test_axes_are_titled_with_the_unit():
    ax = LengthErrorDisplay(true_lengths=TRUE, decoded_lengths=DECODED).plot().ax_
    assert ax.get_xlabel() == "True length (time steps)"
    assert ax.get_ylabel() == "Decoded length (time steps)"


def test_legend_tells_the_sizes():
    display = LengthErrorDisplay(true_lengths=TRUE, decoded_lengths=DECODED).plot()
    texts = [text.get_text() for text in display.legend_.get_texts()]
    assert texts == ["exact", "1 sequence", "2 sequences"]
    _, one, two = display.legend_.get_lines()
    areas = display.scatter_.get_sizes()
    assert one.get_markersize() ** 2 == pytest.approx(areas[0])
    assert two.get_markersize() ** 2 == pytest.approx(areas[2])


def test_one_size_needs_one_entry():
    display = LengthErrorDisplay(true_lengths=[3, 4], decoded_lengths=[3, 4]).plot()
    texts = [text.get_text() for text in display.legend_.get_texts()]
    assert texts == ["exact", "1 sequence"]


def test_keywords():
    _, ax = plt.subplots()
    display = LengthErrorDisplay(true_lengths=TRUE, decoded_lengths=DECODED).plot(
        ax, scatter_kwargs={"s": 5}, line_kwargs={"ls": ":"}
    )
    assert display.ax_ is ax
    assert_array_equal(display.scatter_.get_sizes(), [5])
    assert display.line_.get_linestyle() == ":"
    # with sizes of their own, points don't tell how many sequences they are
    assert [text.get_text() for text in display.legend_.get_texts()] == ["exact"]


def test_lengths_are_not_as_many():
    display = LengthErrorDisplay(true_lengths=TRUE, decoded_lengths=[1, 2])
    with pytest.raises(ValueError, match=r"decoded_lengths has length 2.*5 sequences"):
        display.plot()


def test_sequences_instead_of_lengths():
    display = LengthErrorDisplay(true_lengths=["aa"], decoded_lengths=[2])
    with pytest.raises(TypeError, match="true_lengths has dtype"):
        display.plot()


# -- from an estimator ----------------------------------------------------------------


def test_from_estimator_decodes(one_step_too_long):
    X = [np.zeros((3, 1)), np.zeros((5, 1))]
    display = LengthErrorDisplay.from_estimator(one_step_too_long, X)
    assert_array_equal(display.scatter_.get_offsets(), [[3, 4], [5, 6]])
    assert (display.exact_, display.mean_absolute_error_) == (0, 1)


def test_length_component_is_exact(fitted_plain, sequences):
    display = LengthErrorDisplay.from_estimator(fitted_plain, sequences)
    lengths = np.unique([len(x) for x in sequences])
    assert_array_equal(display.scatter_.get_offsets(), np.c_[lengths, lengths])
    assert display.counts_.sum() == 24
    assert display.exact_ == 1


def test_without_it_all_are_as_long_as_the_longest(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(length_component=False).fit(sequences)
    display = LengthErrorDisplay.from_estimator(autoencoder, sequences)
    decoded = display.scatter_.get_offsets()[:, 1]
    assert_array_equal(decoded, np.full(len(decoded), 16))
