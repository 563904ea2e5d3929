"""Run the benchmarks: ``python -m benchmarks``."""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks import _against, _figures, _machine, _page
from benchmarks._task import Task, run, tiny
from benchmarks.tasks import TASKS

RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    """Run what the command line asks for."""
    options = _parse()
    tasks = [task for task in TASKS if task.name in (options.only or [task.name])]
    if options.quick:
        tasks = [_quick(task) for task in tasks]
    n_rounds = options.rounds or (2 if options.quick else 5)
    if options.list:
        print(*(f"{task.name:22} {task.title}" for task in tasks), sep="\n")
    elif options.against is not None:
        _against.main(tasks, options.against.resolve(), n_rounds)
    else:
        _measure([] if options.page else tasks, n_rounds, keep=not options.quick)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = {"choices": [task.name for task in TASKS], "metavar": "NAME"}
    parser.add_argument("--only", nargs="+", help="tasks to run", **names)
    for option, text in (
        ("--list", "name the tasks and stop"),
        ("--page", "write the page from the last results"),
        ("--quick", "tiny sizes and two rounds: does it run? Nothing is kept"),
    ):
        parser.add_argument(option, action="store_true", help=text)
    parser.add_argument("--rounds", type=int, help="default 5")
    against = "measure ours in both checkouts, in turns; no peers, nothing is kept"
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help=against)
    return parser.parse_args()


def _quick(task: Task) -> Task:
    small = [replace(one, parameters=tiny(one.parameters)) for one in task.contestants]
    return replace(task, contestants=small)


def _measure(tasks: list[Task], n_rounds: int, keep: bool) -> None:
    """Run the tasks; keep the rounds, and write the page of all that have any."""
    machine = _machine.describe() if tasks else {}
    for task in tasks:
        results = run(task, n_rounds)
        found = _figures.table(task, results).to_string(index=False)
        print(f"{task.title}\n{found}\n", flush=True)
        if keep:
            kept = _recall() | {task.name: {**asdict(results), "machine": machine}}
            RESULTS.write_text(json.dumps(kept, indent=1) + "\n")
    if keep:
        _page.PATH.write_text(_page.page(TASKS, _recall()))


def _recall() -> dict[str, Any]:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


if __name__ == "__main__":
    main()
