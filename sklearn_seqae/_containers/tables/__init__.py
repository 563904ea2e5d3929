"""Long tables, with one row for each time step, to sequences and back.

Users call `to_sequences` and `to_frame`. `grouping` sorts rows, in NumPy alone.
`long_table` reads the frames of each library.
"""
