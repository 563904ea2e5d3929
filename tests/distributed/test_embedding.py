"""Embeddings of Dask collections: lazy, with their ids, one partition at a time."""

import operator

import numpy as np
import pandas as pd
import pytest
from internals import xla
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal, assert_series_equal
from sklearn.exceptions import NotFittedError

from sklearn_seqae import to_sequences
from sklearn_seqae.exceptions import InvalidSequenceError

dask = pytest.importorskip("dask", reason="the extra distributed is not installed")


@pytest.fixture(scope="module", autouse=True)
def arrays_stay_arrays():
    with dask.config.set({"dataframe.convert-string": False}):
        yield


@pytest.fixture(scope="module")
def labelled(sequences):
    ids = pd.Index([f"s{i:02}" for i in range(len(sequences))], name="id")
    return pd.Series(sequences, ids, name="xy")


@pytest.fixture(scope="module")
def fitted_on_cells(plain_autoencoder, labelled):
    with xla(False):
        return plain_autoencoder(epochs=1).fit(in_cells(labelled))


@pytest.fixture(scope="module")
def in_series(labelled):
    import dask.dataframe as dd

    return dd.from_pandas(labelled, npartitions=4)


@pytest.fixture(scope="module")
def in_bag(sequences):
    import dask.bag as db

    return db.from_sequence(sequences, npartitions=4)


def in_cells(series):
    columns = {"x": series.map(lambda x: x[:, 0]), "y": series.map(lambda x: x[:, 1])}
    return pd.DataFrame(columns)


def loaded():
    from clusters import count_loaded

    return count_loaded()


# -- the same as in memory -------------------------------------------------------------


def test_a_series_keeps_ids_and_divisions(client, fitted_plain, labelled, in_series):
    Z = fitted_plain.transform(in_series)
    assert Z.divisions == in_series.divisions
    assert Z.known_divisions
    names = fitted_plain.get_feature_names_out()
    expected = pd.DataFrame(fitted_plain.transform(labelled), labelled.index, names)
    assert_frame_equal(client.compute(Z).result(), expected)
    assert_frame_equal(Z._meta, expected.iloc[:0])
    scores = fitted_plain.score_samples(in_series)
    assert scores.divisions == in_series.divisions
    expected = pd.Series(fitted_plain.score_samples(labelled), labelled.index)
    assert_series_equal(client.compute(scores).result(), expected)
    with client.as_current():
        assert fitted_plain.score(in_series) == fitted_plain.score(labelled)


def test_a_frame_of_cells_for_each_feature(fitted_on_cells, labelled):
    import dask.dataframe as dd

    columns = {
        name: labelled.map(lambda x, j=j: x[:, j]) for j, name in enumerate("xy")
    }
    frame = pd.DataFrame(columns)
    found = fitted_on_cells.transform(dd.from_pandas(frame, npartitions=3))
    found = found.compute(scheduler="synchronous")
    assert_array_equal(found, fitted_on_cells.transform(frame))
    assert found.index.equals(frame.index)


def test_rows_of_numbers(plain_autoencoder):
    import dask.dataframe as dd

    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(10, 6))).add_prefix("t")
    autoencoder = plain_autoencoder(epochs=1).fit(rows.astype(np.float32))
    X = dd.from_pandas(rows.astype(np.float32), npartitions=2)
    found = autoencoder.transform(X).compute(scheduler="synchronous")
    assert_array_equal(found, autoencoder.transform(rows.astype(np.float32)))
    assert set(found.dtypes) == {np.dtype(np.float32)}


def test_a_long_table(fitted_on_cells, labelled):
    import dask.dataframe as dd

    frames = [pd.DataFrame(x, columns=["x", "y"]) for x in labelled]
    long = pd.concat(frames, keys=labelled.index, names=["id", "t"]).reset_index()
    table = dd.from_pandas(long, npartitions=2).set_index("id", npartitions=3)
    X = table.map_partitions(
        lambda part: to_sequences(part.reset_index(), by="id", order="t"),
        meta=pd.Series([], dtype=object),
    )
    found = fitted_on_cells.transform(X).compute(scheduler="synchronous")
    expected = fitted_on_cells.transform(in_cells(labelled))
    assert_array_equal(found.sort_index(), expected)


def test_a_bag(client, fitted_plain, sequences, in_bag):
    Z = fitted_plain.transform(in_bag)
    assert Z.npartitions == in_bag.npartitions
    found = client.compute(Z).result()
    assert_array_equal(np.stack(found), fitted_plain.transform(sequences))
    scores = fitted_plain.score_samples(in_bag)
    found = client.compute(scores).result()
    assert_array_equal(found, fitted_plain.score_samples(sequences))
    with client.as_current():
        assert fitted_plain.score(in_bag) == fitted_plain.score(sequences)


