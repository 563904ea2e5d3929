"""``python -m benchmarks.representations``: see README.md beside this file."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks._worker import ROOT
from benchmarks.representations import _page, _pictures
from benchmarks.representations._results import PATH, Results
from benchmarks.representations._scores import Study
from benchmarks.representations._study import SEEDS, pieces, run, unfinished
from benchmarks.representations.datasets import DATASETS
from benchmarks.representations.designs import DESIGNS


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is missing, then write the page."""
    options = _parse(arguments)
    asked = pieces(
        _chosen(DATASETS, options.data),
        _chosen(DESIGNS, options.designs),
        options.seeds,
        everything=options.data is not None,
    )
    wanted = asked if options.again else unfinished(asked, Results.read(PATH))
    if options.list:
        left = {(piece.dataset, piece.design): piece.seeds for piece in wanted}
        for piece in asked:
            seeds = left.get((piece.dataset, piece.design), ())
            state = f"to run: seeds {' '.join(map(str, seeds))}" if seeds else "done"
            print(f"{piece.dataset:22} {piece.design:20} {state}")
        return
    failures = [] if options.page else run(wanted, PATH)
    study = Study(Results.read(PATH))
    _page.PATH.write_text(_page.page(study))
    for path in [_page.PATH, *_pictures.draw(study)]:
        print(f"written: {path.relative_to(ROOT)}")
    if failures:
        raise SystemExit("not measured:\n" + "\n".join(failures))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.representations", description=main.__doc__
    )
    for option, known, text in (
        ("--data", DATASETS, "data sets to run on"),
        ("--designs", DESIGNS, "designs to run"),
    ):
        several = {"nargs": "+", "metavar": "NAME", "choices": list(known)}
        parser.add_argument(option, help=text, **several)
    parser.add_argument(
        "--seeds", nargs="+", type=int, default=SEEDS, help="default 0 1 2 3 4"
    )
    for option, text in (
        ("--list", "say what is done and what is not, and stop"),
        ("--page", "write the page from the results so far"),
        ("--again", "also what has a result: the code changed"),
    ):
        parser.add_argument(option, action="store_true", help=text)
    return parser.parse_args(arguments)


def _chosen(known: Mapping[str, Any], names: Sequence[str] | None) -> dict[str, Any]:
    return {name: known[name] for name in names or known}


if __name__ == "__main__":
    main()
