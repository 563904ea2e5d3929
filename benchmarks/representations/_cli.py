"""The command line of the study."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks._process import ROOT
from benchmarks.representations import _charts, _page
from benchmarks.representations._results import PATH, Results
from benchmarks.representations._scores import Study
from benchmarks.representations._study import SEEDS, Piece, pieces, run, unfinished
from benchmarks.representations.datasets import DATASETS
from benchmarks.representations.designs import DESIGNS


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is missing, then write the page."""
    options = _parse(arguments)
    asked = pieces(
        _chosen(DATASETS, options.data, "data set"),
        _chosen(DESIGNS, options.designs, "design"),
        options.seeds,
        everything=options.data is not None,
    )
    wanted = asked if options.again else unfinished(asked, DESIGNS, Results.read(PATH))
    if options.list:
        _list(asked, wanted)
        return
    failures = [] if options.page else run(wanted, DESIGNS, PATH)
    study = Study(Results.read(PATH), DESIGNS)
    _page.write(study)
    for path in [_page.PATH, *_charts.draw_charts(study)]:
        print(f"written: {path.relative_to(ROOT)}")
    if failures:
        raise SystemExit("not measured:\n" + "\n".join(failures))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.representations", description=main.__doc__
    )
    parser.add_argument("--data", nargs="+", metavar="NAME", help="data sets to run on")
    parser.add_argument("--designs", nargs="+", metavar="NAME", help="designs to run")
    parser.add_argument(
        "--seeds", nargs="+", type=int, default=SEEDS, help="default 0 1 2 3 4"
    )
    parser.add_argument(
        "--list", action="store_true", help="say what is done and what is not, and stop"
    )
    parser.add_argument(
        "--page", action="store_true", help="write the page from the results so far"
    )
    parser.add_argument(
        "--again", action="store_true", help="also what has a result: the code changed"
    )
    return parser.parse_args(arguments)


def _chosen(
    known: Mapping[str, Any], names: Sequence[str] | None, kind: str
) -> dict[str, Any]:
    if names is None:
        return dict(known)
    for name in names:
        if name not in known:
            raise SystemExit(f"no {kind} {name!r}; there are {', '.join(known)}.")
    return {name: known[name] for name in names}


def _list(asked: Sequence[Piece], wanted: Sequence[Piece]) -> None:
    """A line for each design on each data set, with the seeds still to run."""
    left = {(piece.dataset, piece.design): piece.seeds for piece in wanted}
    for piece in asked:
        seeds = left.get((piece.dataset, piece.design), ())
        state = f"to run: seeds {' '.join(map(str, seeds))}" if seeds else "done"
        print(f"{piece.dataset:22} {piece.design:20} {state}")
