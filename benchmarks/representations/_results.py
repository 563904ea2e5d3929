"""What was measured, in ``results.json``: read, add a record, see what is stale."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from benchmarks.representations.designs import DESIGNS

PATH = Path(__file__).with_name("results.json")
KEY = ("dataset", "design", "seed")


@dataclass
class Results:
    """Records of one design on one data set with one seed, and what they share."""

    records: list[dict[str, Any]] = field(default_factory=list)
    data: dict[str, dict[str, Any]] = field(default_factory=dict)  # sizes, by data set
    parameters: dict[str, dict[str, str]] = field(default_factory=dict)  # by design
    machines: list[dict[str, str]] = field(default_factory=list)  # records have indices

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text())) if path.exists() else cls()

    def write(self, path: Path) -> None:
        """Whole or not at all; a line for each record."""
        text = ",\n".join(f'"{k}": {_lines(table)}' for k, table in vars(self).items())
        new = path.with_suffix(".new")
        new.write_text(f"{{\n{text}\n}}\n")
        os.replace(new, path)

    def add(
        self, record: Mapping[str, Any], machine: dict[str, str], join: bool = False
    ) -> None:
        """Keep a record in place of an earlier one of the same key, or ``join`` it.

        The design's records with other parameters go: they are stale.
        """
        # Six digits after the point: JSON that people can read
        kept = {k: round(v, 6) if type(v) is float else v for k, v in record.items()}
        self.data[kept["dataset"]] = kept.pop("data")
        if machine not in self.machines:
            self.machines.append(machine)
        kept["machine"] = self.machines.index(machine)
        if not self.is_fresh(design := kept["design"]):
            self.records = [r for r in self.records if r["design"] != design]
        same = [r for r in self.records if all(r[k] == kept[k] for k in KEY)]
        self.records = [r for r in self.records if r not in same]
        self.records.append({**same[0], **kept} if join and same else kept)
        self.parameters[design] = DESIGNS[design].parameters()

    def fresh(self) -> list[dict[str, Any]]:
        """The records that the designs, as they are now, would make."""
        return [record for record in self.records if self.is_fresh(record["design"])]

    def is_fresh(self, design: str) -> bool:
        """Whether what was measured has the parameters that the design has now."""
        then = self.parameters.get(design)
        return design in DESIGNS and then == DESIGNS[design].parameters()


def _lines(table: list[Any] | dict[str, Any]) -> str:
    """JSON with a line for each entry."""
    if isinstance(table, list):
        return "[\n" + ",\n".join(map(json.dumps, table)) + "\n]"
    entries = (f"{json.dumps(k)}: {json.dumps(v)}" for k, v in table.items())
    return "{\n" + ",\n".join(entries) + "\n}"
