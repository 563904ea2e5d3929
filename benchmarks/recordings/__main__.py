"""``python -m benchmarks.recordings``: which steps of long recordings are faulty.

Contestants learn from the first part of a recording and score each time step of the
second. Recordings are generated, or real ones of aeon and sktime where these are
installed. Every result is kept at once in a file, and a run goes on where the last one
stopped. ``--table`` writes the tables that the page on anomalies includes.

Seeds 0 and 1 were for development. They are run only where asked for.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pandas as pd

from benchmarks._page import write_tables
from benchmarks._worker import ROOT
from benchmarks.recordings import generated, real
from benchmarks.recordings.contestants import CONTESTANTS, period
from benchmarks.recordings.generated import FAULTS, Recording
from benchmarks.recordings.measures import event_f1, vus_pr

SEEDS = (2, 3, 4, 5)
WIDTHS = {1: "one feature", generated.N_FEATURES: "five features"}
COLUMNS = ["recording", "group", "fault", "contestant", "vus_pr", "event_f1", "seconds"]


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.recordings")
    parser.add_argument("--kept", type=Path, default=ROOT / "build" / "recordings.csv")
    parser.add_argument("--contestants", nargs="+", default=list(CONTESTANTS))
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--groups", nargs="+", default=[*WIDTHS.values(), "real"])
    parser.add_argument("--only", default="", help="recordings whose name has this")
    parser.add_argument("--table", action="store_true", help="from what is kept")
    options = parser.parse_args()
    if not options.table:
        for name in options.contestants:
            for group, recording in _recordings(tuple(options.seeds)):
                if group in options.groups and options.only in recording.name:
                    _run(name, group, recording, options.kept)
    _write(_kept(options.kept))


def _recordings(seeds: tuple[int, ...]) -> Iterator[tuple[str, Recording]]:
    made = (
        (group, recording)
        for width, group in WIDTHS.items()
        for recording in generated.recordings(seeds, width)
    )
    return chain(made, (("real", recording) for recording in real.recordings()))


def _run(name: str, group: str, recording: Recording, path: Path) -> None:
    """Score a recording, unless that was done."""
    kept = _kept(path)
    if ((kept.recording == recording.name) & (kept.contestant == name)).any():
        return
    width = period(recording.train)
    start = time.perf_counter()
    try:
        scores = CONTESTANTS[name](recording.train, recording.test, width, 0)
    except ImportError as error:
        print(f"{name} was not run: {error}", file=sys.stderr)
        return
    seconds = time.perf_counter() - start
    found = {
        "recording": recording.name,
        "group": group,
        "fault": recording.fault,
        "contestant": name,
        "vus_pr": round(vus_pr(recording.labels, scores, width), 4),
        "event_f1": round(event_f1(recording.labels, scores, width // 2), 4),
        "seconds": round(seconds, 2),
    }
    print(found, file=sys.stderr, flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    row = pd.DataFrame([found])[COLUMNS]
    row.to_csv(path, mode="a", header=not path.exists(), index=False)


def _kept(path: Path) -> pd.DataFrame:
    return pd.read_csv(path) if path.exists() else pd.DataFrame(columns=COLUMNS)


def _write(kept: pd.DataFrame) -> None:
    """Write a table for each group; a row is a family of faults, or a recording."""
    tables = {}
    for group, rows in kept.groupby("group", sort=False):
        rows = rows.assign(fault=_walks_together(rows))
        names = [name for name in CONTESTANTS if name in set(rows.contestant)]
        # Only what all of them have scored
        scored = rows.pivot(index="recording", columns="contestant", values="vus_pr")
        complete = scored[names].dropna().index
        rows = rows[rows.recording.isin(complete)]
        table = rows.pivot_table("vus_pr", "fault", "contestant")[names]
        order = [name for name in FAULTS if name in table.index]
        table = table.loc[order or sorted(table.index)]
        table.loc["mean"] = table.mean()
        f1 = rows.pivot_table("event_f1", "fault", "contestant")[names]
        table.loc["event-wise F1, mean"] = f1.mean()
        title = f"VUS-PR, {group}, {len(complete)} recordings"
        tables[title] = table.map("{:.2f}".format).reset_index(names="")
    write_tables("anomalies_recordings_table.txt", tables)


def _walks_together(rows: pd.DataFrame) -> pd.Series:
    """Walks of all families are one row."""
    is_walk = rows.recording.str.startswith("Daphnet")
    return rows.fault.mask(is_walk, "Daphnet, walk, planted faults")


if __name__ == "__main__":
    main()