# of Dask's own, with the newest pandas
@pytest.mark.filterwarnings("ignore:The inplace keyword in")
def test_from_parquet_to_parquet(client, fitted_on_cells, labelled, tmp_path):
    import dask.dataframe as dd

    frame = in_cells(labelled)
    (tmp_path / "X").mkdir()
    for i in range(3):
        frame[i::3].to_parquet(tmp_path / "X" / f"{i}.parquet")
    with client.as_current():
        Z = fitted_on_cells.transform(dd.read_parquet(tmp_path / "X"))
        Z.to_parquet(tmp_path / "Z")
    found = pd.read_parquet(tmp_path / "Z").loc[labelled.index]
    assert_array_equal(found, fitted_on_cells.transform(frame))


# -- lazy, and the estimator goes to each worker once ----------------------------------


def test_nothing_is_computed_before_it_is_asked_for(fitted_plain):
    import dask.bag as db

    X = db.from_sequence([0, 0], npartitions=2).map(lambda x: 1 / x)
    Z = fitted_plain.transform(X)
    scores = fitted_plain.score_samples(X)
    for lazy in (Z, scores):
        with pytest.raises(ZeroDivisionError):
            lazy.compute(scheduler="synchronous")


def test_the_estimator_goes_to_each_worker_once(client, sequences, plain_autoencoder):
    import dask.bag as db
    from clusters import Counted

    counted = Counted(**plain_autoencoder(epochs=1).get_params()).fit(sequences)
    X = db.from_sequence(sequences, npartitions=12)
    before = client.run(loaded)
    client.compute(counted.transform(X)).result()
    after = client.run(loaded)
    grown = [after[worker] - before[worker] for worker in before]
    assert max(grown) == 1


# -- errors ----------------------------------------------------------------------------


def test_a_sequence_that_can_not_be_used_is_named(fitted_plain, sequences, labelled):
    import dask.bag as db
    import dask.dataframe as dd

    bad = labelled.copy()
    bad.iloc[20] = np.full((4, 2), np.inf)
    for X in (
        db.from_sequence(bad.tolist(), npartitions=4),
        dd.from_pandas(bad, npartitions=4),
    ):
        with pytest.raises(
            InvalidSequenceError, match=r"^partition 3: sequence 2 .*holds inf"
        ):
            fitted_plain.transform(X).compute(scheduler="synchronous")


@pytest.mark.parametrize("method", ["transform", "score_samples"])
def test_an_empty_partition_is_named(fitted_plain, in_series, in_bag, method):
    is_early = in_series.index < "s10"
    for X in (in_series[is_early], in_bag.filter(lambda x: x[0, 0] > 1e9)):
        with pytest.raises(
            ValueError, match=r"^partition \d: there is nothing in it.*repart"
        ):
            getattr(fitted_plain, method)(X).compute(scheduler="synchronous")


def test_null_lists_are_named(fitted_plain, labelled):
    import dask.dataframe as dd

    X = labelled.copy()
    X.iloc[7] = None
    lazy = fitted_plain.transform(dd.from_pandas(X, npartitions=4))
    with pytest.raises(
        (TypeError, ValueError), match=r"^partition 1: .*sequence 1 .*is None"
    ):
        lazy.compute(scheduler="synchronous")


def test_arrays_that_became_text(fitted_plain, labelled):
    import dask.dataframe as dd

    with dask.config.set({"dataframe.convert-string": True}):
        X = dd.from_pandas(labelled, npartitions=2)
        for method in (fitted_plain.transform, fitted_plain.score_samples):
            with pytest.raises(TypeError, match=r"'xy' of X is text.*convert-string"):
                method(X)


def test_methods_that_take_no_collection(fitted_plain, in_series):
    with pytest.raises(TypeError, match=r"a dask Series, .* X.map_partitions"):
        fitted_plain.reconstruct(in_series)


def test_output_that_is_not_lazy(fitted_plain, in_series, plain_autoencoder):
    from sklearn import config_context

    with (
        config_context(transform_output="pandas"),
        pytest.raises(ValueError, match=r"use set_output\(transform='default'\)"),
    ):
        fitted_plain.transform(in_series)
    for method in ("transform", "score_samples"):
        with pytest.raises(NotFittedError):
            operator.methodcaller(method, in_series)(plain_autoencoder())
