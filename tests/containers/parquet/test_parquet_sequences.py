"""Parquet files: what they hold, however it is cut, and what can't be read."""

import os
import pickle
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers import fitted_bits
from internals import Ended, checkpoints_at_every_call, ended_at_checkpoint
from keras.callbacks import BackupAndRestore
from numpy.testing import assert_array_equal
from pandas.testing import assert_series_equal

from sklearn_seqae import ParquetSequences, to_frame, to_sequences

IDS = [f"s{i:02}" for i in range(24)]
BY = {"by": "id", "order": "time"}


@pytest.fixture(scope="module")
def labelled(sequences):
    """The shared sequences as `to_sequences` returns them."""
    X = pd.Series(list(map(np.array, sequences)), index=pd.Index(IDS, name="id"))
    X.attrs |= {"columns": ["a", "b"], "order": "time"}
    return X


@pytest.fixture(scope="module")
def long(labelled):
    """The same as a long table."""
    return to_frame(labelled).reset_index(drop=False)[["id", "time", "a", "b"]]


@pytest.fixture(scope="module")
def lists(labelled):
    """The same in columns of lists."""
    columns = {
        name: pa.array([x[:, j] for x in labelled]) for j, name in enumerate("ab")
    }
    return pa.table({"id": IDS, **columns})


def write(folder, *tables, row_group_size=None):
    """Write tables to files 0.parquet, 1.parquet and so on; return the folder."""
    for number, table in enumerate(tables):
        if isinstance(table, pd.DataFrame):
            table = pa.Table.from_pandas(table, preserve_index=False)
        path = folder / f"{number}.parquet"
        pq.write_table(table, path, row_group_size=row_group_size)
    return folder


def together(chunks):
    return pd.concat(list(chunks))


def overwrite(path, start, n):
    data = bytearray(path.read_bytes())
    data[start : start + n] = bytes(n)
    path.write_bytes(data)


# -- long tables -----------------------------------------------------------------------


@pytest.mark.parametrize("row_group_size", [1, 13, 1000])
@pytest.mark.parametrize("chunk_size", [1, 60, 10**6])
def test_a_series_is_whole_wherever_files_and_row_groups_end(
    long, labelled, tmp_path, row_group_size, chunk_size
):
    cuts = [0, 5, 100, 101, len(long)]
    parts = [long[a:b] for a, b in pairwise(cuts)]
    write(tmp_path, *parts, row_group_size=row_group_size)
    X = ParquetSequences(tmp_path, **BY, chunk_size=chunk_size)
    for _ in range(2):  # it starts again
        assert_series_equal(together(X), labelled)
    assert next(iter(X)).attrs == labelled.attrs


def test_one_series_in_many_files(labelled, tmp_path):
    long = to_frame(labelled[:1])
    rows = [long[i : i + 1] for i in range(len(long))]
    X = ParquetSequences(write(tmp_path, *rows), **BY)
    assert_series_equal(together(X), labelled[:1])


def test_series_keep_the_order_of_the_file_and_are_sorted_by_time(long, tmp_path):
    backwards = long[::-1]
    X = ParquetSequences(write(tmp_path, backwards), **BY, chunk_size=100)
    found = together(X)
    assert found.index.tolist() == IDS[::-1]
    assert_series_equal(found.sort_index(), to_sequences(long, **BY))


def test_several_columns_of_ids_and_some_of_the_features(long, tmp_path):
    frame = long.assign(site=long["id"].str[1:2].astype(int), run=long["id"].str[2:])
    options = {"by": ["site", "run"], "columns": "b"}
    path = write(tmp_path, frame, row_group_size=20) / "0.parquet"
    found = together(ParquetSequences(path, **options, chunk_size=30))
    assert_series_equal(found, to_sequences(frame, **options))


def test_folders_hold_other_files(long, labelled, tmp_path):
    inner = tmp_path / "year=2020"
    inner.mkdir()
    write(inner, long)
    (tmp_path / "_SUCCESS.parquet").write_text("")
    (tmp_path / ".hidden.parquet").write_text("")
    (tmp_path / "notes.txt").write_text("")
    assert_series_equal(together(ParquetSequences(str(tmp_path), **BY)), labelled)
    X = ParquetSequences([inner / "0.parquet"], **BY)
    assert_series_equal(together(X), labelled)
    assert_series_equal(together(pickle.loads(pickle.dumps(X))), labelled)


