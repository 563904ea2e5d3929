"""The table of kinds names functions that exist, and all that readers return."""

import numpy as np
import pandas as pd
import pytest

from sklearn_seqae._containers.kinds import KINDS, Container, load, reader_of


@pytest.mark.parametrize("name", KINDS)
def test_a_line_names_functions_that_exist(name):
    kind = KINDS[name]
    for package, path in [
        ("readers", kind.reader.function),
        ("readers", kind.reader.labels),
        ("writers", kind.writer),
    ]:
        assert path == "" or callable(load(package, path))


def test_each_class_has_one_reader():
    readers = {kind.reader for kind in KINDS.values()}
    classes = [name for reader in readers for name in reader.classes]
    assert len(classes) == len(set(classes))


def test_captions_differ():
    assert len({kind.caption for kind in KINDS.values()}) == len(KINDS)


def test_subclasses_share_a_reader_and_namesakes_do_not():
    class Frame(pd.DataFrame):
        pass

    class Series:
        pass

    assert reader_of(Frame()) is KINDS["dataframe"].reader
    assert reader_of(np.ma.array([1.0])) is KINDS["array_2d"].reader
    assert reader_of(Series()) is None
    assert reader_of(pd.DataFrame) is None


def test_a_kind_needs_a_line():
    with pytest.raises(ValueError, match=r"kind 'heap' is not in KINDS .* add a line"):
        Container("heap", "float64")
