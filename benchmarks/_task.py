"""What a benchmark is: contestants, and the comparisons read off their rounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Contestant:
    """Something that is measured in a process of its own.

    ``fresh`` starts a new process every round, for cold starts; otherwise one process
    is prepared and warmed up once and serves all rounds. Of the members of a
    ``group``, several ways to do a peer's job, only those near the fastest in the
    first round are run again.
    """

    name: str
    job: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    fresh: bool = False
    group: str | None = None


@dataclass(frozen=True)
class Measure:
    """Which number of which contestant; ``per`` divides it, by time steps say."""

    contestant: str
    name: str = "seconds"
    per: float = 1.0


@dataclass(frozen=True)
class Row:
    """One comparison: a line of the table.

    A ``speedup`` is peer / ours and should be large, a ``growth`` is ours / peer and
    should be small, a ``share`` is our operations per second over the matmul rate. Of
    several peers the fastest counts. ``flops`` are the operations that ``ours`` does
    in its time; None where a share says nothing. ``target`` is None in rows that
    nothing was promised for.
    """

    work: str
    kind: Literal["speedup", "growth", "share"]
    ours: Measure
    peers: tuple[Measure, ...] = ()
    target: float | None = None
    stretch: float | None = None
    flops: float | None = None
    unit: str = "s"


@dataclass(frozen=True)
class Task:
    """Contestants that run in turn, the rows read off them, and what to know."""

    name: str
    title: str
    contestants: Sequence[Contestant]
    rows: Sequence[Row]
    notes: Sequence[str] = ()


MATMUL = Contestant("matmul", "benchmarks.peers.matmul:rate")
