"""Our own measurements in two checkouts, in turns: before a change and after it."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from benchmarks._figures import ratio_text, spread, values
from benchmarks._task import Task, run
from benchmarks._worker import ROOT


def main(tasks: list[Task], other: Path, n_rounds: int) -> None:
    """Print before, after and before / after: above 1 is faster or smaller now.

    The jobs are those of each checkout's own ``benchmarks/ours.py``, called with the
    parameters of this one.
    """
    for task in tasks:
        contestants = [
            replace(one, name=f"{one.name}, {when}", root=root)
            for one in task.contestants
            if one.job.startswith("ours:")
            for when, root in (("before", other), ("after", ROOT))
        ]
        try:
            both = replace(task, contestants=contestants, rows=[])
            rounds = run(both, n_rounds).rounds
        except RuntimeError as error:  # a job or parameter that the other doesn't have
            print(f"{task.title}: not measured.\n{error}\n")
            continue
        # What the rows read of ours
        units = {label: r.unit for r in task.rows for label in (r.ours, *r.peers)}
        lines = {}
        for label, unit in units.items():
            name, _, measure = label.partition(":")
            if f"{name}, before" in rounds:
                turns = [f"{name}, {when}:{measure}" for when in ("before", "after")]
                before, after = (values(turn, rounds) for turn in turns)
                unit = "s" if unit == "µs" else unit
                figures = spread(before, unit), spread(after, unit)
                key = f"{name}:{measure or 'seconds'}"
                lines[key] = (*figures, ratio_text(before / after))
        columns = ["before", "after", "before / after"]
        found = pd.DataFrame.from_dict(lines, orient="index", columns=columns)
        print(f"{task.title}\n{found.to_string()}\n", flush=True)
