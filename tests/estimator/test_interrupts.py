"""Ctrl-C in a fresh process, by real signals; others are in test_estimator.py."""

import pytest
from helpers import as_bits


@pytest.fixture
def interrupted(without_options):
    """What `interrupted.py` found, and "streams", what was said."""
    return {"streams": without_options["streams"], **without_options["interrupted"]}


def test_an_import_that_is_interrupted_can_be_used_later(interrupted):
    assert interrupted["importing"] == "KeyboardInterrupt"


def test_eight_threads_at_the_first_transform_get_the_bits_of_one(
    interrupted, fitted_plain, sequences
):
    expected = as_bits(fitted_plain.transform(sequences))
    assert interrupted["threads"] == 8 * [expected]


def test_interrupted_in_tracing_a_fit_changes_nothing(
    interrupted, fitted_plain, sequences
):
    expected = as_bits(fitted_plain.transform(sequences))
    assert interrupted["tracing"] == "KeyboardInterrupt"
    assert interrupted["after tracing"] == expected
    assert interrupted["next fit"] == expected


def test_a_search_is_interrupted_as_well(interrupted):
    assert interrupted["search"] == ["KeyboardInterrupt", 1]


def test_nothing_is_said_meanwhile(interrupted):
    assert interrupted["streams"] == ["", ""]