# -- columns of lists ------------------------------------------------------------------


def test_columns_of_lists_are_tables(lists, tmp_path):
    path = write(tmp_path, lists[:10], lists[10:], row_group_size=4)
    X = ParquetSequences(path, columns=["b", "a"])
    assert [chunk.num_rows for chunk in X] == [4, 4, 2, 4, 4, 4, 2]
    assert pa.concat_tables(list(X)).equals(lists.select(["b", "a"]))


def test_labels_of_columns_of_lists(lists, labelled, tmp_path):
    X = ParquetSequences(write(tmp_path, lists, row_group_size=7), by="id")
    found = together(X)
    assert found.index.equals(labelled.index)
    assert next(iter(X)).attrs["columns"] == ["a", "b"]
    for x, expected in zip(found, labelled, strict=True):
        assert_array_equal(x, expected)


def test_labels_that_pandas_wrote_as_the_index(lists, tmp_path):
    lists.to_pandas().set_index("id").to_parquet(tmp_path / "0.parquet")
    X = together(ParquetSequences(tmp_path, by="id"))
    assert X.index.tolist() == IDS
    assert X.index.name == "id"


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.list_(pa.float32())), pa.list_(pa.list_(pa.float32(), 2))]
)
def test_time_steps_in_lists_of_lists(labelled, tmp_path, kind):
    cells = pa.array([x.tolist() for x in labelled], kind)
    write(tmp_path, pa.table({"id": IDS, "x": cells}))
    for options in ({"columns": "x"}, {"by": "id"}):
        (chunk,) = ParquetSequences(tmp_path, **options)
        found = chunk if "by" in options else chunk["x"].to_pylist()
        for x, expected in zip(found, labelled, strict=True):
            assert_array_equal(np.array(x, np.float32), expected.astype(np.float32))


def test_chunks_have_about_as_many_values_as_asked_for(tmp_path):
    cells = pa.array([np.zeros(100)] * 500)
    path = write(tmp_path, pa.table({"x": cells, "unread": np.zeros(500)}))
    sizes = [c.num_rows for c in ParquetSequences(path, columns="x", chunk_size=1000)]
    assert sizes == [10] * 50


def test_row_groups_come_in_a_random_order_in_training(lists, tmp_path):
    X = ParquetSequences(write(tmp_path, lists, lists, row_group_size=2), by="id")
    in_order = together(X).index.tolist()
    drawn = [c.index.tolist() for _, c in X._placed(np.random.default_rng(0))]
    found = [label for chunk in drawn for label in chunk]
    assert found != in_order
    assert sorted(found) == sorted(in_order)
    assert drawn != [c.index.tolist() for _, c in X._placed(np.random.default_rng(1))]


# -- with the estimator ----------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("form", ["long", "lists", "labelled lists"])
def test_the_numbers_are_those_of_memory(
    plain_autoencoder, labelled, long, lists, tmp_path, form
):
    table = long if form == "long" else lists
    options = {"long": BY, "lists": {"columns": ["a", "b"]}}.get(form, {"by": "id"})
    write(tmp_path, table, row_group_size=20)
    X = ParquetSequences(tmp_path, **options, chunk_size=50)
    assert len(list(X)) > 3
    found, expected = plain_autoencoder().fit(X), plain_autoencoder().fit(labelled)
    for method in ("transform", "score_samples"):
        in_memory = getattr(expected, method)(labelled)
        assert_array_equal(getattr(expected, method)(X), in_memory)
        assert_array_equal(getattr(found, method)(X), in_memory)
    X = ParquetSequences(tmp_path, **options, chunk_size=50, buffer_size=150)
    found, again = (plain_autoencoder(epochs=3).fit(X) for _ in range(2))
    assert found.history_["loss"][-1] < found.history_["loss"][0]
    assert fitted_bits(found) == fitted_bits(again)


def test_embeddings_have_the_ids(plain_autoencoder, long, tmp_path):
    X = ParquetSequences(write(tmp_path, long), **BY)
    autoencoder = plain_autoencoder(epochs=1).set_output(transform="pandas").fit(X)
    Z = autoencoder.transform(X)
    assert Z.index.tolist() == IDS
    assert autoencoder.sequence_feature_names_in_.tolist() == ["a", "b"]
    assert autoencoder.inverse_transform(Z[:2]).index.tolist() == IDS[:2]


