"""Long tables, with one row for each time step, to sequences and back.

Users call `to_sequences` and `to_frame`. `grouping` sorts rows, in NumPy alone.
`pandas`, `polars` and `arrow` read and write the frames of one library each. Only
they import polars or pyarrow.
"""
