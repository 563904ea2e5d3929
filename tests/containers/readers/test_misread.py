"""Long tables that would be read row by row, and tables of rows that look ordinary."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from sklearn_seqae import to_sequences
from sklearn_seqae._containers.readers import to_ragged
from sklearn_seqae._containers.readers.misread import refuse_long_table

N_PATIENTS, N_HOURS = 20, 10
RNG = np.random.default_rng(0)
LONG = pd.DataFrame(
    {
        "patient": np.repeat(np.arange(N_PATIENTS), N_HOURS),
        "hour": np.tile(np.arange(N_HOURS), N_PATIENTS),
        "pulse": RNG.normal(70, 5, N_PATIENTS * N_HOURS),
        "temp": RNG.normal(37, 0.3, N_PATIENTS * N_HOURS),
    }
)
TEXT = LONG.assign(patient=LONG["patient"].map("p{:02}".format))
DATES = LONG.assign(hour=pd.to_datetime("2024-01-01") + pd.to_timedelta(LONG.hour, "h"))
SHUFFLED_IDS = LONG["patient"].map(dict(enumerate(RNG.permutation(N_PATIENTS))))
COUNTS = LONG.assign(pulse=LONG["pulse"].round().astype(int)).drop(columns="temp")

# name: a long table with patients, hours and features
TABLES = {
    "as it is": LONG,
    "ids in the index": LONG.set_index("patient"),
    "times in the index": LONG.set_index("hour"),
    "time first": LONG[["hour", "patient", "pulse", "temp"]],
    "features first": LONG[["pulse", "temp", "hour", "patient"]],
    "sorted by time": LONG.sort_values("hour", kind="stable"),
    "shuffled": LONG.sample(frac=1, random_state=0),
    "floats": LONG.astype(float),
    "floats, ids in any order": LONG.assign(patient=SHUFFLED_IDS).astype(float),
    "integers": COUNTS,
    "integers, ids in any order": COUNTS.assign(patient=SHUFFLED_IDS),
    "nullable": LONG.convert_dtypes(),
    "text": TEXT,
    "text as objects": TEXT.astype({"patient": object}),
    "text in the index": TEXT.set_index("patient"),
    "text, shuffled": TEXT.sample(frac=1, random_state=0),
    "categories": TEXT.astype({"patient": "category"}),
    "another text": TEXT.assign(sex="f"),
    "a category and a date": TEXT.assign(
        sex=pd.Categorical(["f"] * len(TEXT)), born=pd.Timestamp("1990-01-01")
    ),
    "dates": DATES,
    "dates and text": DATES.assign(patient=TEXT["patient"]),
    "dates in the index": DATES.set_index("hour"),
    "time zone": DATES.assign(hour=DATES["hour"].dt.tz_localize("Europe/Berlin")),
}
LIBRARIES = ["pandas", "polars", "pyarrow"]


def refuse(X):
    """Read X as the estimator does where nothing was fitted before."""
    _, container = to_ragged(X)
    assert container.tabular
    refuse_long_table(X)


def in_library(frame, library):
    if library == "pandas":
        return frame
    frame = frame.reset_index(drop=frame.index.name is None)
    pa = pytest.importorskip("pyarrow", reason="an option of ours")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if library == "pyarrow":
        return table
    return pytest.importorskip("polars", reason="an option of ours").from_arrow(table)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", TABLES)
def test_the_error_names_a_call_that_works(name, library):
    frame = TABLES[name]
    X = in_library(frame, library)
    with pytest.raises((TypeError, ValueError)) as error:
        refuse(X)
    call = re.search(r"pass (to_sequences\(.*?\))[. ]", str(error.value))[1]
    sequences = eval(call, {"to_sequences": to_sequences, "X": X})
    features = ["pulse"] if name.startswith("integers") else ["pulse", "temp"]
    features += ["sex"] * ("sex" in frame)
    expected = to_sequences(
        frame.reset_index() if frame.index.name else frame,
        by="patient",
        order="hour",
        columns=features,
    )
    assert sequences.index.tolist() == expected.index.tolist()
    for found, x in zip(sequences, expected, strict=True):
        np.testing.assert_array_equal(found, x)


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_remedy_is_complete(library):
    X = in_library(LONG, library)
    with pytest.raises(ValueError, match="looks like a table with a row for each tim"):
        refuse(X)
    array = {"pyarrow": "numpy.asarray(X)"}.get(library, "X.to_numpy()")
    message = rf"pass to_sequences\(X, by='patient', order='hour'\).*{re.escape(array)}"
    with pytest.raises(ValueError, match=message):
        refuse(X)
    assert len(to_ragged(eval(array, {"numpy": np, "X": X}))[0]) == len(LONG)


def test_without_times_there_are_ids():
    with pytest.raises(ValueError, match=r"to_sequences\(X, by='patient'\)"):
        refuse(LONG.drop(columns="hour"))


def test_one_sequence_alone():
    one = LONG[LONG["patient"] == 3].drop(columns="patient")
    for X in (one, one.astype(float), one.drop(columns="temp")):
        with pytest.raises(ValueError, match=r"If X is one sequence.* a list: \[X\]"):
            refuse(X)


@pytest.mark.parametrize(
    ("X", "sign"),
    [
        # A wide table with what is no time step of it
        (
            pd.DataFrame(RNG.normal(size=(30, 5))).assign(label=[0, 1, 2] * 10),
            "column 'label' holds whole numbers, but 0 does not",
        ),
        (
            pd.DataFrame(RNG.poisson(5, size=(30, 5))).assign(row=3 * np.arange(30)),
            "column 'row' rises from row to row",
        ),
    ],
)
def test_other_columns_beside_the_time_steps(X, sign):
    with pytest.raises(ValueError, match=f"{sign}.*leave out the columns"):
        refuse(X)
    refuse(X[range(5)])


def test_an_index_that_repeats_is_a_warning():
    features = LONG.set_index("patient")[["pulse", "temp"]]
    message = "index repeats: 0 labels several rows.*by='patient'.*reset_index"
    with pytest.warns(UserWarning, match=message):
        refuse(features)
    refuse(features.reset_index(drop=True))


def padded_counts():
    counts = RNG.poisson(5, size=(30, 6)).astype(float)
    counts[np.arange(6) >= RNG.integers(3, 7, size=(30, 1))] = np.nan
    return pd.DataFrame(counts).astype({0: int, 1: int, 2: int})


NORMAL = pd.DataFrame(RNG.normal(size=(200, 8))).add_prefix("t")
ROWS = {
    "floats": NORMAL,
    "walks": NORMAL.cumsum(axis=1),
    "one column": NORMAL[["t0"]],
    "one row": NORMAL[:1],
    "two rows": NORMAL[:2],
    "few rows": NORMAL[:5],
    "dates as columns": NORMAL.set_axis(pd.date_range("2024", periods=8), axis=1),
    "two precisions": NORMAL.astype({"t0": np.float32}),
    "sorted by the first": NORMAL.sort_values("t0"),
    "ids in the index": NORMAL.set_axis([f"p{i}" for i in range(200)]),
    "shuffled": NORMAL.sample(frac=1, random_state=0),
    "drawn with replacement": NORMAL.sample(200, replace=True, random_state=0),
    "begins with zero": NORMAL.assign(t0=0),
    "counts": pd.DataFrame(RNG.poisson(5, size=(200, 8))),
    "few counts": pd.DataFrame(RNG.integers(0, 3, size=(200, 8))),
    "counts in few rows": pd.DataFrame(RNG.poisson(5, size=(4, 30))),
    "sorted counts": pd.DataFrame(RNG.poisson(5, size=(200, 8))).sort_values([0, 1]),
    "padded counts": padded_counts(),
    "totals": pd.DataFrame(RNG.poisson(5, size=(200, 8)).cumsum(axis=1)),
    "flags": pd.DataFrame(RNG.random((50, 8)) < 0.5),
    "rising numbers": pd.DataFrame(np.arange(160).reshape(20, 8)),
    "mostly whole": pd.DataFrame(
        np.where(RNG.random((50, 8)) < 0.1, 0.5, RNG.poisson(5, size=(50, 8)))
    ).astype({0: int}),
    "objects": NORMAL.astype(object),
    "nullable": NORMAL.convert_dtypes(),
}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", ROWS)
def test_ordinary_rows_raise_no_alarm(name, library):
    frame = ROWS[name]
    if library != "pandas":
        frame = frame.reset_index(drop=True).rename(columns=str)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        refuse(in_library(frame, library))


def test_arrays_have_no_names_to_tell():
    refuse(LONG.to_numpy())
