"""Bad input: the message says what was found, where, and what to do.

The cases are plain data, so that a process can try them before TensorFlow is imported.
"""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from helpers import objects
from scipy import sparse

from sklearn_seqae._containers.readers import to_ragged
from sklearn_seqae._fitted.fitted import validate_embedding, validate_lengths

nan, inf = np.nan, np.inf
ok = np.ones((3, 2))


def masked_row():
    return np.ma.array([[1.0, 2.0], [3.0, 4.0]], mask=[[False, False], [True, True]])


# name: X, the type of the error, what the message must say (regular expressions)
BAD_SEQUENCES = {
    # no container of sequences
    "None": (None, TypeError, "X is None; expected a list of"),
    "int": (3, TypeError, "X is the int 3; expected a list of"),
    "numpy scalar": (
        np.float64(3),
        TypeError,
        "X is the float64 .*3.* expected a list",
    ),
    "0-d array": (np.array(3), TypeError, "X is the ndarray .*3.* expected a list"),
    "str": ("abc", TypeError, "X is the str 'abc'; expected a list of"),
    "bytes": (b"abc", TypeError, "X is the bytes b'abc'; expected a list of"),
    "dict": ({"a": [1.0]}, TypeError, "X is a dict; expected a list of"),
    "set": ({1.0}, TypeError, "X is a set; expected a list of"),
    "generator": ((x for x in [[1.0]]), TypeError, "X is a generator; expected"),
    "class": (list, TypeError, "X is a type; expected a list of"),
    # nothing in it
    "empty list": ([], ValueError, "X is an empty list: found 0 .* minimum of 1 is"),
    "empty tuple": ((), ValueError, "X is an empty tuple: found 0 sequences"),
    "empty objects": (objects([]), ValueError, "X is an empty object array: found 0"),
    "empty 1-D array": (
        np.array([]),
        ValueError,
        "Expected 2D array, got 1D .*Reshape",
    ),
    "0 rows": (np.empty((0, 3)), ValueError, "0 sample.*minimum of 1 is required"),
    "0 columns": (
        np.empty((3, 0)),
        ValueError,
        r"0 feature\(s\) \(shape=\(3, 0\)\) while a minimum of 1 is required",
    ),
    "0 sequences": (np.empty((0, 3, 2)), ValueError, r"0 sequence\(s\) .*minimum of 1"),
    "0 time steps": (
        np.empty((3, 0, 2)),
        ValueError,
        r"0 time step\(s\) .*minimum of 1",
    ),
    "0 features": (
        np.empty((3, 2, 0)),
        ValueError,
        r"0 feature\(s\) .*minimum of 1 is",
    ),
    "empty frame": (pd.DataFrame(), ValueError, "minimum of 1 is required"),
    # an element that is no sequence
    "list of numbers": (
        [1.0, 2.0],
        ValueError,
        r"sequence 0 is the float 1.0; expected shape .* put it in a list",
    ),
    "number among": ([[1.0], 2.0], ValueError, "sequence 1 is the float 2.0; expected"),
    "None among": ([[1.0], None], ValueError, "sequence 1 is None; expected shape"),
    "str among": ([[1.0], "ab"], ValueError, "sequence 1 is the str 'ab'; expected"),
    "dict among": ([[1.0], {"a": 1}], ValueError, "sequence 1 is a dict; expected"),
    "sparse among": (
        [ok, sparse.csr_matrix(ok)],
        ValueError,
        "sequence 1 is a csr_matrix; expected shape",
    ),
    "3-D among": (
        [ok, np.ones((2, 2, 2))],
        ValueError,
        r"sequence 1 is an array of shape \(2, 2, 2\); expected shape \(n_timest",
    ),
    # an element of another shape
    "empty sequence": (
        [[1.0], []],
        ValueError,
        r"sequence 1 is empty.*\(0,\); .*leave",
    ),
    "no time steps": (
        [ok, np.empty((0, 2))],
        ValueError,
        r"sequence 1 is empty, of shape \(0, 2\); .* at least one time step",
    ),
    "no features": (
        [ok, np.empty((3, 0))],
        ValueError,
        r"sequence 1 is empty, of shape \(3, 0\); .* one feature: leave it out",
    ),
    "ragged inside": (
        [[[1, 2], [3, 4]], [[1, 2], [3]]],
        ValueError,
        "sequence 1 is not rectangular: every time step needs the same number",
    ),
    "mixed widths": (
        [ok, ok, np.ones((3, 5))],
        ValueError,
        "sequence 2 has 5 features, but sequence 0 has 2; every sequence needs the",
    ),
    "mixed dimensions": (
        [np.ones((3, 1)), np.ones(3)],
        ValueError,
        "sequence 1 is 1-D, but sequence 0 is 2-D; pass all of them as",
    ),
    # an array of another shape
    "1-D": (
        np.ones(3),
        ValueError,
        "Expected 2D array, got 1D .*Reshape your data",
    ),
    "1-D objects": (
        np.array([1, 2], dtype=object),
        ValueError,
        "Expected 2D array, got 1D array instead.*Reshape your data",
    ),
    "series": (pd.Series([1.0]), ValueError, "Expected 2D array, got 1D .*Reshape"),
    "4-D": (
        np.ones((1, 2, 3, 4)),
        ValueError,
        r"X has 4 dim.* \(1, 2, 3, 4\); expected",
    ),
    "sparse": (
        sparse.csr_matrix(ok),
        TypeError,
        "Sparse data .* dense data is required",
    ),
    "matrix": (ok.view(np.matrix), TypeError, "np.matrix is not supported"),
    # no real number
    "complex list": (
        [ok, ok * 1j],
        ValueError,
        "Complex data not supported: sequence 1",
    ),
    "complex 2-D": (
        ok * 1j,
        ValueError,
        "Complex data not supported: X has dtype compl",
    ),
    "complex 3-D": (
        ok[None] * 1j,
        ValueError,
        "Complex data not supported: .* features",
    ),
    "complex object": (
        [objects([1, 2j])],
        TypeError,
        "sequence 0 holds the complex 2j, but",
    ),
    "strings and a number": (
        [["a", 1]],
        TypeError,
        "sequence 0, feature 0 mixes kinds: it holds the str 'a' and the int 1, but",
    ),
    "numbers as strings": (
        [[1.0], ["1"]],
        TypeError,
        "sequence 1 holds categories in feature 0, '1' .* but sequence 0 holds numbers",
    ),
    "dicts of other keys": (
        [[{"a": 1, "b": "x"}, {"b": "x", "a": 1}]],
        ValueError,
        "sequence 0 has a dict at time step 1 that differs from the first.*'a', 'b'",
    ),
    "tuples of other widths": (
        [[("a", 1), ("b",)]],
        ValueError,
        "sequence 0 is not rectangular: time step 1 is .*, but the first has 2 feat",
    ),
    "records of dates": (
        [np.zeros(2, [("when", "M8[s]"), ("x", float)])],
        TypeError,
        r"column 'when' has dtype datetime64\[s\], but real numbers",
    ),
    "string 2-D": (np.array([["1"]]), TypeError, "X has dtype <U1.* convert or encode"),
    "string object": (
        np.array([["1", 2]], dtype=object),
        TypeError,
        "X holds the str '1', but real numbers are needed; convert",
    ),
    "dict object": (
        np.array([[{}, 2]], dtype=object),
        TypeError,
        "X holds .* argument must be a string or a real number.*; every entry must be",
    ),
    "list object": (
        np.array([[[1], 2]], dtype=object),
        ValueError,
        "column 1 does not hold a sequence in each cell, but column 0 does; pass",
    ),
    "dates": (
        [np.array(["2020-01-01"], dtype="datetime64[D]")],
        TypeError,
        r"sequence 0 has dtype datetime64\[D\], but real numbers are needed; convert",
    ),
    "durations": (
        np.array([[1]], dtype="timedelta64[s]"),
        TypeError,
        r"X has dtype timedelta64\[s\], but real numbers",
    ),
    "string column": (
        pd.DataFrame({"a": [1.0], "b": ["x"]}),
        TypeError,
        "column 'b' (has dtype .*numeric: .* drop the column|holds the str 'x')",
    ),
    "nested column": (
        pd.DataFrame({"a": [1.0], "b": [np.ones(3)]}),
        ValueError,
        "column 'a' does not hold a sequence .* but column 'b' does; .*Transformer",
    ),
    "string and a number in a frame": (
        [pd.DataFrame({"a": pd.Series(["x", 1.0], dtype=object)})],
        TypeError,
        "sequence 0, column 'a' mixes kinds: it holds the str 'x' and the float 1.0",
    ),
    # no finite or observed value
    "inf": (
        [[1.0], [2.0, inf]],
        ValueError,
        "sequence 1 holds inf .* step 1, feature 0;",
    ),
    "-inf 2-D": (
        np.array([[1, nan], [-inf, 1]]),
        ValueError,
        "sequence 1 holds inf .*NaN",
    ),
    "inf 3-D": (
        np.array([ok, [[1, 1], [1, inf], [nan, nan]]]),
        ValueError,
        "sequence 1 holds inf .* at time step 1, feature 1; every value must be finite",
    ),
    "inf in a frame": (
        pd.DataFrame([[1.0], [inf]]),
        ValueError,
        "sequence 1 holds inf",
    ),
    "huge": ([[1, 10**400]], ValueError, "sequence 0 holds .* too large"),
    "all NaN": (
        [[1.0], [nan, nan]],
        ValueError,
        "sequence 1 has no observed.*leave it",
    ),
    "all None": ([[1.0], [None]], ValueError, "sequence 1 has no observed value"),
    "all NaN 2-D": (
        np.array([[1, 2], [nan, nan]]),
        ValueError,
        "sequence 1 has no obs",
    ),
    "all NaN 3-D": (np.stack([ok, ok * nan]), ValueError, "sequence 1 has no observed"),
    "all masked": (masked_row(), ValueError, "sequence 1 has no observed value"),
    "all NA": (
        pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}),
        ValueError,
        "sequence 1 has no observed value, only NaN; .* leave it out",
    ),
}

