"""Sequences in Parquet files, a chunk at a time; importing `files` needs pyarrow."""
