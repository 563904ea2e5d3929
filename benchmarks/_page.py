"""``docs/benchmarks.rst``, from ``page.rst``, and the one writer of tables."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import indent
from typing import Any

import pandas as pd

from benchmarks import _figures
from benchmarks._task import Results, Task
from benchmarks._worker import ROOT

PATH = ROOT / "docs" / "benchmarks.rst"
TEMPLATE = Path(__file__).with_name("page.rst")


def page(tasks: list[Task], kept: Mapping[str, Any]) -> str:
    """The template with a table for each task, and the machine of the first."""
    machine = next(iter(kept.values()), {"machine": {}})["machine"]
    tables = {task.name: _measured(task, kept, machine) for task in tasks}
    return TEMPLATE.read_text().format(machine=fields(machine), **tables)


def _measured(task: Task, kept: Mapping[str, Any], machine: Mapping[str, str]) -> str:
    """The table, below the number of rounds and where the machine was another."""
    if task.name not in kept:
        return "Not measured yet."
    mine = kept[task.name]
    here = [
        f" {k} here: {v}." for k, v in mine["machine"].items() if v != machine.get(k)
    ]
    rounds = f"Rounds: {max(map(len, mine['rounds'].values()))}.{''.join(here)}"
    table = _figures.table(task, Results(mine["rounds"], mine["missing"]))
    return f"{rounds}\n\n{csv_table(table)}"


def fields(machine: Mapping[str, str]) -> str:
    return "\n".join(f":{key}: {value}" for key, value in machine.items())


def csv_table(table: pd.DataFrame, title: str = "") -> str:
    """The frame without its index; nothing if it has no rows."""
    if table.empty:
        return ""
    lines = [f".. csv-table:: {title}".rstrip(), "   :header-rows: 1", ""]
    lines += indent(table.to_csv(index=False), "   ").splitlines()
    return "\n".join(lines)


def write_tables(name: str, tables: Mapping[str, pd.DataFrame], head: str = "") -> None:
    """Write the frames, by title, to a file that a page of the user guide includes."""
    parts = [head, *(csv_table(table, title) for title, table in tables.items())]
    path = ROOT / "docs" / "user_guide" / name
    path.write_text("\n\n".join(filter(None, parts)) + "\n")
    print(f"written: {path.relative_to(ROOT)}")
