"""Groups of sequences that a graph pads together, and missing values there."""

import sys
from itertools import pairwise

import numpy as np
import pytest
from helpers import run_python
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae import to_onnx
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._sequences.missing import fill_missing

ort = pytest.importorskip("onnxruntime", reason="an option of ours")

PATCH_SIZE = 3


@pytest.fixture(scope="module")
def groups():
    """Return a function from lengths to the groups, and what each is padded to."""
    from sklearn_seqae._onnx import ops, ragged
    from sklearn_seqae._onnx.graph import Graph

    graph = Graph()
    lengths = graph.input("lengths", np.int64, [None])

    def of_group(extent):
        size = ops.reshape(ops.size(extent.rows, 0), (1,))
        return [size, ops.reshape(extent.n_steps, (1,))]

    (sizes, n_steps), order = ragged.in_groups(lengths, PATCH_SIZE, of_group)
    for name, tensor in {"sizes": sizes, "n_steps": n_steps, "order": order}.items():
        graph.output(tensor, name, [None])
    session = ort.InferenceSession(graph.model("groups", "").SerializeToString())
    return lambda lengths: session.run(None, {"lengths": np.array(lengths)})


@given(st.lists(st.integers(1, 30) | st.integers(1, 50_000), min_size=1, max_size=300))
def test_groups_are_padded_to_less_than_twice_what_there_is(groups, lengths):
    from sklearn_seqae._onnx.ragged import GROUP

    sizes, n_steps, order = groups(lengths)
    assert sorted(order) == list(range(len(lengths)))
    assert sizes.sum() == len(lengths)
    patches = -(-np.array(lengths) // PATCH_SIZE)
    ends = np.cumsum([0, *sizes])
    for (start, stop), longest in zip(pairwise(ends), n_steps, strict=True):
        own = patches[order[start:stop]]
        assert longest == own.max() * PATCH_SIZE
        padded = own.max() * len(own)
        assert padded < 2 * own.sum()
        assert len(own) == 1 or padded <= GROUP


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_the_same_to_the_bit_alone_and_beside_a_long_one(
    fitted_plain, session, rng, part
):
    """Also among so many that they are more than one group."""
    lengths = [9000, *rng.integers(1, 40, size=300), 70, 1]
    X = [rng.normal(size=(n, 2)) for n in lengths]
    if part == "encoder":
        encoder = session(fitted_plain, part)
        given = {"values": np.concatenate(X), "lengths": np.array(lengths)}
        together = encoder.run(None, given)[0]
        alone = [
            encoder.run(None, {"values": x, "lengths": np.array([len(x)])})[0]
            for x in X[1:]
        ]
        assert_array_equal(together[1:], np.concatenate(alone))
        return
    decoder = session(fitted_plain, part)
    Z = fitted_plain.transform(X[1:]).astype(np.float32)
    Z[0, -1] += 8 * Z[:, -1].std()  # means a long one
    values, found = decoder.run(["values", "lengths"], {"embedding": Z})
    alone = [decoder.run(["values"], {"embedding": z[None]})[0] for z in Z]
    assert_array_equal(found, [len(x) for x in alone])
    assert 1000 < found[0] < 100_000
    assert_array_equal(values, np.concatenate(alone))


PEAK = """
import sys
from pathlib import Path
import numpy as np
import onnxruntime

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(x.split()[1]) for x in lines if x.startswith("VmHWM"))

path, folder = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(path, options)
session.run(None, dict(np.load(f"{folder}/small.npz")))
before = peak()
session.run(None, dict(np.load(f"{folder}/large.npz")))
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak in /proc")
@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_memory_follows_from_the_time_steps_there_are(
    fitted_plain, session, tmp_path, rng, part
):
    """63 short sequences beside a long one take no 64-fold of it."""
    X = [rng.normal(size=(n, 2)) for n in (20_000, *63 * [1])]
    given = {"values": np.concatenate(X), "lengths": np.array([len(x) for x in X])}
    path, encoder = tmp_path / "written.onnx", session(fitted_plain)
    (Z,) = encoder.run(None, given)
    to_onnx(fitted_plain, path, part=part)

    def growth(n):
        for name, rows in {"small": slice(1, 2), "large": slice(n)}.items():
            lengths = given["lengths"][rows]
            values = given["values"][-1:] if name == "small" else given["values"]
            ragged = {"values": values[: lengths.sum()], "lengths": lengths}
            read = ragged if part == "encoder" else {"embedding": Z[rows]}
            np.savez(tmp_path / f"{name}.npz", **read)
        return int(run_python(PEAK, path, tmp_path)[0])

    assert growth(len(X)) < 2 * growth(1)


# Missing values -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def filled():
    """Return a function that fills a ragged array of two features in a graph."""
    from sklearn_seqae._onnx import ops, ragged
    from sklearn_seqae._onnx.graph import Graph

    graph = Graph()
    values = graph.input("values", np.float32, [None, 2])
    lengths = graph.input("lengths", np.int64, [None])

    def of_group(extent):
        padded = ragged.fill_missing(ragged.to_padded(values, extent), extent)
        return [ragged.from_padded(padded, extent)]

    (found,), order = ragged.in_groups(lengths, 3, of_group)
    in_order = ops.take(found, ragged.time_steps_in(order, lengths))
    graph.output(in_order, "filled", [None, 2])
    model = graph.model("missing", "Missing values.").SerializeToString()
    session = ort.InferenceSession(model)

    def fill(array):
        given = {"values": array.values, "lengths": array.lengths}
        return session.run(None, given)[0]

    return fill


@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=5),
    share=st.sampled_from([0.0, 0.3, 0.9, 1.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_missing_values_are_filled_as_in_numpy(filled, lengths, share, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(sum(lengths), 2)).astype(np.float32)
    values[rng.random(values.shape) < share] = np.nan
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    array = RaggedArray(values, offsets)
    assert_allclose(filled(array), fill_missing(array).values, rtol=1e-6)
