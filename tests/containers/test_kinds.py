"""The table of kinds names functions that exist, and all that readers return."""

import numpy as np
import pandas as pd
import pytest

from sklearn_seqae._containers.kinds import KINDS, READERS, Container, load, reader_of


@pytest.mark.parametrize("name", KINDS)
def test_a_line_names_a_writer_that_exists(name):
    assert callable(load("writers", KINDS[name].writer))


@pytest.mark.parametrize("name", READERS)
def test_a_line_names_a_reader_that_exists(name):
    assert callable(load("readers", READERS[name]))


def test_captions_differ():
    assert len({kind.caption for kind in KINDS.values()}) == len(KINDS)


def test_subclasses_share_a_reader_and_namesakes_do_not():
    class Frame(pd.DataFrame):
        pass

    class Series:
        pass

    assert reader_of(Frame()) == reader_of(pd.DataFrame())
    assert reader_of(np.ma.array([1.0])) == "arrays.ragged_from_numpy"
    assert reader_of(Series()) is None
    assert reader_of(pd.DataFrame) is None


def test_a_kind_needs_a_line():
    with pytest.raises(ValueError, match=r"kind 'heap' is not in KINDS .* add a line"):
        Container("heap", "float64")
