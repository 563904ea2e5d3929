"""``python -m benchmarks``, and ``python -m benchmarks.tasks.NAME``."""

import argparse
import importlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import _machine, _report
from benchmarks._outcome import outcomes
from benchmarks._process import ROOT
from benchmarks._run import Results, run
from benchmarks._task import Task

MODULES = (
    "tutorial",
    "epoch",
    "long_epoch",
    "transform",
    "grid_search",
    "japanese_vowels",
    "patches",
    "decoders",
    "scaling",
    "memory",
    "long_table",
)
RESULTS = Path(__file__).with_name("results.json")
PAGE = ROOT / "docs" / "benchmarks.rst"

MakeTasks = Callable[[bool], Sequence[Task]]  # quick -> the tasks of one module


def main(*makers: MakeTasks) -> None:
    """Run what the command line asks for, of these modules or of all."""
    options = _parse()
    chosen = _chosen(_tasks(makers or _makers(), options.quick), options.only)
    if options.list:
        print(*(f"{task.name:22} {task.title}" for task in chosen), sep="\n")
        return
    if not options.page:
        _measure(chosen, options.rounds, keep=not options.quick)
    if not options.quick:
        _write_page()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="tasks to run")
    parser.add_argument("--list", action="store_true", help="name the tasks and stop")
    parser.add_argument(
        "--page", action="store_true", help="write the page from the last results"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="tiny sizes and two rounds: does it run? Nothing is kept",
    )
    parser.add_argument("--rounds", type=int, help="default 5")
    options = parser.parse_args()
    if options.rounds is None:
        options.rounds = 2 if options.quick else 5
    return options


def _makers() -> list[MakeTasks]:
    modules = [importlib.import_module(f"benchmarks.tasks.{name}") for name in MODULES]
    return [module.tasks for module in modules]


def _tasks(makers: Sequence[MakeTasks], quick: bool) -> list[Task]:
    return [task for make in makers for task in make(quick)]


def _chosen(tasks: Sequence[Task], only: Sequence[str] | None) -> list[Task]:
    if only is None:
        return list(tasks)
    known = {task.name: task for task in tasks}
    unknown = [name for name in only if name not in known]
    if unknown:
        raise SystemExit(f"no task {unknown[0]!r}; there are {', '.join(known)}.")
    return [known[name] for name in only]


def _measure(tasks: Sequence[Task], n_rounds: int, keep: bool) -> None:
    for task in tasks:
        results = run(task, n_rounds)
        print(_report.screen(task.title, outcomes(task, results)), flush=True)
        if keep:
            _remember(task, results)


def _remember(task: Task, results: Results) -> None:
    """Keep the rounds, so that one task can be measured anew without the others."""
    kept = _recall()
    kept[task.name] = {**asdict(results), "machine": _machine.describe()}
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n")


def _recall() -> dict[str, Any]:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def _write_page() -> None:
    """The page of all tasks that have results, whichever were run now."""
    kept = _recall()
    sections = [
        _report.Section(
            task.title,
            outcomes(
                task, Results(kept[task.name]["rounds"], kept[task.name]["missing"])
            ),
            task.notes,
            kept[task.name]["machine"],
        )
        for task in _tasks(_makers(), quick=False)
        if task.name in kept
    ]
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(_report.page(sections))
