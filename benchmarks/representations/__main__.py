"""``python -m benchmarks.representations``: see README.md beside this file."""

import argparse
from collections.abc import Sequence

from benchmarks._page import write_tables
from benchmarks._worker import ROOT
from benchmarks.representations import _page, _pictures
from benchmarks.representations._results import PATH, Results
from benchmarks.representations._scores import Study
from benchmarks.representations._study import run, unfinished, wanted
from benchmarks.representations.datasets import DATASETS
from benchmarks.representations.designs import DESIGNS
from benchmarks.representations.protocols import PROTOCOLS


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is missing, then write the page."""
    options = _parse(arguments)
    asked = wanted(options.data, options.designs, options.seeds)
    only = options.protocols or ()
    left = unfinished(asked, Results.read(PATH), options.jobs, only)
    if options.again:
        left = asked
    if options.list:
        for fit in asked:
            state = "to run" if fit in left else "done"
            print(f"{fit.dataset:22} {fit.design:20} {fit.seed} {state}")
        return
    failures = []
    if not options.page:
        failures = run(left, PATH, options.jobs, protocols=only)
    study = Study(Results.read(PATH))
    _page.PATH.write_text(_page.page(study))
    write_tables("sizes_tables.txt", _page.tables_of_sizes(study))
    for path in [_page.PATH, *_pictures.draw(study)]:
        print(f"written: {path.relative_to(ROOT)}")
    if failures:
        raise SystemExit("not measured:\n" + "\n".join(failures))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.representations", description=main.__doc__
    )
    for option, known in (
        ("data", DATASETS),
        ("designs", DESIGNS),
        ("protocols", PROTOCOLS),
    ):
        several = {"nargs": "+", "metavar": "NAME", "choices": list(known)}
        parser.add_argument(f"--{option}", help=f"{option} to run", **several)
    parser.add_argument(
        "--seeds",
        nargs="+",
        type=int,
        help="default: 0 to 4 on development sets, else 2",
    )
    parser.add_argument(
        "--jobs", type=int, default=1, help="fits side by side; more than 1: no seconds"
    )
    for option, text in (
        ("--list", "say what is done and what is not, and stop"),
        ("--page", "write the page from the results so far"),
        ("--again", "also what has a result: the code changed"),
    ):
        parser.add_argument(option, action="store_true", help=text)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
