"""From rounds to figures: medians, ranges, ratios and whether they were promised."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks._run import Results
from benchmarks._stats import Summary, ratios, summarize
from benchmarks._task import MATMUL, Measure, Row, Task

Rounds = Mapping[str, list[dict[str, float]]]


@dataclass(frozen=True)
class Outcome:
    """A row with its figures: what the tables print."""

    row: Row
    ours: Summary
    peer: str | None = None  # of several, the fastest
    theirs: Summary | None = None
    ratio: Summary | None = None
    share: Summary | None = None
    missing: str | None = None  # the package that the peer needs

    @property
    def verdict(self) -> str:
        """What became of the promise; empty where nothing was promised."""
        if self.missing is not None:
            return f"not measured: {self.missing} is not installed"
        if self.row.target is None or self.ratio is None:
            return ""
        if self.row.stretch is not None and self._reaches(self.row.stretch):
            return "stretch met"
        return "met" if self._reaches(self.row.target) else "missed"

    def _reaches(self, goal: float) -> bool:
        assert self.ratio is not None
        if self.row.kind == "growth":
            return self.ratio.median <= goal
        return self.ratio.median >= goal


def outcomes(task: Task, results: Results) -> list[Outcome]:
    """Figures of every row of the task."""
    return [_outcome(row, results) for row in task.rows]


def _outcome(row: Row, results: Results) -> Outcome:
    ours = _values(row.ours, results.rounds)
    shares = _shares(row, ours, results.rounds)
    share = summarize(shares) if shares else None
    if row.kind == "share":
        return Outcome(row, summarize(ours), ratio=share, share=share)

    present = [one for one in row.peers if one.contestant in results.rounds]
    if not present:
        package = results.missing[row.peers[0].contestant]
        return Outcome(row, summarize(ours), share=share, missing=package)

    peer = min(present, key=lambda one: _median(one, results.rounds))
    theirs = _values(peer, results.rounds)
    ratio = ratios(ours, theirs) if row.kind == "growth" else ratios(theirs, ours)
    return Outcome(
        row,
        summarize(ours),
        peer.contestant,
        summarize(theirs),
        summarize(ratio),
        share,
    )


def _shares(row: Row, ours: list[float], rounds: Rounds) -> list[float]:
    """Of the matmul rate, in each round; empty where a share says nothing."""
    if row.flops is None:
        return []
    rates = [done["flops_per_second"] for done in rounds[MATMUL.name]]
    return ratios([row.flops / seconds for seconds in ours], rates)


def _median(measure: Measure, rounds: Rounds) -> float:
    return summarize(_values(measure, rounds)).median


def _values(measure: Measure, rounds: Rounds) -> list[float]:
    return [done[measure.name] / measure.per for done in rounds[measure.contestant]]
