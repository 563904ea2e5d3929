"""From any container of sequences to a RaggedArray: one reader a file.

`_dispatch` finds the reader in the table of kinds (`_containers`). `_checks` holds the
checks that readers share.
"""

from sklearn_seqae._containers import Container
from sklearn_seqae._inputs._channels_first import from_channels_first
from sklearn_seqae._inputs._dispatch import ids_of_sequences, to_ragged
from sklearn_seqae._inputs._fields import time_field, times_of_cells
from sklearn_seqae._inputs._misread import refuse_long_table
from sklearn_seqae._inputs._moments import (
    Moments,
    in_unit_of,
    joined_times,
    moments_of_sequences,
)

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
]
