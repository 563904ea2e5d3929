"""The clock, and the one way a warm epoch is measured."""

import time
from collections.abc import Callable

Round = Callable[[], dict[str, float]]


def timed(work: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def timing(**works: Callable[[], object]) -> Round:
    """A round that does one work after the other, and has the seconds of each."""
    return lambda: {name: timed(work) for name, work in works.items()}


def epoch_by_difference(fit: Callable[[int], object], few: int, many: int) -> Round:
    """An epoch: a fit of ``many`` epochs less a fit of ``few``, over the difference.

    What a fit costs once, preparing the data for example, falls out. One short fit
    goes before, so that whatever is compiled is compiled.
    """
    fit(few)

    def round_() -> dict[str, float]:
        short, long = timed(lambda: fit(few)), timed(lambda: fit(many))
        return {"seconds": (long - short) / (many - few), "fit": long}

    return round_
