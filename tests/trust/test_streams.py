"""A corpus of three times the memory that the process gets."""

import json
import textwrap

import pytest
from helpers import run_python

MIB = 2**20
WRITE = """
import sys
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pathlib import Path

folder, form = Path(sys.argv[1]), sys.argv[2]
rng, n_bytes = np.random.default_rng(0), 0
for file in range(4):
    tables = []
    for group in range(4):
        lengths = rng.integers(200, 1801, size=375)
        n, n_features = lengths.sum(), 5
        values = rng.normal(size=(n_features, n)).cumsum(axis=1) / 30
        n_bytes += values.nbytes
        ids = np.arange(375) + 375 * (4 * file + group)
        if form == "long":
            columns = {"id": np.repeat(ids, lengths)}
            columns |= {f"x{j}": x for j, x in enumerate(values)}
        else:
            offsets = np.append(0, np.cumsum(lengths)).astype(np.int32)
            columns = {"id": ids} | {
                f"x{j}": pa.ListArray.from_arrays(offsets, pa.array(x))
                for j, x in enumerate(values)
            }
        tables.append(pa.table(columns))
    table = pa.concat_tables(tables)
    # row groups of a long table end within series
    size = 200_000 if form == "long" else 375
    pq.write_table(table, folder / f"{file}.parquet", row_group_size=size)
print(n_bytes)
"""
FIT = """
import json, sys, time
import numpy as np
from pathlib import Path
from sklearn_seqae import LSTMAutoencoderTransformer, ParquetSequences

def resident(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(name)]
    return 1024 * int(line.split()[1])

def make():
    return LSTMAutoencoderTransformer(
        n_components=16, hidden_layer_sizes=8, epochs=2, random_state=0
    )

X = ParquetSequences(sys.argv[1], by="id", chunk_size=2**18, buffer_size=2**20)
first = next(iter(X))
# what is compiled and imported is no part of the corpus
make().fit(first).score_samples(first)
before = resident("VmRSS")
Path("/proc/self/clear_refs").write_text("5")  # the peak is measured from here
started = time.perf_counter()
autoencoder = make().set_output(transform="pandas").fit(X)
seconds = time.perf_counter() - started
Z = autoencoder.transform(X)
scores = autoencoder.score_samples(X)
above = resident("VmHWM") - before
assert Z.index.tolist() == list(range(6_000)) and np.isfinite(scores).all()
assert autoencoder.history_["loss"][1] < autoencoder.history_["loss"][0]
assert (Z.loc[first.index] == autoencoder.transform(first)).all(axis=None)
print(json.dumps([above, seconds]))
"""


@pytest.mark.parametrize("form", ["long", "lists"])
def test_a_corpus_of_three_times_the_memory(form, tmp_path, report):
    corpus, _ = run_python(textwrap.dedent(WRITE), tmp_path, form)
    out, _ = run_python(textwrap.dedent(FIT), tmp_path)
    above, seconds = json.loads(out)
    size = int(corpus)
    report(
        f"Parquet, {form}: 6,000 sequences, {size / MIB:.0f} MiB as arrays",
        f"fit, transform and score_samples at {above / MIB:.0f} MiB above the start; "
        f"2 epochs in {seconds:.0f} s",
    )
    assert above < size / 3
