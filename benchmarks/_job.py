"""What a job hands back, and the one way a warm epoch is measured."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Round = Callable[[], dict[str, float]]


def timed(work: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def epoch_by_difference(fit: Callable[[int], object], few: int, many: int) -> Round:
    """An epoch: a fit of ``many`` epochs less a fit of ``few``, over the difference.

    What a fit costs once, preparing the data for example, falls out. One short fit
    goes before, so that whatever is compiled is compiled.
    """
    fit(few)

    def round_() -> dict[str, float]:
        short = timed(lambda: fit(few))
        long = timed(lambda: fit(many))
        return {"seconds": (long - short) / (many - few), "fit": long}

    return round_


@contextmanager
def peak_memory(process: Any, interval: float = 0.002) -> Iterator[Callable[[], int]]:
    """Watch the resident set of a psutil process; call what this gives for its peak."""
    seen = [process.memory_info().rss]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(interval):
            seen.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield lambda: max(seen)
    finally:
        done.set()
        watcher.join()
