"""A long table of 10 million shuffled rows, cut into 100,000 sequences."""

from benchmarks import _cli
from benchmarks._task import Contestant, Measure, Row, Task

NOTES = (
    "10,000,000 rows in random order: an integer id (100,000 series, about 100 rows "
    "each), a time in microseconds spread over 116 days, three float64 channels: "
    "400 MB.",
    "Ours ends with an array for each series, sorted by time; polars ends with the "
    "table sorted by (id, time), not cut yet. The loop is ``to_numpy`` for each "
    "group of ``frame.sort_values(['id', 'time']).groupby('id')``.",
    "Memory is the largest resident set of the process during the call, less what it "
    "was before the frame was made, over the size of the frame, which is 1 of it.",
)
POLARS, PANDAS = "ours, from polars", "ours, from pandas"


def tasks(quick: bool) -> list[Task]:
    size = {"n_series": 100, "n_rows": 10_000} if quick else {}
    ours = "benchmarks.ours:long_table"
    contestants = [
        Contestant(POLARS, ours, {**size, "library": "polars"}),
        Contestant("polars sort", "benchmarks.peers.long_tables:polars_sort", size),
        Contestant(PANDAS, ours, {**size, "library": "pandas"}),
        Contestant("pandas loop", "benchmarks.peers.long_tables:pandas_loop", size),
        *(
            Contestant(
                f"memory, {library}",
                "benchmarks.ours:long_table_memory",
                {**size, "library": library},
                fresh=True,
            )
            for library in ("polars", "pandas")
        ),
    ]
    return [
        Task("long-table", "A long table to sequences", contestants, _rows(), NOTES)
    ]


def _rows() -> list[Row]:
    sort, loop = (Measure("polars sort"),), (Measure("pandas loop"),)
    memory = [
        Row(
            f"peak memory from {library}, over the frame",
            "growth",
            Measure(f"memory, {library}", "peak"),
            (Measure(f"memory, {library}", "frame"),),
            3,
            unit="MiB",
        )
        for library in ("polars", "pandas")
    ]
    return [
        Row("from polars, over its bare sort", "growth", Measure(POLARS), sort, 2, 1),
        Row("from pandas, over the same sort", "growth", Measure(PANDAS), sort, 2, 1),
        Row(
            "from pandas, against a loop over groups", "speedup", Measure(PANDAS), loop
        ),
        *memory,
    ]


if __name__ == "__main__":
    _cli.main(tasks)
