"""What is still to be measured, and measuring it."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import _machine
from benchmarks._worker import MissingPeerError, start
from benchmarks.representations._results import KEY, Results
from benchmarks.representations.datasets import Dataset
from benchmarks.representations.designs import DESIGNS, HEADLINE, Design

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


def unfinished(wanted: Sequence[Piece], results: Results) -> list[Piece]:
    """The same without the seeds that have a fresh result."""
    done = {tuple(record[k] for k in KEY) for record in results.fresh()}
    left = [
        replace(
            p,
            seeds=tuple(s for s in p.seeds if (p.dataset, p.design, s) not in done),
        )
        for p in wanted
    ]
    return [piece for piece in left if piece.seeds]


def run(wanted: Sequence[Piece], path: Path, job: str = JOB) -> list[str]:
    """Measure, keeping every record as soon as it is there; return what failed."""
    failures = []
    for k, piece in enumerate(wanted, 1):
        print(f"{k} of {len(wanted)}: {piece}", file=sys.stderr, flush=True)
        try:
            _run_piece(piece, path, job)
        except MissingPeerError as error:
            failures.append(f"{piece}: {error} is not installed")
        except RuntimeError as error:
            failures.append(f"{piece}: {error}")
    return failures


def _run_piece(piece: Piece, path: Path, job: str) -> None:
    parameters, machine = DESIGNS[piece.design].parameters(), _machine.describe()
    with start(job, vars(piece)) as round_:
        for seed in piece.seeds:
            measured = round_()
            del measured["process"]
            print(f"  seed {seed}: {measured}", file=sys.stderr, flush=True)
            # Read anew: another run may have added its own meanwhile
            results = Results.read(path)
            key = {"dataset": piece.dataset, "design": piece.design, "seed": seed}
            results.add(key | measured, parameters, machine)
            results.write(path)
