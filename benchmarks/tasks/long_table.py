"""A long table of 10 million shuffled rows, cut into 100,000 sequences."""

from benchmarks._task import Contestant, Row, Task

SIZE = {"n_series": 100_000, "n_rows": 10_000_000}
POLARS, PANDAS, SORT = "ours, from polars", "ours, from pandas", ("polars sort",)


def _ours(name: str, job: str, fresh: bool = False) -> Contestant:
    parameters = {**SIZE, "library": name.split()[-1]}
    return Contestant(name, f"ours:{job}", parameters, fresh)


def _memory(library: str) -> Row:
    work, name = f"peak memory from {library}, over the frame", f"memory, {library}"
    options = {"ours": f"{name}:peak", "kind": "growth", "unit": "MiB"}
    return Row(work, (f"{name}:frame",), 3, **options)


CONTESTANTS = [
    _ours(POLARS, "long_table"),
    Contestant("polars sort", "peers.long_tables:polars_sort", SIZE),
    _ours(PANDAS, "long_table"),
    Contestant("pandas loop", "peers.long_tables:pandas_loop", SIZE),
    _ours("memory, polars", "long_table_memory", fresh=True),
    _ours("memory, pandas", "long_table_memory", fresh=True),
]
ROWS = [
    Row("from polars, over its bare sort", SORT, 2, 1, kind="growth", ours=POLARS),
    Row("from pandas, over the same sort", SORT, 2, 1, kind="growth", ours=PANDAS),
    Row("from pandas, against a loop over groups", ("pandas loop",), ours=PANDAS),
    _memory("polars"),
    _memory("pandas"),
]
TASKS = [Task("long-table", "A long table to sequences", CONTESTANTS, ROWS)]
