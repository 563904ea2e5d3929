"""The figures as a table on the screen and as a page of the documentation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks._outcome import Outcome
from benchmarks._stats import Summary, significant

HEADER = (
    "work",
    "ours",
    "peer",
    "ratio",
    "target",
    "stretch",
    "result",
    "of matmul rate",
)

INTRODUCTION = """\
.. This page is written by ``make bench``. Do not edit it by hand.

==========
Benchmarks
==========

How long things take, against the peers that one would use otherwise, and against what
the machine could do at most. Every contestant runs in a process of its own; within a
task they take turns, A B A B, on an otherwise idle machine. A figure is the median of
its rounds, with the smallest and largest in brackets. A ratio is taken within each
round, between neighbours in time, and then summarised the same way. "Cold" counts the
first call of a process with all its compiling, "warm" the calls after it.

The last column is the share of the machine's matmul rate that ours reaches: the
arithmetic of the LSTM passes (forward, 2 · B · 4U · (F + U) a step; backward twice
that; real time steps only, a repeat decoder's constant input once a sequence) divided
by the time of the *whole* work, over the rate of a float32 1024 x 1024 matrix product
in TensorFlow on all cores, measured in the same rounds.

To measure on your own machine: ``pip install -e '.[bench]'`` and ``make bench``, or
one task alone, e.g. ``python -m benchmarks.tasks.tutorial``.
"""


@dataclass(frozen=True)
class Section:
    """A task as the page shows it."""

    title: str
    outcomes: Sequence[Outcome]
    notes: Sequence[str]
    machine: Mapping[str, str]


def screen(title: str, outcomes: Sequence[Outcome]) -> str:
    """Plain text: the title and the table of one task."""
    return f"{title}\n{_text_table([HEADER, *map(_cells, outcomes)])}\n"


def page(sections: Sequence[Section]) -> str:
    """The page in reStructuredText: the machine, then a section for each task."""
    if not sections:
        return INTRODUCTION
    machine = sections[0].machine
    parts = [_section(section, machine) for section in sections]
    return "\n".join([INTRODUCTION, _machine(machine), *parts])


def _cells(outcome: Outcome) -> tuple[str, ...]:
    row = outcome.row
    goal = "≤" if row.kind == "growth" else "≥"
    percent = row.kind == "share"
    return (
        row.work,
        _figure(outcome.ours, row.unit),
        _peer(outcome),
        _ratio(outcome.ratio, percent),
        _goal(goal, row.target, percent),
        _goal(goal, row.stretch, percent),
        outcome.verdict,
        _ratio(outcome.share, percent=True),
    )


def _figure(summary: Summary, unit: str) -> str:
    low, high = significant(summary.low), significant(summary.high)
    return f"{significant(summary.median)} {unit} ({low} to {high})"


def _peer(outcome: Outcome) -> str:
    if outcome.theirs is None:
        return ""
    return f"{outcome.peer}: {_figure(outcome.theirs, outcome.row.unit)}"


def _ratio(summary: Summary | None, percent: bool) -> str:
    if summary is None:
        return ""
    low, high = _number(summary.low, percent), _number(summary.high, percent)
    return f"{_number(summary.median, percent)} ({low} to {high})"


def _goal(sign: str, value: float | None, percent: bool) -> str:
    return "" if value is None else f"{sign} {_goal_number(value, percent)}"


def _goal_number(value: float, percent: bool) -> str:
    return f"{100 * value:g}%" if percent else f"{value:g}x"


def _number(value: float, percent: bool) -> str:
    if percent:
        return f"{significant(100 * value, 2)}%"
    return f"{significant(value)}x"


def _text_table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def _machine(machine: Mapping[str, str]) -> str:
    fields = "\n".join(f":{key}: {value}" for key, value in machine.items())
    return f"The machine\n===========\n\n{fields}\n"


def _section(section: Section, machine: Mapping[str, str]) -> str:
    rounds = max(outcome.ours.n for outcome in section.outcomes)
    other = {k: v for k, v in section.machine.items() if v != machine.get(k)}
    measured = "".join(f" {key} here: {value}." for key, value in other.items())
    parts = [
        f"{section.title}\n{'=' * len(section.title)}",
        *section.notes,
        f"Rounds: {rounds}.{measured}",
        list_table([HEADER, *map(_cells, section.outcomes)]),
    ]
    return "\n\n".join(parts) + "\n"


def list_table(rows: Iterable[Sequence[object]], title: str = "") -> str:
    lines = [f".. list-table:: {title}".rstrip(), "   :header-rows: 1", ""]
    for row in rows:
        for k, cell in enumerate(row):
            lines.append(f"   {'* -' if k == 0 else '  -'} {cell}".rstrip())
    return "\n".join(lines)
