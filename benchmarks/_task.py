"""What a benchmark is, and the one way it is run: interleaved, round by round."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from benchmarks._worker import ROOT, start

OPTIONAL = ("aeon", "polars", "torch")  # peers of the `bench` extra
TINY = {  # the largest sizes of ``--quick``
    **{"n": 40, "shortest": 8, "longest": 12, "n_units": 4, "n_components": 12},
    **{"epochs": 2, "many": 3, "n_rows": 10_000, "n_series": 100},
}
Round = dict[str, float]  # what a contestant measured, by name


@dataclass(frozen=True)
class Contestant:
    """Something that is measured in a process of its own.

    ``job`` is a function of this package, as ``module:function``. ``fresh`` starts a
    new process every round, for cold starts; otherwise one process is prepared and
    warmed up once and serves all rounds. ``root`` is the checkout whose packages are
    imported.
    """

    name: str
    job: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    fresh: bool = False
    root: Path = ROOT

    def start(self) -> Any:
        return start(f"benchmarks.{self.job}", dict(self.parameters), self.root)


@dataclass(frozen=True)
class Row:
    """One comparison: a line of the table.

    ``ours`` and ``peers`` are contestants, with the name of a number where that is not
    ``seconds``, as in ``ours:process``; ``per`` divides ours and theirs, by time steps
    say. Of several peers the fastest counts. A ``speedup`` is peer / ours and should be
    large, a ``growth`` is ours / peer and should be small. ``flops`` are the operations
    that ``ours`` does in its time; None where a share of the matmul rate says nothing.
    ``target`` is None in rows that nothing was promised for.
    """

    work: str
    peers: tuple[str, ...] = ()
    target: float | None = None
    stretch: float | None = None
    flops: float | None = None
    kind: Literal["speedup", "growth"] = "speedup"
    ours: str = "ours"
    per: tuple[float, float] = (1.0, 1.0)
    unit: str = "s"


@dataclass(frozen=True)
class Task:
    """Contestants that run in turn, and the rows read off them.

    A row with ``flops`` brings the matrix product of the machine in.
    """

    name: str
    title: str
    contestants: Sequence[Contestant]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Results:
    """What each contestant measured, round by round, and whose package is missing."""

    rounds: dict[str, list[Round]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)  # contestant -> package


MATMUL = Contestant("matmul", "peers.matmul:rate")


def run(task: Task, n_rounds: int) -> Results:
    """Every contestant once, then every contestant again, ``n_rounds`` times."""
    results, left = Results(), list(task.contestants)
    if any(row.flops is not None for row in task.rows):
        left.append(MATMUL)
    with ExitStack() as stack:
        kept: dict[str, Any] = {}
        for turn in range(n_rounds):
            for one in list(left):
                print(f"{task.name}: round {turn + 1}, {one.name}", file=sys.stderr)
                try:
                    measured = _turn(one, kept, stack)
                except ModuleNotFoundError as error:
                    if error.name not in OPTIONAL:
                        raise
                    results.missing[one.name] = error.name
                    left.remove(one)
                else:
                    results.rounds.setdefault(one.name, []).append(measured)
    return results


def _turn(one: Contestant, kept: dict[str, Any], stack: ExitStack) -> Round:
    if one.fresh:
        with one.start() as round_:
            return round_()
    if one.name not in kept:
        kept[one.name] = stack.enter_context(one.start())
    return kept[one.name]()


def tiny(value: Any, key: str = "") -> Any:
    """Parameters with sizes cut to `TINY`, and of a grid the first candidate alone."""
    if key == "grid":
        return {name: candidates[:1] for name, candidates in value.items()}
    if isinstance(value, dict):
        return {name: tiny(inner, name) for name, inner in value.items()}
    return value if value is None else min(value, TINY.get(key, value))
