"""What is still to be measured, and measuring it."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from benchmarks import _machine
from benchmarks._process import MissingPeerError, Process
from benchmarks.representations._results import Results
from benchmarks.representations.datasets import Dataset
from benchmarks.representations.designs import HEADLINE, Design

JOB = "benchmarks.representations._measure:job"
SEEDS = tuple(range(5))


@dataclass(frozen=True)
class Piece:
    """One design on one data set: what a process works through."""

    dataset: str
    design: str
    seeds: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.dataset}, {self.design}, seeds {', '.join(map(str, self.seeds))}"


def pieces(
    datasets: Mapping[str, Dataset],
    designs: Mapping[str, Design],
    seeds: Sequence[int] = SEEDS,
    everything: bool = False,
) -> list[Piece]:
    """All that the study consists of.

    Unless everything is asked for, designs of ours that are still being compared see
    the development sets only: what is chosen by the held-out sets is no longer judged
    by them.
    """
    return [
        Piece(dataset, name, tuple(seeds) if design.seeded else (0,))
        for dataset, described in datasets.items()
        for name, design in designs.items()
        if everything
        or not (described.held_out and design.ours and name not in HEADLINE)
    ]


def unfinished(
    wanted: Sequence[Piece], designs: Mapping[str, Design], results: Results
) -> list[Piece]:
    """The same without the seeds that have a fresh result."""
    left = []
    for piece in wanted:
        done = results.fresh(piece.dataset, piece.design, designs[piece.design])
        seeds = tuple(seed for seed in piece.seeds if seed not in done)
        if seeds:
            left.append(Piece(piece.dataset, piece.design, seeds))
    return left


def run(
    wanted: Sequence[Piece],
    designs: Mapping[str, Design],
    path: Path,
    job: str = JOB,
    log: TextIO = sys.stderr,
) -> list[str]:
    """Measure, keeping every record as soon as it is there; return what failed."""
    failures = []
    for k, piece in enumerate(wanted, 1):
        print(f"{k} of {len(wanted)}: {piece}", file=log, flush=True)
        try:
            _run_piece(piece, designs[piece.design], path, job, log)
        except MissingPeerError as error:
            failures.append(f"{piece}: {error} is not installed")
        except RuntimeError as error:
            failures.append(f"{piece}: {error}")
    return failures


def _run_piece(piece: Piece, design: Design, path: Path, job: str, log: TextIO) -> None:
    parameters, machine = design.parameters(), _machine.describe()
    arguments = {
        "dataset": piece.dataset,
        "design": piece.design,
        "seeds": list(piece.seeds),
    }
    with Process(job, arguments) as process:
        for seed in piece.seeds:
            record = process.round()
            del record["process"]
            print(f"  seed {seed}: {_short(record)}", file=log, flush=True)
            # Read anew: another run may have added its own meanwhile
            results = Results.read(path)
            key = (piece.dataset, piece.design, seed)
            results.add(key, record, parameters, machine)
            results.write(path)


def _short(record: Mapping[str, Any]) -> str:
    scores = ", ".join(f"{name} {v:.3f}" for name, v in record["scores"].items())
    return f"{scores}, {record['fit_seconds']:.1f} s to fit"
