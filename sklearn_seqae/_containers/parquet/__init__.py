"""Sequences in Parquet files, a chunk at a time.

`files` reads row groups and says where what it reads is from. `sequences` makes
sequences of them, and imports `files`, which needs pyarrow, when it has files.
"""
