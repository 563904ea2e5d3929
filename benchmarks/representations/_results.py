"""What was measured, in ``results.json``: read, add a record, see what is stale."""

import hashlib
import json
import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from benchmarks.representations.designs import Design

PATH = Path(__file__).with_name("results.json")


@dataclass
class Results:
    """Records by data set, design and seed.

    Parameters
    ----------
    records : dict
        ``records[dataset][design][seed]``, the seed as text, as JSON has it.
    data : dict
        Sizes of each data set.
    parameters, machines : dict
        What many records share, by the digest that stands in them.
    """

    records: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    data: dict[str, dict[str, Any]] = field(default_factory=dict)
    parameters: dict[str, dict[str, str]] = field(default_factory=dict)
    machines: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text())) if path.exists() else cls()

    def write(self, path: Path) -> None:
        """Whole or not at all; a line for each record."""
        new = path.with_suffix(".new")
        new.write_text(_as_json(vars(self)) + "\n")
        os.replace(new, path)

    def add(
        self,
        key: tuple[str, str, int],
        record: Mapping[str, Any],
        parameters: dict[str, str],
        machine: dict[str, str],
    ) -> None:
        dataset, design, seed = key
        kept = {k: _rounded(v) for k, v in record.items() if k != "data"}
        kept["parameters"] = _share(self.parameters, parameters)
        kept["machine"] = _share(self.machines, machine)
        self.data[dataset] = record["data"]
        of_design = self.records.setdefault(dataset, {}).setdefault(design, {})
        of_design[str(seed)] = kept

    def fresh(self, dataset: str, design: str, now: Design) -> dict[int, Any]:
        """Records by seed, less those that the design, as it is now, did not make."""
        found = self.records.get(dataset, {}).get(design, {})
        return {
            int(seed): record
            for seed, record in found.items()
            if _same(self.parameters[record["parameters"]], now)
        }

    def restricted_to(self, datasets: Sequence[str]) -> Self:
        """The same without the other data sets."""
        return replace(self, records={name: self.records[name] for name in datasets})

    def median(self, records: Mapping[int, Any], *path: str) -> float | None:
        """Over seeds, of what stands at this path in the records; None if nowhere."""
        values = [_at(record, path) for record in records.values()]
        known = [value for value in values if value is not None]
        return statistics.median(known) if known else None


def _same(then: Mapping[str, str], design: Design) -> bool:
    """Whether a record's parameters are the design's.

    One that the estimator did not have then counts as the same, unless the design is
    about it: a new parameter's default does what was done before.
    """
    now = design.parameters()
    return all(
        then[name] == value if name in then else name not in design.given
        for name, value in now.items()
    )


def _at(record: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        record = record.get(key)
        if record is None:
            return None
    return record


def _share(table: dict[str, dict[str, str]], entry: dict[str, str]) -> str:
    text = json.dumps(entry, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    table[digest] = entry
    return digest


def _rounded(value: Any) -> Any:
    """Six digits after the point: JSON that people can read."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return value


def _as_json(value: Any, depth: int = 0) -> str:
    """Indented, but dicts without dicts, and records, on a line of their own."""
    if depth == 4 or not any(isinstance(v, dict) for v in value.values()):
        return json.dumps(value)
    inner = (
        f"{' ' * (depth + 1)}{json.dumps(k)}: {_as_json(v, depth + 1)}"
        for k, v in value.items()
    )
    return "{\n" + ",\n".join(inner) + "\n" + " " * depth + "}"
