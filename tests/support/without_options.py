"""Run first in a process: as if polars, pyarrow, awkward, duckdb were not installed.

Ctrl-C is tried there as well, see `interrupted.py`. Reads what was pickled from the
folder that is named, writes there what was found.
"""

import json
import pickle
import sys
from pathlib import Path

from internals import xla


class NotInstalled:
    """Finds none of the modules of the libraries in ``names``."""

    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.names:
            raise ModuleNotFoundError(name)


def kinds_that_come_back():
    """Return whether each container that needs no option comes back as its kind."""
    import numpy as np
    import pandas as pd

    from sklearn_seqae._containers.readers import ids_of_sequences, to_ragged
    from sklearn_seqae._containers.writers import from_ragged

    a, b = np.ones((3, 2)), np.zeros((1, 2))
    index = pd.MultiIndex.from_tuples([(1, 0), (1, 1), (2, 0)])
    nested = pd.Series([a, b])
    kinds = {
        "list": [a, b],
        "tuple": (a, b),
        "2-D array": np.ones((2, 3)),
        "3-D array": np.ones((2, 3, 2)),
        "frame": pd.DataFrame(a),
        "long frame": pd.DataFrame(a, index),
        "Series of arrays": nested,
        "frame of arrays": nested.to_frame(),
        "2-D object array": nested.to_frame().to_numpy(),
    }
    found = {}
    for name, X in kinds.items():
        ragged, container = to_ragged(X)
        back = from_ragged(ragged, container, ids_of_sequences(X))
        found[name] = type(back) is type(X)
    return found


def long_table_comes_back():
    import pandas as pd

    from sklearn_seqae import to_frame, to_sequences

    days = pd.to_datetime(["2024-02-01", "2024-01-01", "2024-01-01"])
    frame = pd.DataFrame({"id": ["b", "a", "b"], "day": days, "x": 1.0})
    X, times = to_sequences(frame, by="id", order="day", return_times=True)
    back = to_frame(X, times=times)
    return back.equals(frame.sort_values(["id", "day"], ignore_index=True))


def fits_and_transforms(autoencoder, of_polars, sequences):
    """Return what an estimator, and one that was fitted on polars, can do here."""
    import pandas as pd

    long = pd.concat(map(pd.DataFrame, sequences), keys=range(len(sequences)))
    found = {"long": autoencoder.fit(long).reconstruct(long).shape == long.shape}
    Z = of_polars.transform(sequences)
    found["shape"] = Z.shape
    try:
        of_polars.inverse_transform(Z)
    except ImportError as error:
        found["error"] = str(error)
    return found


def polars_comes_back():
    import polars as pl

    from sklearn_seqae import to_frame, to_sequences

    frame = pl.DataFrame(
        {"id": ["b", "a", "b"], "day": [2, 1, 1], "x": [1.0, None, 3.0]}
    )
    found = []
    for given in (frame, frame.lazy()):
        X, times = to_sequences(given, by="id", order="day", return_times=True)
        back = to_frame(X, times=times, kind="polars")
        found.append(back.equals(frame.sort("id", "day")))
    return found


def main(folder):
    options = NotInstalled({"polars", "pyarrow", "awkward", "duckdb"})
    sys.meta_path.insert(0, options)
    import interrupted  # what it imports does without them, too

    given = pickle.loads((folder / "given").read_bytes())
    sequences, fitted, unfitted, of_polars = given
    facts = {"interrupted": interrupted.facts_of(fitted, sequences)}
    facts["kinds"] = kinds_that_come_back()
    facts["long table"] = long_table_comes_back()
    with xla(False):
        facts["estimator"] = fits_and_transforms(unfitted, of_polars, sequences)
    options.names.remove("polars")
    facts["polars without pyarrow"] = polars_comes_back()
    (folder / "facts").write_text(json.dumps(facts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
