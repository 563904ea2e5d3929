"""Ctrl-C in a fresh process, by real signals; others are in test_estimator.py."""

import json
import pickle
from pathlib import Path

import pytest
from helpers import as_bits, run_python

SCRIPT = Path(__file__).with_name("support") / "interrupted.py"


@pytest.fixture(scope="module")
def interrupted(fitted_plain, sequences, tmp_path_factory):
    """What `interrupted.py` found, and "streams", what it said."""
    folder = tmp_path_factory.mktemp("interrupted")
    (folder / "given").write_bytes(pickle.dumps((fitted_plain, sequences)))
    streams = run_python(SCRIPT, folder)
    return {"streams": list(streams), **json.loads((folder / "facts").read_text())}


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
