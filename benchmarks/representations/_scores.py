"""From records to the scores that tables and the picture show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.representations._ranks import Scores
from benchmarks.representations._results import Results
from benchmarks.representations.datasets import DATASETS
from benchmarks.representations.designs import DESIGNS, HEADLINE, Design
from benchmarks.representations.protocols import OWN
from benchmarks.representations.published import PUBLISHED


@dataclass(frozen=True)
class Study:
    """Fresh results, asked for by design and data set."""

    results: Results
    designs: Mapping[str, Design]

    @property
    def sets(self) -> list[str]:
        """Data sets with any result, in the study's order."""
        return [name for name in DATASETS if self.results.records.get(name)]

    @property
    def development(self) -> list[str]:
        return [name for name in self.sets if not DATASETS[name].held_out]

    @property
    def held_out(self) -> list[str]:
        return [name for name in self.sets if DATASETS[name].held_out]

    def records(self, dataset: str, design: str) -> dict[int, Any]:
        return self.results.fresh(dataset, design, self.designs[design])

    def median(self, dataset: str, design: str, *path: str) -> float | None:
        """Over the seeds of one design on one data set; None without results."""
        return self.results.median(self.records(dataset, design), *path)

    def scores(self, designs: Sequence[str], protocol: str) -> Scores:
        """Medians; a classifier that makes no embedding counts with its own accuracy.

        The Rand index has no such thing, so there it is left out.
        """
        table: Scores = {}
        for design in designs:
            found = {
                name: self.median(name, design, "scores", protocol)
                for name in self.sets
            }
            if protocol != "kmeans" and all(v is None for v in found.values()):
                found = {
                    name: self.median(name, design, "scores", OWN) for name in self.sets
                }
            known = {name: value for name, value in found.items() if value is not None}
            if known:
                table[design] = known
        return table

    def few_seeds(self, designs: Sequence[str], wanted: int) -> list[str]:
        """Where fewer seeds than wanted were run, as ``design on dataset (n)``."""
        return [
            f"{design} on {name} ({n})"
            for design in designs
            if self.designs[design].seeded
            for name in self.sets
            if 0 < (n := len(self.records(name, design))) < wanted
        ]


def beside_others() -> list[str]:
    """The designs of ours that are put forward, and all that are not ours."""
    return [n for n, design in DESIGNS.items() if n in HEADLINE or not design.ours]


def with_published(scores: Scores, sets: Sequence[str]) -> Scores:
    """The same and the published rows, as far as they concern these sets."""
    published = {
        row: {name: value for name, value in found.items() if name in sets}
        for row, found in PUBLISHED.items()
    }
    return {**scores, **published}
