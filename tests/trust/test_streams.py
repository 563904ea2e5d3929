"""A corpus of three times the memory that the process gets, as ``ulimit -v`` would."""

import json

from helpers import run_python

MIB = 2**20
WRITE = """
import sys
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pathlib import Path

folder = Path(sys.argv[1])
rng, n_bytes = np.random.default_rng(0), 0
for file in range(6):
    tables = []
    for group in range(4):
        lengths = rng.integers(200, 1801, size=375)
        n, n_features = lengths.sum(), 5
        values = rng.normal(size=(n_features, n)).cumsum(axis=1) / 30
        n_bytes += values.nbytes
        ids = np.arange(375) + 375 * (4 * file + group)
        columns = {"id": np.repeat(ids, lengths)}
        columns |= {f"x{j}": x for j, x in enumerate(values)}
        tables.append(pa.table(columns))
    table = pa.concat_tables(tables)  # row groups end within series
    pq.write_table(table, folder / f"{file}.parquet", row_group_size=200_000)
print(n_bytes)
"""
FIT = """
import json, resource, sys, time
import numpy as np
from pathlib import Path
from sklearn_seqae import LSTMAutoencoderTransformer, ParquetSequences, SequenceChunks

def resident(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(name)]
    return 1024 * int(line.split()[1])

def make():
    return LSTMAutoencoderTransformer(
        n_components=16, hidden_layer_sizes=8, patch_size=32, epochs=1, random_state=0
    )

X = ParquetSequences(sys.argv[1], by="id", chunk_size=2**16, buffer_size=2**18)
first = next(iter(X))
# what is imported and compiled is no part of the corpus
few = SequenceChunks(lambda: iter([first]), buffer_size=1000)
make().fit(few).score_samples(few)
before, size = resident("VmRSS"), int(sys.argv[2])
limit = resident("VmSize") + size // 3
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    np.ones(size // 8)
except MemoryError:
    pass
else:
    raise AssertionError("the limit does not bind")
Path("/proc/self/clear_refs").write_text("5")  # the peak is measured from here
started = time.perf_counter()
autoencoder = make().set_output(transform="pandas").fit(X)
seconds = time.perf_counter() - started
Z = autoencoder.transform(X)
scores = autoencoder.score_samples(X)
above = resident("VmHWM") - before
assert Z.index.tolist() == list(range(9_000)) and np.isfinite(scores).all()
assert (Z.loc[first.index] == autoencoder.transform(first)).all(axis=None)
print(json.dumps([above, resident("VmPeak") - (limit - size // 3), seconds]))
"""


def test_a_corpus_of_three_times_the_memory(tmp_path, report):
    corpus, _ = run_python(WRITE, tmp_path)
    size = int(corpus)
    out, _ = run_python(FIT, tmp_path, size)
    resident, mapped, seconds = json.loads(out)
    report(
        f"a long table in Parquet, {size / MIB:.0f} MiB as arrays, a third of it given",
        f"an epoch, transform and score_samples with {mapped / MIB:.0f} MiB of address "
        f"space, {resident / MIB:.0f} MiB resident, above the start; the fit in "
        f"{seconds:.0f} s",
    )
    # More may be resident: pages that were mapped before, as those of libraries
    assert mapped <= size / 3
