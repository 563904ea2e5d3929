"""From rounds to tables: medians, ranges, ratios and whether they were promised."""

import math
from collections.abc import Mapping

import pandas as pd

from benchmarks._task import MATMUL, Results, Row, Task

Rounds = Mapping[str, list[dict[str, float]]]
SHARE = "of matmul rate"
COLUMNS = ("work", "ours", "peer", "ratio", "target", "stretch", "result", SHARE)


def table(task: Task, results: Results) -> pd.DataFrame:
    """A line of text for each row of the task."""
    empty = dict.fromkeys(COLUMNS, "")
    return pd.DataFrame([empty | _line(row, results) for row in task.rows])


def _line(row: Row, results: Results) -> dict[str, str]:
    ours = values(row.ours, results.rounds) / row.per[0]
    line = {"work": row.work, "ours": spread(ours, row.unit)}
    if row.flops is not None:
        rates = values(f"{MATMUL.name}:flops_per_second", results.rounds)
        share = (row.flops / ours / rates).dropna()
        line[SHARE] = ratio_text(share, percent=True)
    present = [peer for peer in row.peers if _contestant(peer) in results.rounds]
    if not present:
        package = results.missing[_contestant(row.peers[0])]
        return line | {"result": f"not measured: {package} is not installed"}
    theirs, peer = min(
        ((values(peer, results.rounds) / row.per[1], peer) for peer in present),
        key=lambda one: one[0].median(),
    )
    line["peer"] = f"{_contestant(peer)}: {spread(theirs, row.unit)}"
    # Within rounds: a ratio of medians would mix them, and the drift of the machine
    ratio = (ours / theirs if row.kind == "growth" else theirs / ours).dropna()
    return line | _judged(row, ratio)


def values(label: str, rounds: Rounds) -> pd.Series:
    """What ``contestant:measure`` came to, by round; the measure may be left out."""
    measure = label.partition(":")[2] or "seconds"
    return pd.Series([done[measure] for done in rounds[_contestant(label)]])


def _contestant(label: str) -> str:
    return label.partition(":")[0]


def _judged(row: Row, ratio: pd.Series) -> dict[str, str]:
    """The ratio, what was promised, and what became of the promise."""
    line = {"ratio": ratio_text(ratio)}
    for name, verdict in (("target", "met"), ("stretch", "stretch met")):
        goal = getattr(row, name)
        if goal is not None:
            line[name] = f"{'≤' if row.kind == 'growth' else '≥'} {goal:g}x"
            surplus = ratio.median() - goal
            if surplus <= 0 if row.kind == "growth" else surplus >= 0:
                line["result"] = verdict
            else:
                line.setdefault("result", "missed")
    return line


def spread(values: pd.Series, unit: str) -> str:
    """The median with its unit, and the range."""
    low, high = significant(values.min()), significant(values.max())
    return f"{f'{significant(values.median())} {unit}'.strip()} ({low} to {high})"


def ratio_text(ratio: pd.Series, percent: bool = False) -> str:
    """The median and the range, each as a percentage or with an x."""
    middle, low, high = (
        f"{significant(100 * value, 2)}%" if percent else f"{significant(value)}x"
        for value in (ratio.median(), ratio.min(), ratio.max())
    )
    return f"{middle} ({low} to {high})"


def significant(value: float, digits: int = 3) -> str:
    """The value with so many significant digits, never in exponent form.

    >>> significant(0.012345), significant(12.345), significant(12345.6)
    ('0.0123', '12.3', '12,346')
    """
    if value == 0 or not math.isfinite(value):
        return str(value)
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{decimals}f}"