# name: Z for an estimator of 2 components, the type of the error, the message
BAD_EMBEDDINGS = {
    "None": (None, ValueError, "Expected 2D array, got scalar array"),
    "1-D": (
        np.ones(2),
        ValueError,
        "Expected 2D array, got 1D .*Reshape your data",
    ),
    "3-D": (np.ones((1, 2, 2)), ValueError, "with dim 3.* <= 2"),
    "no rows": (
        np.ones((0, 2)),
        ValueError,
        r"0 sample\(s\) .*minimum of 1 is required",
    ),
    "narrow": (
        np.ones((3, 1)),
        ValueError,
        "Z has 1 component, but .* is expecting 2;",
    ),
    "wide": (
        np.ones((3, 5)),
        ValueError,
        "Z has 5 components, but .* expecting 2; pass",
    ),
    "NaN": (
        np.array([[1, 2], [nan, 4]]),
        ValueError,
        "row 1 of Z has nan as component 0",
    ),
    "inf": (
        np.array([[1, 2], [3, -inf]]),
        ValueError,
        "row 1 of Z has -inf as .* 1; an",
    ),
    "masked": (masked_row(), ValueError, "row 1 of Z has nan as component 0"),
    "complex": (ok * 1j, ValueError, "Complex data not supported"),
    "strings": (np.array([["a", "b"]]), ValueError, "not compatible with .*strings"),
    "dict": ([[{}, 1]], TypeError, "must be a string or a real number, not 'dict'"),
    "sparse": (sparse.csr_matrix(ok), TypeError, "Sparse data was passed.* for Z"),
    "ragged": ([[1.0, 2.0], [3.0]], ValueError, "inhomogeneous"),
}

