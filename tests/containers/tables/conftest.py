"""The same long table in each library, and what a plain loop makes of it."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest


def in_duckdb(frame):
    """Return a relation of a pandas DataFrame."""
    return duckdb.from_arrow(pa.Table.from_pandas(frame, preserve_index=False))


MAKERS = {
    "pandas": lambda frame: frame,
    "pandas with Arrow": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "polars": pl.from_pandas,
    "polars in pieces": lambda frame: pl.concat(
        [pl.from_pandas(frame[:2]), pl.from_pandas(frame[2:])], rechunk=False
    ),
    "polars, lazy": lambda frame: pl.from_pandas(frame).lazy(),
    "pyarrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "pyarrow in pieces": lambda frame: pa.concat_tables(
        [
            pa.Table.from_pandas(part, preserve_index=False)
            for part in (frame[:2], frame[2:])
        ]
    ),
    "duckdb": in_duckdb,
}


@pytest.fixture(params=MAKERS.values(), ids=MAKERS)
def make(request):
    """Turn a pandas DataFrame into the frame of another library."""
    return request.param


def loop(frame, by, order, channels):
    """Return a dict of arrays by id: what people write without `to_sequences`."""
    frame = frame if order is None else frame.sort_values(order, kind="stable")
    return {
        key: group[channels].to_numpy() for key, group in frame.groupby(by, sort=True)
    }


@pytest.fixture(scope="session")
def groupby_loop():
    return loop


@pytest.fixture
def long_frame(rng):
    """60 rows in 8 series of 1 to 15, shuffled; each channel misses a value."""
    lengths = [1, 5, 15, 2, 12, 9, 6, 10]
    names = ["ida", "bob", "eve", "dan", "amy", "zoe", "kim", "max"]
    seconds = np.concatenate([rng.permutation(100)[:n] for n in lengths])
    frame = pd.DataFrame(
        {
            "name": np.repeat(names, lengths),
            "number": np.repeat(rng.permutation(8), lengths),
            "time": np.datetime64("2024-03-31T00:00:00", "us")
            + seconds.astype("m8[s]") * 3600,
            "x": rng.normal(size=60),
            "y": rng.normal(size=60),
        }
    ).sample(frac=1, random_state=0, ignore_index=True)
    frame.loc[3, "x"] = frame.loc[7, "y"] = np.nan
    return frame
