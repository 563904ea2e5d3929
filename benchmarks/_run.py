"""The one way a task is run: interleaved, round by round."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TextIO

from benchmarks._process import MissingPeerError, Process
from benchmarks._task import Contestant, Task

OPTIONAL = ("aeon", "polars", "psutil", "torch")  # the `bench` extra
HOPELESS = 2.0  # a rival this much slower than its group's fastest is not run again


@dataclass(frozen=True)
class Results:
    """What each contestant measured, round by round, and whose package is missing."""

    rounds: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)  # contestant -> package


def run(task: Task, n_rounds: int, log: TextIO = sys.stderr) -> Results:
    """Every contestant once, then every contestant again, ``n_rounds`` times."""
    results = Results()
    left = list(task.contestants)
    with ExitStack() as stack:
        kept: dict[str, Process] = {}
        for turn in range(n_rounds):
            for one in list(left):
                print(f"{task.name}: round {turn + 1}, {one.name}", file=log)
                try:
                    measured = _turn(one, kept, stack)
                except MissingPeerError as error:
                    results.missing[one.name] = _optional(error)
                    left.remove(one)
                else:
                    results.rounds.setdefault(one.name, []).append(measured)
            if turn == 0:
                left = worth_running(left, results.rounds)
    return results


def worth_running(
    contestants: Sequence[Contestant], rounds: Mapping[str, list[dict[str, float]]]
) -> list[Contestant]:
    """Leave out those that their group's fastest beats by more than `HOPELESS`."""
    fastest: dict[str, float] = {}
    for one in contestants:
        if one.group is not None:
            seconds = rounds[one.name][0]["seconds"]
            fastest[one.group] = min(seconds, fastest.get(one.group, seconds))
    return [
        one
        for one in contestants
        if one.group is None
        or rounds[one.name][0]["seconds"] <= HOPELESS * fastest[one.group]
    ]


def _turn(
    one: Contestant, kept: dict[str, Process], stack: ExitStack
) -> dict[str, float]:
    if one.fresh:
        with Process(one.job, dict(one.parameters)) as process:
            return process.round()
    if one.name not in kept:
        process = Process(one.job, dict(one.parameters))
        kept[one.name] = stack.enter_context(process)
    return kept[one.name].round()


def _optional(error: MissingPeerError) -> str:
    """The name of the missing package, which may be missing."""
    if str(error) not in OPTIONAL:
        raise error
    return str(error)
