"""Our own measurements in two checkouts, in turns: before a change and after it."""

from collections.abc import Container, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from benchmarks._figures import ratio_text, spread, values
from benchmarks._task import Task, run


def main(tasks: list[Task], other: Path, n_rounds: int) -> None:
    """Print before, after and before / after: above 1 is faster or smaller now.

    The jobs are those of each checkout's own ``benchmarks/ours.py``, called with the
    parameters of this one.
    """
    for task in tasks:
        try:
            rounds = run(_twice(task, other), n_rounds).rounds
        except RuntimeError as error:  # a job or parameter that the other doesn't have
            print(f"{task.title}: not measured.\n{error}\n")
            continue
        lines = []
        for label, unit in _labels(task, rounds):
            before, after = (
                values(label.replace(":", f", {when}:"), rounds)
                for when in ("before", "after")
            )
            figures = spread(before, unit), spread(after, unit)
            lines.append((label, *figures, ratio_text(before / after)))
        found = pd.DataFrame(lines, columns=["", "before", "after", "before / after"])
        print(f"{task.title}\n{found.to_string(index=False)}\n", flush=True)


def _twice(task: Task, other: Path) -> Task:
    ours = [one for one in task.contestants if one.job.startswith("ours:")]
    both = [
        replace(one, name=f"{one.name}, {when}", root=root)
        for one in ours
        for when, root in (("before", other), ("after", one.root))
    ]
    return replace(task, contestants=both)


def _labels(task: Task, measured: Container[str]) -> Iterator[tuple[str, str]]:
    """Each ``contestant:measure`` of ours that a row reads, and its unit."""
    units = {label: row.unit for row in task.rows for label in (row.ours, *row.peers)}
    for label, unit in units.items():
        name, _, measure = label.partition(":")
        if f"{name}, before" in measured:
            yield f"{name}:{measure or 'seconds'}", "s" if unit == "µs" else unit