# -- categories and times --------------------------------------------------------------


@pytest.fixture(scope="module")
def log(labelled):
    """A long table of events, some at one time; pages of a few categories."""
    rng = np.random.default_rng(0)
    ids = np.repeat(IDS, list(map(len, labelled)))
    passed = rng.integers(0, 9, len(ids)).cumsum()
    page = pd.Categorical(rng.choice([*"abc", None], len(ids)), [*"cabz"], ordered=True)
    when = pd.Timestamp("2024-05-01", tz="Asia/Tokyo") + pd.to_timedelta(passed, "s")
    return pd.DataFrame({"id": ids, "when": when, "page": page, "amount": passed / 7})


EVENTS = {"by": "id", "order": "when", "duplicates": "keep"}


@pytest.mark.parametrize("duplicates", ["first", "last", "keep"])
def test_events_of_one_time_are_treated_as_by_to_sequences(log, tmp_path, duplicates):
    options = EVENTS | {"duplicates": duplicates}
    path = write(tmp_path, log[:70], log[70:], row_group_size=9)
    X = ParquetSequences(path, **options, chunk_size=30)
    expected = to_sequences(log, **options)
    found = list(X)
    assert [x.attrs for x in found] == [expected.attrs] * len(found)
    for x, whole in zip(pd.concat(found), expected, strict=True):
        assert_array_equal(x, whole)


@pytest.mark.slow
def test_events_have_the_bits_of_memory(plain_autoencoder, log, tmp_path):
    X = to_sequences(log, **EVENTS)
    write(tmp_path, log[:70], log[70:], row_group_size=9)
    options = {**EVENTS, "chunk_size": 30}
    exact = ["ngrams", "category_means", "length"]
    counts = {"exact_components": exact, "n_components": None}
    for parameters in ({}, {"forecast_horizon": 1, **counts}):
        expected = plain_autoencoder(**parameters).fit(X)
        found = plain_autoencoder(**parameters)
        found.fit(ParquetSequences(tmp_path, **options))
        assert fitted_bits(found) == fitted_bits(expected)
    chunks = ParquetSequences(tmp_path, **options, buffer_size=150)
    found = plain_autoencoder().fit(chunks)
    assert found._fitted.schema.events == expected._fitted.schema.events
    assert (
        found._fitted.schema.container.levels
        == expected._fitted.schema.container.levels
    )
    assert_array_equal(found.transform(chunks), found.transform(X))


def test_categories_that_change_from_file_to_file(plain_autoencoder, log, tmp_path):
    other = pd.Categorical([f"page {i % 200}" for i in range(len(log) - 70)])
    parts = [
        log[:70].assign(page=log["page"][:70].cat.as_unordered()),
        log[70:].assign(page=other),
    ]
    write(tmp_path, *parts, row_group_size=9)
    X = ParquetSequences(tmp_path, **EVENTS, chunk_size=30, buffer_size=150)
    found = plain_autoencoder(epochs=1).fit(X)
    known = list(found._fitted.schema.container.levels[0].values)
    assert known == [*"cabz", *dict.fromkeys(other.categories)]
    assert set(found.categories_[0]) == {*"abc", *other, None}


@pytest.mark.slow
def test_text_in_columns_of_lists(plain_autoencoder, log, tmp_path):
    pages = log["page"].astype(object).where(log["page"].notna(), None)
    pages[log["id"] < IDS[3]] = None  # those of the first row group
    page = pages.groupby(log["id"]).agg(list).tolist()
    amount = log["amount"].groupby(log["id"]).agg(list).tolist()
    lists = {"page": pa.array(page, pa.list_(pa.string())), "amount": amount}
    write(tmp_path, pa.table({"id": IDS, **lists}), row_group_size=3)
    by_id = ParquetSequences(tmp_path, by="id")
    bare = ParquetSequences(tmp_path, columns=["page", "amount"])
    assert next(iter(by_id)).iloc[0].dtype.names == ("page", "amount")
    assert together(by_id).index.tolist() == IDS
    table = pq.read_table(tmp_path / "0.parquet", columns=["page", "amount"])
    expected = plain_autoencoder().fit(table)
    Z = expected.transform(table)
    for X in (by_id, bare):
        assert_array_equal(expected.transform(X), Z)
        found = plain_autoencoder().fit(X)
        assert_array_equal(found.transform(table), Z)
    assert found.inverse_transform(Z).schema == table.schema


