"""``python -m benchmarks.compilation``: what a folder of compiled programs spares.

The first fit of a process and its first embedding, of the defaults, with an empty
folder for each round and with a full one, beside none. Imports are done before the
clock starts. Written to a file that the page about cost includes.
"""

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from benchmarks import _machine
from benchmarks._page import write_tables
from benchmarks._timing import Round, timing
from benchmarks._worker import start
from benchmarks.ours import import_everything

ROUNDS = 5
FLAG = "--tf_xla_persistent_cache_directory"


def main() -> None:
    rounds: dict[str, list[dict[str, Any]]] = {}
    with TemporaryDirectory() as parent:
        kept = Path(parent) / "kept"
        _measure(kept)
        for _ in range(ROUNDS):
            for name, folder in (
                ("no folder", None),
                ("an empty folder", Path(parent) / "empty"),
                ("what another process left", kept),
            ):
                rounds.setdefault(name, []).append(_measure(folder))
            shutil.rmtree(Path(parent) / "empty")
    cells = {name: _told(rounds[name], rounds["no folder"]) for name in rounds}
    table = pd.DataFrame(cells).T.rename_axis("XLA finds").reset_index()
    write_tables("compilation_table.txt", {"": table}, _measured_on())


def _measure(folder: Path | None) -> dict[str, Any]:
    given = None if folder is None else str(folder)
    with start("benchmarks.compilation:first_calls", {"folder": given}) as round_:
        measured = round_()
    print(folder, measured, file=sys.stderr, flush=True)
    return measured


def _told(own: list[dict[str, Any]], without: list[dict[str, Any]]) -> dict[str, str]:
    seconds, rival = pd.DataFrame(own), pd.DataFrame(without)
    shares = seconds["fit"] / rival["fit"]
    return {
        "first fit, s": f"{seconds['fit'].median():.1f}",
        "of that without": f"{shares.median():.2f} "
        f"({shares.min():.2f} to {shares.max():.2f})",
        "first embedding, s": f"{seconds['embedding'].median():.2f}",
    }


def _measured_on() -> str:
    return (
        f"{_machine.measured_with('benchmarks.compilation')}: medians of {ROUNDS} "
        "processes each, in turns. Defaults, Japanese Vowels; imports are not counted."
    )


# In the process -----------------------------------------------------------------------


def first_calls(folder: str | None) -> Round:
    """The first fit of a process and its first embedding."""
    if folder is not None:
        os.environ["TF_XLA_FLAGS"] = f"{FLAG}={folder}"
    import_everything()
    from sklearn_seqae import LSTMAutoencoderTransformer
    from sklearn_seqae.datasets import load_japanese_vowels

    X = load_japanese_vowels().X_train
    autoencoder = LSTMAutoencoderTransformer(random_state=0)
    return timing(
        fit=lambda: autoencoder.fit(X), embedding=lambda: autoencoder.transform(X[:1])
    )


if __name__ == "__main__":
    main()
