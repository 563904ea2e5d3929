"""The page of the study of representations."""

import io
from dataclasses import replace

import pytest

from benchmarks.representations import _page, _pictures, baselines
from benchmarks.representations._results import Results
from benchmarks.representations._scores import Study
from benchmarks.representations.designs import DESIGNS

SIZE = {"n_train": 4, "n_test": 40, "n_features": 2, "n_classes": 2}
LENGTHS = {"shortest": 3, "median": 6, "longest": 9}
VALUES = {"defaults": 0.9, "converged": 0.95, "PCA": 0.8, "1-NN DTW": 0.7}


@pytest.fixture
def results():
    """Of two designs of ours and two others on three data sets."""
    made = Results()
    for name, value in VALUES.items():
        for seed in range(5) if DESIGNS[name].seeded else [0]:
            scores = dict.fromkeys(("svm", "logistic", "kmeans"), value + seed / 100)
            record = {
                "design": name,
                "seed": seed,
                **({"own": value} if name == "1-NN DTW" else scores),
                "fit_seconds": 5.0 if seed == 0 else 1.0,
                "transform_seconds": 0.1,
                "n_components": 2,
                "reconstruction_error": 0.25,
                "exact_lengths": seed,
                "cold": seed == 0,
                "data": SIZE | LENGTHS,
            }
            for dataset in ("JapaneseVowels", "ArrowHead", "GunPoint"):
                if dataset != "GunPoint" or name != "converged":
                    now = DESIGNS[name].parameters()
                    made.add(record | {"dataset": dataset}, now, {"cores": "2"})
    return made


@pytest.fixture
def page(results):
    return _page.page(Study(results))


def rows_of(page, title):
    """The rows of a table of the page, as lists of text."""
    body = page.split(f".. list-table:: {title}\n")[1].split("\n\n")[1]
    rows = []
    for line in body.splitlines():
        if line.startswith("   * -"):
            rows.append([])
        rows[-1].append(line[6:].strip())
    return {first: rest for first, *rest in rows}


def test_the_page_shows_medians_and_the_best_in_bold(page):
    table = rows_of(page, "Development: SVM, accuracy")
    assert table[""] == ["JV", "AH", "mean rank"]
    assert table["defaults"] == ["0.920", "**0.920**", "2.00"]  # third, first
    assert table["PCA"][:2] == ["0.800", "0.800"]
    assert table["1-NN DTW"][:2] == ["0.700", "0.700"]  # its own accuracy
    assert table["T-Loss (published)"][:2] == ["**0.989**", "0.766"]
    assert table["1-NN DTW (published)"] == ["0.949", "0.703", ""]  # not ranked twice
    assert "1-NN DTW" not in rows_of(page, "Development: k-means, adjusted Rand index")
    assert "Fewer than 5 seeds" not in page


def test_designs_are_compared_on_development_sets_only(page):
    first, designs_ = page.split("Designs that were compared")
    table = rows_of(designs_, "SVM, accuracy")
    assert table[""] == ["JV", "AH", "mean rank"]
    assert table["converged"] == ["**0.970**", "**0.970**", "1.00"]
    assert "``learning_rate=0.003``" in designs_
    assert "converged" not in first


def test_the_page_tells_what_compiling_takes(page):
    costs = rows_of(page, "defaults, by data set")
    first, later, compiling, embedding = "5.00", "1.00", "80%", "0.100"
    expected = [first, later, compiling, embedding, "2", "0.250", "2 of 40"]
    assert costs["JapaneseVowels"] == expected


def test_seeds_that_are_missing_are_told(results):
    gone = {"dataset": "ArrowHead", "design": "defaults", "seed": 3}.items()
    results.records = [r for r in results.records if not gone <= r.items()]
    assert "Fewer than 5 seeds: defaults (4 on AH)." in _page.page(Study(results))


def test_stale_results_are_not_shown(results, monkeypatch):
    changed = replace(DESIGNS["PCA"], make=lambda seed: baselines.PaddedPCA(7))
    monkeypatch.setitem(DESIGNS, "PCA", changed)
    page = _page.page(Study(results))
    assert "PCA" not in rows_of(page, "Development: SVM, accuracy")


def test_the_page_is_sound_restructuredtext(page):
    docutils_core = pytest.importorskip("docutils.core", reason="comes with numpydoc")
    strict = {"report_level": 2, "halt_level": 2, "warning_stream": io.StringIO()}
    docutils_core.publish_doctree(page, settings_overrides=strict)


def test_the_same_results_give_the_same_pictures(results, tmp_path):
    pytest.importorskip("scikit_posthocs", reason="draws; installed by [study]")
    names = ["critical_difference", "choices", "beside_others"]
    first = _pictures.draw(Study(results), tmp_path)
    assert [path.stem for path in first] == names
    drawn = [path.read_bytes() for path in first]
    again = _pictures.draw(Study(results), tmp_path)
    assert [path.read_bytes() for path in again] == drawn
    assert b"1-NN DTW" in drawn[0] and b"JapaneseVowels" in drawn[1]
