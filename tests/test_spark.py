"""The recipe for Spark, run on this machine by a process of its own."""

import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import run_python
from numpy.testing import assert_array_equal

pytest.importorskip("pyspark", reason="Spark is no option of ours: pip install pyspark")
pytest.importorskip("pyarrow", reason="an option of ours, which Spark needs")

RECIPE = Path(__file__).parents[1] / "examples" / "spark" / "embed.py"


@pytest.mark.trust
@pytest.mark.xla
@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs a JVM")
def test_embeddings_of_spark(plain_autoencoder, sequences, tmp_path):
    ids = [f"s{i}" for i in range(len(sequences))]
    cells = {"x": [x[:, 0] for x in sequences], "y": [x[:, 1] for x in sequences]}
    frame = pd.DataFrame({"id": ids, **cells})
    fitted = plain_autoencoder(epochs=1).fit(frame.set_index("id"))
    (tmp_path / "estimator").write_bytes(pickle.dumps(fitted))
    frame.to_parquet(tmp_path / "X.parquet", row_group_size=10)
    environment = {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": os.sys.executable}
    run_python(
        RECIPE,
        tmp_path / "estimator",
        tmp_path / "X.parquet",
        tmp_path / "Z.parquet",
        environment=environment,
    )
    found = pd.read_parquet(tmp_path / "Z.parquet").set_index("id").loc[ids]
    assert_array_equal(found.columns, fitted.get_feature_names_out())
    assert_array_equal(np.asarray(found), fitted.transform(frame.set_index("id")))
