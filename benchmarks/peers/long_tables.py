"""What one does with a long table otherwise: sort it, or loop over its groups."""

from benchmarks import _data
from benchmarks._timing import Round, timing


def polars_sort(**size: int) -> Round:
    """A bare sort by id and time, on all cores."""
    frame = _data.long_frame("polars", **size)
    frame.head(1000).sort("id", "time")
    return timing(seconds=lambda: frame.sort("id", "time"))


def pandas_loop(**size: int) -> Round:
    """The loop that everybody writes, sorted first."""
    frame = _data.long_frame("pandas", **size)
    channels = frame.columns[2:]

    def work() -> dict[int, object]:
        groups = frame.sort_values(["id", "time"]).groupby("id")[channels]
        return {key: group.to_numpy() for key, group in groups}

    return timing(seconds=work)