# name: lengths for 2 sequences, the type of the error, the message
BAD_LENGTHS = {
    "scalar": (
        3,
        ValueError,
        r"lengths has shape \(\); expected one .* of 2 sequences",
    ),
    "too few": (
        [3],
        ValueError,
        r"lengths has shape \(1,\); expected one whole number",
    ),
    "too many": ([3, 3, 3], ValueError, r"lengths has shape \(3,\); expected"),
    "2-D": ([[3, 3]], ValueError, r"lengths has shape \(1, 2\); expected"),
    "ragged": ([[3], [3, 3]], ValueError, "lengths is not 1-D; expected one whole"),
    "zero": (
        [3, 0],
        ValueError,
        r"lengths\[1\] is 0; expected a whole number from 1 to",
    ),
    "negative": ([-3, 3], ValueError, r"lengths\[0\] is -3; expected a whole number"),
    "fraction": ([3, 2.5], ValueError, r"lengths\[1\] is 2.5; expected a whole number"),
    "NaN": ([nan, 3], ValueError, r"lengths\[0\] is nan; expected a whole number"),
    "inf": ([3, inf], ValueError, r"lengths\[1\] is inf; expected a whole number"),
    "wild": ([3, 2**20 + 1], ValueError, r"lengths\[1\] is 1048577; .* 1 to 1048576"),
    "beyond int64": ([3, 2**70], ValueError, r"lengths\[1\] is .*; expected a whole"),
    "bool": ([True, True], TypeError, "lengths has dtype bool; expected one whole"),
    "strings": (["3", "3"], TypeError, "lengths has dtype <U1, but real numbers"),
    "None": ([None, 3], ValueError, r"lengths\[0\] is nan; expected a whole number"),
    "dict": ({0: 3}, ValueError, r"lengths has shape \(\); expected"),
}


def decode(Z):
    validate_embedding(SimpleNamespace(n_components=2), Z)


def ask_for(lengths):
    validate_lengths(lengths, n_sequences=2)


CASES = [
    (f"{what} {name}", call, *case)
    for what, call, cases in [
        ("X", to_ragged, BAD_SEQUENCES),
        ("Z", decode, BAD_EMBEDDINGS),
        ("lengths", ask_for, BAD_LENGTHS),
    ]
    for name, case in cases.items()
]


@pytest.mark.parametrize(
    ("call", "X", "error", "message"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_refused_with_place_and_remedy(call, X, error, message):
    with pytest.raises(error, match=re.compile(message, re.DOTALL)) as caught:
        call(X)
    assert not re.search(r"\.\.(?!\.)$|\n\n", str(caught.value))


def test_refused_before_tensorflow_is_imported(before_tensorflow):
    loaded = before_tensorflow["loaded"]["bad input"]
    assert {"keras", "scikeras", "tensorflow"}.isdisjoint(loaded)


def refuse_all():
    """Try every case where nothing has imported TensorFlow yet."""
    for name, call, X, error, _ in CASES:
        try:
            call(X)
        except error:
            continue
        raise AssertionError(f"{name} was not refused")
