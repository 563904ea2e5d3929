"""Long tables, one row a time step, to sequences and back.

`_to_sequences` and `_to_frame` are what users call. `_grouping` sorts, in NumPy alone;
the other files read and write the frames of one library each, and nothing but them
imports polars or pyarrow.
"""

from sklearn_seqae._tables._to_frame import to_frame
from sklearn_seqae._tables._to_sequences import to_sequences

__all__ = ["to_frame", "to_sequences"]
