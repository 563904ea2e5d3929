"""What is still to be measured, and measuring it."""

import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from benchmarks import _machine
from benchmarks._worker import start
from benchmarks.representations._results import KEY, Results
from benchmarks.representations.datasets import DATASETS
from benchmarks.representations.designs import DESIGNS, HEADLINE
from benchmarks.representations.protocols import OWN, PROTOCOLS

JOB = "benchmarks.representations._measure:job"
SECONDS = ("fit_seconds", "transform_seconds")


class Fit(NamedTuple):
    """What a process of its own measures."""

    dataset: str
    design: str
    seed: int


def n_seeds(dataset: str) -> int:
    """More where designs are chosen."""
    return 3 if DATASETS[dataset].held_out else 5


def wanted(
    datasets: Iterable[str] | None = None,
    designs: Iterable[str] | None = None,
    seeds: Sequence[int] | None = None,
) -> list[Fit]:
    """All that the study consists of, or the part of it that is named.

    Unless data sets are named, designs of ours that are still being compared see the
    development sets only: what is chosen by the held-out sets is no longer judged by
    them.
    """
    return [
        Fit(dataset, name, seed)
        for dataset in datasets or DATASETS
        for name in designs or DESIGNS
        if datasets
        or not (DATASETS[dataset].held_out and DESIGNS[name].ours)
        or name in HEADLINE
        for seed in (
            (seeds or range(n_seeds(dataset))) if DESIGNS[name].seeded else (0,)
        )
    ]


def unfinished(
    fits: Iterable[Fit],
    results: Results,
    jobs: int = 1,
    protocols: Sequence[str] = (),
) -> list[Fit]:
    """The same without those that have a fresh result.

    What was measured beside others has no seconds, and is no result where there is only
    one job.
    """

    def is_whole(record: dict[str, Any]) -> bool:
        scored = OWN in record or set(protocols or PROTOCOLS) <= set(record)
        timed = protocols or jobs > 1 or set(SECONDS) <= set(record)
        return bool(scored and timed)

    done = {tuple(r[k] for k in KEY) for r in results.fresh() if is_whole(r)}
    return [fit for fit in fits if fit not in done]


def run(
    fits: Sequence[Fit],
    path: Path,
    jobs: int = 1,
    job: str = JOB,
    protocols: Sequence[str] = (),
) -> list[str]:
    """Measure, keeping every record as soon as it is there; return what failed.

    The scores of ``protocols``, where some are named, join a record that is there.
    """
    machine, lock = _machine.describe(), Lock()
    only = {"protocols": list(protocols)} if protocols else {}
    left = iter(range(len(fits), 0, -1))

    def measure(fit: Fit) -> str | None:
        try:
            with start(job, {**fit._asdict(), **only}) as round_:
                record = {**fit._asdict(), **round_()}
        except (RuntimeError, ModuleNotFoundError) as error:
            return f"{', '.join(map(str, fit))}: {error}"
        for name in ("process", *(SECONDS if jobs > 1 else ())):
            record.pop(name, None)
        with lock:
            print(f"{next(left)} to go: {record}", file=sys.stderr, flush=True)
            # Read anew: another run may have added its own meanwhile
            results = Results.read(path)
            results.add(record, machine, join=bool(protocols))
            results.write(path)
        return None

    with ThreadPoolExecutor(jobs) as pool:
        return [failure for failure in pool.map(measure, fits) if failure]
