"""Files in which one bit is another: what is not refused gives the same numbers."""

import json
from collections import Counter

import numpy as np
import pytest
from helpers import fitted_bits, run_python
from internals import Ended, checkpoints_at_every_call, ended_at_checkpoint
from keras.callbacks import BackupAndRestore
from sklearn.base import clone

from sklearn_seqae._utils.claim import FILE

N_FLIPS = 150
# In a process of its own: a damaged footer could end it
READ = """
import json, sys
from collections import Counter
from pathlib import Path
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn_seqae import ParquetSequences

file = Path(sys.argv[1])
n_flips, has_checksums, form, where = map(json.loads, sys.argv[2:])
rng = np.random.default_rng(0)
lengths = rng.integers(5, 15, size=60)
values = [rng.normal(size=(n, 2)).cumsum(axis=0) for n in lengths]
if form == "lists":
    options = {"by": "id"}
    table = pa.table({"id": np.arange(60), "x": [x[:, 0] for x in values],
                      "y": [x[:, 1] for x in values]})
else:
    options = {"by": "id", "order": "time"}
    x, y = np.concatenate(values).T
    time = np.concatenate([np.arange(n) for n in lengths])
    table = pa.table({"id": np.repeat(np.arange(60), lengths), "time": time,
                      "x": x, "y": y})
n_rows = -(-len(table) // 3)
pq.write_table(table, file, row_group_size=n_rows, write_page_checksum=has_checksums)

def read():
    chunks = list(ParquetSequences(file, **options))
    return [(i, x.shape, x.tobytes()) for c in chunks for i, x in c.items()]

expected, data, outcomes = read(), file.read_bytes(), Counter()
assert all(x == y.tobytes() for (_, _, x), y in zip(expected, values, strict=True))
bits = rng.choice(8 * len(data), n_flips, replace=False)
if where == "footer":
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    bits = range(8 * footer, 8 * footer + n_flips)
for bit in bits:
    damaged = bytearray(data)
    damaged[bit // 8] ^= 1 << bit % 8
    file.write_bytes(damaged)
    try:
        outcome = "the same numbers" if read() == expected else "other numbers"
    except (TypeError, ValueError) as error:
        assert str(file) in str(error), error
        outcome = "refused"
    outcomes[outcome] += 1
print(json.dumps(outcomes))
"""


@pytest.mark.parametrize("form", ["long", "lists"])
@pytest.mark.parametrize("has_checksums", [True, False])
def test_parquet_files(tmp_path, report, form, has_checksums):
    asked = [json.dumps(each) for each in (N_FLIPS, has_checksums, form, "file")]
    said, _ = run_python(READ, tmp_path / "0.parquet", *asked)
    outcomes = json.loads(said)
    kind = f"{form}, {'with' if has_checksums else 'without'} checksums"
    report(f"{N_FLIPS} flipped bits of Parquet, {kind}", said.strip())
    if has_checksums:
        assert outcomes.get("other numbers", 0) == 0
        assert outcomes["refused"] > N_FLIPS / 3


@pytest.mark.parametrize("form", ["long", "lists"])
def test_footers_of_parquet_files(tmp_path, report, form):
    """The first bits of them are the schema; pyarrow ends the process for some."""
    n = 1500
    asked = [json.dumps(each) for each in (n, True, form, "footer")]
    said, _ = run_python(READ, tmp_path / "0.parquet", *asked)
    report(f"{n} flipped bits of footers of Parquet, {form}", said.strip())
    assert json.loads(said).get("other numbers", 0) == 0


def test_checkpoints(plain_autoencoder, sequences, tmp_path, monkeypatch, report):
    checkpoints_at_every_call(monkeypatch.setattr)
    path = tmp_path / FILE
    autoencoder = plain_autoencoder(epochs=20, callbacks=[BackupAndRestore(tmp_path)])
    expected = fitted_bits(clone(autoencoder).fit(sequences))
    with pytest.raises(Ended), ended_at_checkpoint(2):
        clone(autoencoder).fit(sequences)
    data, outcomes = path.read_bytes(), Counter()
    rng = np.random.default_rng(0)
    for bit in rng.choice(8 * len(data), N_FLIPS, replace=False):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        again = clone(autoencoder)
        try:
            bits = fitted_bits(again.fit(sequences))
        except ValueError as error:
            assert "delete it, or set another backup_dir" in str(error)
            assert not hasattr(again, "n_iter_")
            assert path.read_bytes() == damaged
            outcomes["refused"] += 1
        else:
            outcomes["the same bits" if bits == expected else "other numbers"] += 1
    report(f"{N_FLIPS} flipped bits of checkpoints", json.dumps(outcomes))
    assert outcomes["other numbers"] == 0
    path.write_bytes(data)
    assert fitted_bits(autoencoder.fit(sequences)) == expected
