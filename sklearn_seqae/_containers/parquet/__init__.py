"""Sequences in Parquet files, a chunk at a time.

`files` reads row groups and says where what it reads is from. `sequences` makes
sequences of them. pyarrow is imported when a file is read.
"""

from sklearn_seqae._containers.parquet.sequences import ParquetSequences

__all__ = ["ParquetSequences"]
