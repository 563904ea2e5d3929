"""Long tables, with one row for each time step, to sequences and back."""
