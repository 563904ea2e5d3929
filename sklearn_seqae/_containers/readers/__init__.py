"""From any container of sequences to a RaggedArray: one reader a file.

`dispatch` finds the reader in the table of kinds. `checks` holds the
checks that readers share.
"""

from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.readers.dispatch import ids_of_sequences, to_ragged
from sklearn_seqae._containers.readers.doubts import warn_of_doubts
from sklearn_seqae._containers.readers.misread import refuse_long_table
from sklearn_seqae._containers.readers.moments import (
    Moments,
    in_unit_of,
    joined_times,
    moments_of_sequences,
)
from sklearn_seqae._containers.readers.nested import (
    time_field,
    times_of_cells,
    zone_of_cells,
)
from sklearn_seqae._containers.readers.numpy import from_channels_first

__all__ = [
    "Container",
    "Moments",
    "from_channels_first",
    "ids_of_sequences",
    "in_unit_of",
    "joined_times",
    "moments_of_sequences",
    "refuse_long_table",
    "time_field",
    "times_of_cells",
    "to_ragged",
    "warn_of_doubts",
    "zone_of_cells",
]
