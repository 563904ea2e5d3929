"""What was measured, in ``results.json``: read, add a record, see what is stale."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from benchmarks.representations.designs import DESIGNS, Design

PATH = Path(__file__).with_name("results.json")
KEY = ("dataset", "design", "seed")


@dataclass
class Results:
    """Records of one design on one data set with one seed, and what they share."""

    records: list[dict[str, Any]] = field(default_factory=list)
    data: dict[str, dict[str, Any]] = field(default_factory=dict)  # sizes
    # By the digest that stands in the records
    parameters: dict[str, dict[str, str]] = field(default_factory=dict)
    machines: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text())) if path.exists() else cls()

    def write(self, path: Path) -> None:
        """Whole or not at all; a line for each record."""
        parts = (f'"{name}": {_lines(table)}' for name, table in vars(self).items())
        new = path.with_suffix(".new")
        new.write_text("{\n" + ",\n".join(parts) + "\n}\n")
        os.replace(new, path)

    def add(
        self,
        record: Mapping[str, Any],
        parameters: dict[str, str],
        machine: dict[str, str],
    ) -> None:
        """Keep a record in place of an earlier one of the same key."""
        # Six digits after the point: JSON that people can read
        kept = {k: round(v, 6) if type(v) is float else v for k, v in record.items()}
        self.data[kept["dataset"]] = kept.pop("data")
        kept["parameters"] = _share(self.parameters, parameters)
        kept["machine"] = _share(self.machines, machine)
        others = [r for r in self.records if any(r[k] != kept[k] for k in KEY)]
        self.records = [*others, kept]

    def fresh(self) -> list[dict[str, Any]]:
        """The records that the designs, as they are now, would make."""
        return [
            record
            for record in self.records
            if (design := DESIGNS.get(record["design"]))
            and _same(self.parameters[record["parameters"]], design)
        ]


def _same(then: Mapping[str, str], design: Design) -> bool:
    """Whether a record's parameters are the design's.

    One that the estimator did not have then counts as the same, unless the design is
    about it: a new parameter's default does what was done before.
    """
    return all(
        then[name] == value if name in then else name not in design.given
        for name, value in design.parameters().items()
    )


def _share(table: dict[str, dict[str, str]], entry: dict[str, str]) -> str:
    text = json.dumps(entry, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    table[digest] = entry
    return digest


def _lines(table: list[Any] | dict[str, Any]) -> str:
    """JSON with a line for each entry."""
    if isinstance(table, list):
        return "[\n" + ",\n".join(map(json.dumps, table)) + "\n]"
    entries = (f"{json.dumps(k)}: {json.dumps(v)}" for k, v in table.items())
    return "{\n" + ",\n".join(entries) + "\n}"
