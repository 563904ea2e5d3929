"""The page of the study of representations."""

import csv
import io

import pytest

from benchmarks.representations import _page, _pictures
from benchmarks.representations._results import Results
from benchmarks.representations._scores import Study
from benchmarks.representations.designs import BUDGETS, DESIGNS, STEPS, ours
from benchmarks.representations.protocols import PROTOCOLS

SIZE = {"n_train": 4, "n_test": 40, "n_features": 2, "n_classes": 2}
LENGTHS = {"shortest": 3, "median": 6, "longest": 9}
VALUES = {
    "defaults": 0.9,
    "untrained": 0.6,
    "500-updates": 0.89,
    "converged": 0.95,
    "PCA": 0.8,
    "MiniRocket": 0.85,
    "1-NN DTW": 0.7,
}


@pytest.fixture
def results():
    """Of two designs of ours and two others on three data sets."""
    made = Results()
    for name, value in VALUES.items():
        for seed in range(5) if DESIGNS[name].seeded else [0]:
            scores = dict.fromkeys(PROTOCOLS, value + seed / 100)
            record = {
                "design": name,
                "seed": seed,
                **({"own": value} if name == "1-NN DTW" else scores),
                "fit_seconds": 5.0 + seed,
                "transform_seconds": 0.1,
                "n_components": 2,
                "reconstruction_error": 0.25,
                "relative_error": 0.5,
                "exact_lengths": 0.5,
                "data": SIZE | LENGTHS,
            }
            for dataset in ("JapaneseVowels", "ArrowHead", "GunPoint"):
                if dataset != "GunPoint" or name != "converged":
                    made.add(record | {"dataset": dataset}, {"cores": "2"})
    return made


@pytest.fixture
def page(results):
    return _page.page(Study(results))


def rows_of(page, title):
    """The rows of a table of the page, as lists of text."""
    body = page.split(f".. csv-table:: {title}\n")[1].split("\n\n")[1]
    rows = csv.reader(line[3:] for line in body.splitlines())
    return {first: rest for first, *rest in rows}


def test_the_page_shows_medians_and_the_best_in_bold(page):
    table = rows_of(page, "Development: SVM, accuracy")
    assert table[""] == ["JV", "AH", "mean", "mean rank"]
    assert table["defaults"] == ["0.920", "**0.920**", "0.920", "2.00"]  # third, first
    assert table["untrained"][:2] == ["0.620", "0.620"]
    assert table["PCA"][:2] == ["0.800", "0.800"]
    assert table["1-NN DTW"][:2] == ["0.700", "0.700"]  # its own accuracy
    assert table["T-Loss (published)"][:2] == ["**0.989**", "0.766"]
    dtw = table["1-NN DTW (published, with labels)"]
    assert dtw == ["0.949", "0.703", "0.826", ""]  # not ranked twice
    assert "1-NN DTW" not in rows_of(page, "Development: k-means, adjusted Rand index")
    assert "Fewer seeds" not in page


def test_published_rows_stand_beside_the_classifier_that_they_used(page):
    titles = [t for p, t in _page.TITLES.items() if p != "kmeans"]
    found = {title: rows_of(page, f"Held out: {title}") for title in titles}
    svm, _, forest = found.values()
    assert set(svm) - set(forest) == {"T-Loss (published)", "TS2Vec (published)"}
    for table in found.values():
        hydra, *_ = table["MultiROCKET-Hydra (published, with labels)"]
        assert hydra == "**1.000**"


def test_designs_are_compared_on_development_sets_only(page):
    first, designs_ = page.split("Designs that were compared")
    table = rows_of(designs_, "SVM, accuracy")
    assert table[""] == ["JV", "AH", "mean", "mean rank"]
    assert table["converged"] == ["**0.970**", "**0.970**", "0.970", "1.00"]
    assert "``learning_rate=0.003``" in designs_
    assert "converged" not in first


def test_the_page_tells_what_embeddings_cost_and_keep(page):
    found = {t: rows_of(page, t)["defaults"][0] for t in _page.MEASURES.values()}
    assert list(found.values()) == ["0.250", "0.500", "7.00", "0.100", "2.00", "0.500"]


def test_the_rand_index_is_ranked_among_four(page):
    table = rows_of(page, "Mean ranks")
    column = table[""].index("k-means, of four")
    found = {name: row[column] for name, row in table.items() if row[column]}
    assert found == {"": "k-means, of four", "defaults": "1.00", "MiniRocket": "2.00"}


def test_seeds_that_are_missing_are_told(results):
    gone = {"dataset": "ArrowHead", "design": "defaults", "seed": 3}.items()
    results.records = [r for r in results.records if not gone <= r.items()]
    assert "Fewer seeds: defaults (AH 4)." in _page.page(Study(results))


def test_stale_results_are_not_shown(results, monkeypatch):
    monkeypatch.setitem(DESIGNS, "untrained", ours({"n_components": 7}))
    page = _page.page(Study(results))
    assert "untrained" not in rows_of(page, "Development: SVM, accuracy")


def test_the_page_is_sound_restructuredtext(page):
    docutils_core = pytest.importorskip("docutils.core", reason="comes with numpydoc")
    strict = {"report_level": 2, "halt_level": 2, "warning_stream": io.StringIO()}
    docutils_core.publish_doctree(page, settings_overrides=strict)


def test_the_same_results_give_the_same_pictures(results, tmp_path):
    pytest.importorskip("scikit_posthocs", reason="draws; installed by [study]")
    of_defaults = [r for r in results.records if r["design"] == "defaults"]
    for name in {*STEPS, *BUDGETS} - VALUES.keys():
        results.records += [r | {"design": name} for r in of_defaults]
        results.parameters[name] = DESIGNS[name].parameters()
    names = ["critical_difference", "choices", "beside_others", "seconds"]
    first = _pictures.draw(Study(results), tmp_path)
    assert [path.stem for path in first] == names
    drawn = [path.read_bytes() for path in first]
    again = _pictures.draw(Study(results), tmp_path)
    assert [path.read_bytes() for path in again] == drawn
    shown = [b"1-NN DTW", b"JapaneseVowels", b"ArrowHead", b"<!-- 500 -->"]
    assert all(text in picture for text, picture in zip(shown, drawn, strict=True))
    assert b"untrained" in drawn[1] and b"MiniRocket" in drawn[3]


def test_without_results_of_the_defaults_there_is_a_page(results, tmp_path):
    pytest.importorskip("scikit_posthocs", reason="draws; installed by [study]")
    results.records = [r for r in results.records if r["design"] != "defaults"]
    assert "PCA" in rows_of(_page.page(Study(results)), "Held out: SVM, accuracy")
    assert _pictures.draw(Study(results), tmp_path) == []


def test_what_smaller_embeddings_cost(results):
    (record,) = (
        r
        for r in results.records
        if (r["design"], r["dataset"], r["seed"]) == ("defaults", "ArrowHead", 0)
    )
    for dataset in ("JapaneseVowels", "ArrowHead"):
        smaller = {"design": "8-components", "dataset": dataset, "svm": 0.625}
        results.add({**record, **smaller, "data": SIZE | LENGTHS}, {"cores": "2"})
    tables = _page.tables_of_sizes(Study(results))
    assert tables["SVM, accuracy"].to_numpy().tolist() == [
        ["8", "0.625", "0.625"],
        ["all (defaults)", "0.920", "0.920"],
    ]
    assert "Reconstruction error" in tables
