"""Embed a Parquet file of sequences with Spark.

``python embed.py estimator.pickle sequences.parquet embeddings.parquet``: each row of
the first file has an ``id`` and, in each other column, a list of numbers, one for each
time step. Needs pyspark and a JVM.
"""

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from pyspark.sql import SparkSession


def main(estimator: str, source: str, target: str) -> None:
    """Read, embed and write; Spark cuts the file into partitions."""
    spark = SparkSession.builder.getOrCreate()
    fitted = spark.sparkContext.broadcast(pickle.loads(Path(estimator).read_bytes()))
    names = fitted.value.get_feature_names_out()
    sequences = spark.read.parquet(source)
    key = sequences.schema["id"].dataType.simpleString()
    schema = ", ".join([f"id {key}", *(f"{name} double" for name in names)])

    def embed(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            X = frame.set_index("id")
            Z = fitted.value.transform(X)
            yield pd.DataFrame(Z, X.index, names).reset_index()

    sequences.mapInPandas(embed, schema).write.parquet(target)
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