def test_duplicates_need_times(log, tmp_path):
    path = write(tmp_path, log)
    with pytest.raises(ValueError, match="duplicates is about times, so it needs ord"):
        ParquetSequences(path, by="id", columns="amount", duplicates="keep")
    with pytest.raises(ValueError, match="'duplicates' parameter of ParquetSequences"):
        ParquetSequences(path, **(EVENTS | {"duplicates": "sum"}))
    X = ParquetSequences(path, **(EVENTS | {"duplicates": "mean"}))
    with pytest.raises(
        ValueError, match=r"0\.parquet, row group 0: .*holds categories"
    ):
        list(X)


# -- what can't be used ----------------------------------------------------------------


def test_series_that_are_not_together(long, tmp_path):
    unsorted = pd.concat([long[30:], long[:30]]).sort_values("time", kind="stable")
    X = ParquetSequences(write(tmp_path, unsorted), **BY)
    message = r"0\.parquet, row group 0: series 's\d+' goes on here.*sort the table by"
    with pytest.raises(ValueError, match=message):
        list(X)


@pytest.mark.parametrize("ascending", [True, False])
def test_a_series_that_goes_on_later(long, tmp_path, ascending):
    if not ascending:
        long = long[::-1]
    path = write(tmp_path, long, long[:3], row_group_size=len(long) // 2)
    message = rf"1\.parquet, row group 0: series '{long['id'].iloc[0]}' goes on here"
    with pytest.raises(ValueError, match=message):
        list(ParquetSequences(path, **BY, chunk_size=40))


@pytest.mark.parametrize("random_state", [None, 0])
def test_columns_that_change_between_files(lists, tmp_path, random_state):
    changed = lists.set_column(1, "a", lists["a"].cast(pa.list_(pa.float32())))
    X = ParquetSequences(write(tmp_path, lists, changed), by="id")
    rng = None if random_state is None else np.random.default_rng(random_state)
    message = r"1\.parquet has the column 'a' of type list<.*float>, not list<.*double>"
    with pytest.raises(ValueError, match=message):
        list(X._placed(rng))
    write(tmp_path, lists, lists.drop_columns(["b"]))
    with pytest.raises(ValueError, match=r"1\.parquet has no column 'b' \(it has"):
        list(X._placed(rng))


def test_empty_files_and_row_groups(long, tmp_path):
    table = pa.Table.from_pandas(long, preserve_index=False)
    write(tmp_path, table, table[:0])
    with pytest.raises(ValueError, match=r"1\.parquet.* has no row"):
        list(ParquetSequences(tmp_path, **BY))
    with pq.ParquetWriter(tmp_path / "1.parquet", table.schema) as writer:
        for part in (table[:20], table[:0], table[20:]):
            writer.write_table(part)
    with pytest.raises(ValueError, match=r"1\.parquet, row group 1 has no rows"):
        list(ParquetSequences(tmp_path / "1.parquet", **BY))


@pytest.mark.parametrize("by", [None, "id"])
def test_null_lists(plain_autoencoder, lists, tmp_path, by):
    cells = lists["a"].to_pylist()
    cells[17] = None
    with_null = lists.set_column(1, "a", pa.array(cells))
    path = write(tmp_path, lists, with_null, row_group_size=8)
    X = ParquetSequences(path, by=by, columns=["a", "b"])
    message = r"1\.parquet, row group 2: column 'a': sequence 1 is null"
    with pytest.raises(ValueError, match=message):
        plain_autoencoder().fit(X)


@pytest.mark.parametrize("name", ["id", "time"])
def test_null_ids_and_times(long, tmp_path, name):
    frame = long.convert_dtypes(dtype_backend="pyarrow")
    frame.loc[25, name] = None
    X = ParquetSequences(write(tmp_path, frame, row_group_size=20), **BY)
    with pytest.raises(ValueError, match=rf"row group 1: .*column '{name}' is null"):
        list(X)


def test_two_rows_at_one_time(long, tmp_path):
    frame = pd.concat([long[:30], long[29:]])
    X = ParquetSequences(write(tmp_path, frame, row_group_size=20), **BY)
    with pytest.raises(ValueError, match=r"0\.parquet, row group 1: series .* two"):
        list(X)


def test_a_damaged_file_in_the_middle(plain_autoencoder, long, tmp_path):
    parts = [part for _, part in long.groupby(np.arange(len(long)) // 100)]
    write(tmp_path, *parts, row_group_size=50)
    group = pq.ParquetFile(tmp_path / "1.parquet").metadata.row_group(1)
    start = group.column(2).dictionary_page_offset or group.column(2).data_page_offset
    overwrite(tmp_path / "1.parquet", start, 200)
    autoencoder = plain_autoencoder()
    with pytest.raises(ValueError, match=r"1\.parquet, row group 1 can't be read"):
        autoencoder.fit(ParquetSequences(tmp_path, **BY))
    assert not hasattr(autoencoder, "scaler_")
    (tmp_path / "1.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(ValueError, match=r"1\.parquet can't be read"):
        list(ParquetSequences(tmp_path, **BY))


def test_a_file_that_is_damaged_during_the_fit_leaves_the_checkpoint(
    plain_autoencoder, long, tmp_path, monkeypatch
):
    checkpoints_at_every_call(monkeypatch.setattr)
    path, folder = tmp_path / "checkpoint", tmp_path / "data"
    folder.mkdir()
    file = write(folder, long, row_group_size=50) / "0.parquet"
    whole = file.read_bytes()
    X = ParquetSequences(folder, **BY, buffer_size=150)
    expected = fitted_bits(plain_autoencoder(epochs=4).fit(X))
    n_read, read = 0, X._placed

    def read_and_damage(random_state=None):
        nonlocal n_read
        n_read += 1
        if n_read == 4:  # once before training, then two epochs
            overwrite(file, 0, len(whole) // 2)
        return read(random_state)

    monkeypatch.setattr(X, "_placed", read_and_damage)
    autoencoder = plain_autoencoder(epochs=4, callbacks=[BackupAndRestore(path)])
    with pytest.raises(ValueError, match=r"0\.parquet, row group 0 can't be read"):
        autoencoder.fit(X)
    assert path.exists()
    file.write_bytes(whole)
    assert fitted_bits(autoencoder.fit(X)) == expected


# -- damage ----------------------------------------------------------------------------


def flipped(file, bits):
    """Yield nothing, with one bit after the other of a file being another."""
    data = file.read_bytes()
    for bit in bits:
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        file.write_bytes(damaged)
        yield bit
    file.write_bytes(data)


def test_flipped_bits_of_values_are_found_by_checksums(
    plain_autoencoder, long, tmp_path
):
    file = tmp_path / "0.parquet"
    long.to_parquet(file, row_group_size=100, write_page_checksum=True)
    X = ParquetSequences(file, **BY)
    column = pq.ParquetFile(file).metadata.row_group(1).column(2)
    start = column.data_page_offset + 100  # behind the header of the page
    stop = column.dictionary_page_offset + column.total_compressed_size
    bits = np.linspace(8 * start, 8 * stop - 1, 30).astype(int)
    message = r"0\.parquet, row group 1 can't be read: .*CRC.* damaged, write it again"
    for _ in flipped(file, bits):
        with pytest.raises(ValueError, match=message):
            list(X)
    for _ in flipped(file, bits[:1]):
        with pytest.raises(ValueError, match=message):
            plain_autoencoder().fit(X)
    assert len(together(X)) == len(IDS)


@pytest.mark.parametrize("form", ["long", "lists"])
def test_flipped_bits_of_headers_give_no_other_numbers(long, lists, tmp_path, form):
    """Of pages: no checksum covers how many values a header says there are."""
    table = lists
    if form == "long":
        table = pa.Table.from_pandas(long, preserve_index=False)
    file, options = tmp_path / "0.parquet", BY if form == "long" else {"by": "id"}
    pq.write_table(
        table,
        file,
        write_page_checksum=True,
        row_group_size=90,
    )
    expected = together(ParquetSequences(file, **options))
    column = pq.ParquetFile(file).metadata.row_group(0).column(table.num_columns - 1)
    n_refused = 0
    for start in (column.dictionary_page_offset, column.data_page_offset):
        for _ in flipped(file, range(8 * start, 8 * start + 240)):
            try:
                found = together(ParquetSequences(file, **options))
            except ValueError as error:
                assert str(file) in str(error)
                n_refused += 1
            else:
                assert found.index.equals(expected.index)
                for x, y in zip(found, expected, strict=True):
                    assert_array_equal(x, y)
    assert n_refused > 100


def test_columns_of_every_kind_are_counted(tmp_path):
    cells = {
        "empty": pa.array([[], [1.0], None]),
        "in lists": pa.array([[[1.0, 2.0], []], [None], []]),
        "large": pa.array([[1], [2, 3], []], pa.large_list(pa.int64())),
        "fixed": pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int64(), 2)),
        "structs": pa.array([[{"a": 1, "b": [1, 2]}], [{"a": 2, "b": None}, None], []]),
        "struct": pa.array([{"a": 1, "b": [1, 2]}, None, {"a": None, "b": []}]),
        "text": pa.array([["a", None], [], ["b"]]),
        "text.of": pa.array([["a"], [None, "c"], ["b", "d"]]),
        "plain": pa.array([1.0, None, 2.0]),
    }
    pq.write_table(pa.table(cells), tmp_path / "0.parquet", row_group_size=2)
    for columns in [*cells, list(cells)]:
        chunks = list(ParquetSequences(tmp_path, columns=columns, chunk_size=1))
        names = columns if isinstance(columns, list) else [columns]
        found = pa.concat_tables(chunks)
        assert found.to_pylist() == pa.table(cells).select(names).to_pylist()


# -- files that change -----------------------------------------------------------------


@pytest.fixture
def streamed(long, tmp_path, monkeypatch):
    """Return sequences in two files, and a function that lets one change.

    That happens before all are read for the third time: once before training, and once
    in every epoch.
    """
    folder = tmp_path / "data"
    folder.mkdir()
    write(folder, long[:150], long[150:], row_group_size=50)
    X = ParquetSequences(folder, **BY, chunk_size=100, buffer_size=150)
    read, n_read = X._placed, 0

    def let(change):
        def read_and_change(random_state=None):
            nonlocal n_read
            n_read += 1
            if n_read == 3:
                change(folder / "1.parquet")
            return read(random_state)

        monkeypatch.setattr(X, "_placed", read_and_change)

    return X, let


CHANGES = {
    "values": (lambda t: t.assign(a=t["a"] * 1000), r"row group \d: it has other val"),
    "rows": (lambda t: t[:-1], r"row group \d: it has \d+ time steps now, but had \d+"),
    "fewer": (lambda t: t[:40], r"row group \d: it has 1 sequence now, but had"),
    "columns": (
        lambda t: t.drop(columns="b"),
        r"has no column 'b' \(it has .*\), unlike .*0\.parquet",
    ),
    "types": (lambda t: t.astype({"a": "float32"}), "'a' of type float, not double"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_file_that_is_rewritten_during_a_fit_is_refused(
    fitted_plain, long, streamed, name
):
    X, let = streamed
    change, message = CHANGES[name]
    let(lambda file: change(long[150:]).to_parquet(file, row_group_size=50))
    autoencoder = pickle.loads(pickle.dumps(fitted_plain)).set_params(epochs=3)
    before = fitted_bits(autoencoder)
    with pytest.raises(ValueError, match=rf"1\.parquet.*{message}|{message}.*1\.parq"):
        autoencoder.fit(X)
    assert fitted_bits(autoencoder) == before


def test_lists_that_are_rewritten_during_a_fit_are_refused(
    plain_autoencoder, lists, tmp_path, monkeypatch
):
    """Their row groups are read in a random order."""
    file = write(tmp_path, lists, row_group_size=4) / "0.parquet"
    X = ParquetSequences(file, columns=["a", "b"], buffer_size=150)
    n_read, read = 0, X._placed
    cells = lists["b"].to_pylist()
    cells[13][0] += 1e-9
    changed = lists.set_column(2, "b", pa.array(cells))

    def read_and_change(random_state=None):
        nonlocal n_read
        n_read += 1
        if n_read == 3:
            write(tmp_path, changed, row_group_size=4)
        return read(random_state)

    plain_autoencoder(epochs=3).fit(X)
    monkeypatch.setattr(X, "_placed", read_and_change)
    with pytest.raises(
        ValueError, match=r"0\.parquet, row group 3: it has other values"
    ):
        plain_autoencoder(epochs=3).fit(X)


def test_a_file_that_goes_and_a_file_that_comes(plain_autoencoder, streamed, long):
    X, let = streamed
    autoencoder = plain_autoencoder(epochs=3)
    expected = fitted_bits(autoencoder.fit(X))
    let(lambda file: long.to_parquet(file.with_name("2.parquet")))
    assert fitted_bits(autoencoder.fit(X)) == expected
    assert len(together(X)) == len(IDS)
    (X._files[1]).unlink()
    with pytest.raises(
        FileNotFoundError, match=r"1\.parquet was there when .*put it ba"
    ):
        autoencoder.fit(X)


def test_a_fit_that_was_killed_does_not_go_on_with_other_files(
    plain_autoencoder, streamed, long, tmp_path, monkeypatch
):
    checkpoints_at_every_call(monkeypatch.setattr)
    X, _ = streamed
    backup = BackupAndRestore(tmp_path / "backup")
    autoencoder = plain_autoencoder(epochs=4, callbacks=[backup])
    with pytest.raises(Ended), ended_at_checkpoint(2):
        autoencoder.fit(X)
    one = long[150:].reset_index(drop=True)
    one.loc[20, "a"] += 1e-9
    one.to_parquet(X._files[1], row_group_size=50)
    with pytest.raises(ValueError, match="given something else: sequences"):
        autoencoder.fit(X)


def test_a_file_that_is_written_while_it_is_read(long, tmp_path):
    file = write(tmp_path, long, row_group_size=50) / "0.parquet"
    X = ParquetSequences(file, **BY, chunk_size=50)
    data, chunks = file.read_bytes(), iter(X)
    next(chunks)
    file.write_bytes(data)
    os.utime(file, (0, 0))
    with pytest.raises(ValueError, match=r"0\.parquet was written while it was read"):
        list(chunks)
    assert len(together(X)) == len(IDS)


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("", ValueError, "path has '', .*not set; to read the current folder, pass"),
        ("  ", ValueError, "path has '  '"),
        (Path(), ValueError, "which may be a name that was not set"),
        (["0.parquet", ""], ValueError, "path has ''"),
        (None, TypeError, "path has None, of type NoneType; expected a str, a path"),
        (b"0.parquet", TypeError, "of type bytes"),
        (["0.parquet", None], TypeError, "path has None"),
        (iter(["0.parquet"]), TypeError, "list_iterator; expected .*, or a list of"),
        ([], FileNotFoundError, "path is empty"),
        ("*.parquet", FileNotFoundError, r"folder \*\.parquet; patterns such as"),
        ("/dev/full", ValueError, "/dev/full is neither a file nor a folder"),
    ],
)
def test_paths_that_name_nothing(long, tmp_path, monkeypatch, path, error, message):
    monkeypatch.chdir(write(tmp_path, long))
    with pytest.raises(error, match=message):
        ParquetSequences(path, **BY)
    assert len(together(ParquetSequences(".", **BY))) == len(IDS)


def test_folders_that_are_named_like_files(long, tmp_path):
    (tmp_path / "table.parquet").mkdir()
    write(tmp_path / "table.parquet", long)
    assert len(together(ParquetSequences(tmp_path, **BY))) == len(IDS)


def test_what_is_asked_for_in_vain(long, lists, tmp_path):
    path = write(tmp_path, long, lists)
    with pytest.raises(FileNotFoundError, match=r"no file or folder .*nowhere"):
        ParquetSequences(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"empty has no \.parquet files"):
        ParquetSequences(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match="path is empty"):
        ParquetSequences([])
    with pytest.raises(
        ValueError, match=r"parquet: column 'patient' is not in .* it has"
    ):
        ParquetSequences(path, by="patient")
    with pytest.raises(ValueError, match="needs at least one feature"):
        ParquetSequences(path, by=["id", "a", "b", "time"])
    with pytest.raises(ValueError, match="but by is None; set by to the column of ids"):
        ParquetSequences(path, order="time")
    with pytest.raises(ValueError, match="columns of lists; set order=None"):
        ParquetSequences(path / "1.parquet", by="id", order="id", columns="a")
    with pytest.raises(ValueError, match="chunk_size == 0, must be >= 1"):
        ParquetSequences(path, **BY, chunk_size=0)


def test_without_pyarrow(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"Reading Parquet needs pyarrow.*pip"):
        ParquetSequences("somewhere")
