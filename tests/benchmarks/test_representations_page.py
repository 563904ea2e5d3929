"""The page of the study of representations."""

import io
from dataclasses import replace

import pytest

from benchmarks.representations import _charts, _page, _picture, baselines
from benchmarks.representations._results import Results
from benchmarks.representations._scores import Study
from benchmarks.representations.designs import DESIGNS

SIZE = {"n_train": 4, "n_test": 40, "n_features": 2, "n_classes": 2}
LENGTHS = {"shortest": 3, "median": 6, "longest": 9}


def record(score, **others):
    return {
        "scores": {"svm": score, "logistic": score, "kmeans": score},
        "fit_seconds": 1.0,
        "transform_seconds": 0.1,
        "n_components": 2,
        "data": SIZE | LENGTHS,
        **others,
    }


@pytest.fixture
def study(monkeypatch, tmp_path):
    """Two designs of ours, two others, three data sets; the page goes to a folder."""
    monkeypatch.setattr(_page, "PATH", tmp_path / "page.rst")
    monkeypatch.setattr(_picture, "PATH", tmp_path / "critical_difference.svg")
    results = Results()
    values = {"defaults": 0.9, "converged": 0.95, "PCA": 0.8, "1-NN DTW": 0.7}
    for name, value in values.items():
        now = DESIGNS[name].parameters()
        for seed in range(5) if DESIGNS[name].seeded else [0]:
            made = record(value + seed / 100, cold=seed == 0, exact_lengths=seed)
            if name == "1-NN DTW":
                made["scores"] = {"own": value}
            if seed == 0:
                made["fit_seconds"] = 5.0
            for dataset in ("JapaneseVowels", "ArrowHead", "GunPoint"):
                if dataset != "GunPoint" or name != "converged":
                    results.add((dataset, name, seed), made, now, {"cores": "2"})
    return Study(results, DESIGNS)


def rows_of(page, title):
    """The rows of a table of the page, as lists of text."""
    body = page.split(f".. list-table:: {title}\n")[1].split("\n\n")[1]
    rows = []
    for line in body.splitlines():
        if line.startswith("   * -"):
            rows.append([])
        rows[-1].append(line[6:].strip())
    return {first: rest for first, *rest in rows}


def test_the_page_shows_medians_and_the_best_in_bold(study):
    _page.write(study)
    page = _page.PATH.read_text()
    table = rows_of(page, "Development: SVM, accuracy")
    assert table[""] == ["JV", "AH", "mean rank"]
    assert table["defaults"] == ["0.920", "**0.920**", "2.00"]  # third, first
    assert table["PCA"][:2] == ["0.800", "0.800"]
    assert table["1-NN DTW"][:2] == ["0.700", "0.700"]  # its own accuracy
    assert table["T-Loss (published)"][:2] == ["**0.989**", "0.766"]
    assert table["1-NN DTW (published)"] == ["0.949", "0.703", ""]  # not ranked twice
    assert "1-NN DTW" not in rows_of(page, "Development: k-means, adjusted Rand index")
    assert "Fewer than 5 seeds" not in page


def test_designs_are_compared_on_development_sets_only(study):
    _page.write(study)
    _, designs_ = _page.PATH.read_text().split("Designs that were compared")
    table = rows_of(designs_, "SVM, accuracy")
    assert table[""] == ["JV", "AH", "mean rank"]
    assert table["converged"] == ["**0.970**", "**0.970**", "1.00"]
    assert "``learning_rate=0.003``" in designs_
    first, _ = _page.PATH.read_text().split("Designs that were compared")
    assert "converged" not in first


def test_the_page_tells_what_compiling_takes(study):
    _page.write(study)
    costs = rows_of(_page.PATH.read_text(), "defaults, by data set")
    first, later, compiling, embedding = "5.00", "1.00", "80%", "0.100"
    expected = [first, later, compiling, embedding, "2", "", "2 of 40"]
    assert costs["JapaneseVowels"] == expected


def test_seeds_that_are_missing_are_told(study):
    del study.results.records["ArrowHead"]["defaults"]["3"]
    assert "Fewer than 5 seeds: defaults on ArrowHead (4)." in _page.page(study, "")


def test_stale_results_are_not_shown(study):
    changed = replace(DESIGNS["PCA"], make=lambda seed: baselines.PaddedPCA(7))
    page = _page.page(Study(study.results, {**DESIGNS, "PCA": changed}), "")
    assert "PCA" not in rows_of(page, "Development: SVM, accuracy")


def test_the_page_is_sound_restructuredtext(study):
    docutils_core = pytest.importorskip("docutils.core", reason="comes with numpydoc")
    _page.write(study)
    strict = {"report_level": 2, "halt_level": 2, "warning_stream": io.StringIO()}
    docutils_core.publish_doctree(
        _page.PATH.read_text(), str(_page.PATH), settings_overrides=strict
    )


def test_the_picture_needs_rows_and_sets(study):
    assert "critical_difference.svg" in _page.draw_picture(study)
    assert _picture.PATH.exists()
    few = Study(study.results.restricted_to(["JapaneseVowels"]), DESIGNS)
    assert _page.draw_picture(few) == ""


def test_charts_are_drawn_of_what_is_there(study, tmp_path):
    del study.results.records["ArrowHead"]["1-NN DTW"]
    drawn = _charts.draw_charts(study, tmp_path)
    assert [path.name for path in drawn] == ["choices.svg", "beside_others.svg"]
    assert all(path.exists() for path in drawn)
