"""The study of representations as a whole, on fake data and fake embedders."""

import json

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from benchmarks.representations import __main__ as program
from benchmarks.representations import _measure, _study, datasets
from benchmarks.representations._results import Results
from benchmarks.representations.datasets import DATASETS, Data, Dataset
from benchmarks.representations.designs import DESIGNS, Design, fixed


def two_classes(name="", n=20, seed=0):
    """Sequences of 3 to 9 steps and 2 features around 0 or around 5."""
    rng = np.random.default_rng(seed)
    y = np.tile(["low", "high"], n)

    def draw():
        lengths = rng.integers(3, 10, len(y))
        levels = np.where(y == "low", 0.0, 5.0)
        pairs = zip(lengths, levels, strict=True)
        return [rng.normal(level, 1, (m, 2)) for m, level in pairs]

    return Data(draw(), y, draw(), y)


class Means(BaseEstimator):
    """Embeds a sequence as its mean, and decodes that at a length of five."""

    def __init__(self, shift=0.0, random_state=None):
        self.shift = shift
        self.random_state = random_state

    def fit(self, X, y=None):
        self.n_fits_ = 1
        return self

    def transform(self, X):
        return np.array([x.mean(axis=0) for x in X]) + self.shift

    def inverse_transform(self, Z):
        return [np.tile(z, (5, 1)) for z in Z]

    def score(self, X, y=None):
        return -0.25


class Majority(BaseEstimator):
    def fit(self, X, y):
        self.label_ = y[0]
        return self

    def predict(self, X):
        return np.full(len(X), self.label_)


@pytest.fixture
def fakes(monkeypatch):
    """A data set and two designs in place of all others."""
    for table in (DATASETS, DESIGNS):
        for name in list(table):
            monkeypatch.delitem(table, name)
    monkeypatch.setitem(DATASETS, "Two", Dataset("T", two_classes, held_out=False))
    made = Design(lambda seed: Means(random_state=seed), ours=True)
    monkeypatch.setitem(DESIGNS, "means", made)
    monkeypatch.setitem(DESIGNS, "majority", fixed(Majority))


def record(design="means", seed=0, **others):
    return {
        "dataset": "Two",
        "design": design,
        "seed": seed,
        "svm": 0.9,
        "fit_seconds": 1.0,
        "cold": False,
        "data": datasets.describe(two_classes()),
        **others,
    }


MACHINE = {"cores": "2"}


def test_a_data_set_is_one_line(fakes, monkeypatch):
    monkeypatch.setitem(DATASETS, "New", Dataset("N", two_classes))
    found = _study.pieces(DATASETS, DESIGNS, seeds=[0])
    assert _study.Piece("New", "majority", (0,)) in found
    assert _measure.job("New", "means", [0])()["data"]["n_train"] == 40


# --- measuring ---


def test_an_embedder_is_timed_scored_and_decoded():
    data = two_classes()
    found = _measure.measure(Means(), data, seed=0)
    assert [found[name] for name in ("svm", "logistic", "kmeans")] == [1.0, 1.0, 1.0]
    assert found["n_components"] == 2 and found["reconstruction_error"] == 0.25
    assert found["exact_lengths"] == sum(len(x) == 5 for x in data.X_test) > 0
    assert found["fit_seconds"] >= 0 and found["transform_seconds"] >= 0


def test_a_classifier_has_an_accuracy_of_its_own():
    found = _measure.measure(Majority(), two_classes(), seed=0)
    assert found["own"] == 0.5
    assert "svm" not in found and "n_components" not in found


def test_only_the_first_seed_of_a_process_is_cold(fakes):
    round_ = _measure.job("Two", "means", [3, 4])
    assert [round_()["cold"], round_()["cold"]] == [True, False]


# --- what to run ---


def test_designs_that_are_compared_do_not_see_held_out_sets(fakes, monkeypatch):
    monkeypatch.setitem(DATASETS, "Secret", Dataset("S", two_classes))
    found = _study.pieces(DATASETS, DESIGNS)
    assert {(p.dataset, p.design) for p in found} == {
        ("Two", "means"),
        ("Two", "majority"),
        ("Secret", "majority"),
    }
    everything = _study.pieces(DATASETS, DESIGNS, everything=True)
    assert ("Secret", "means") in {(p.dataset, p.design) for p in everything}


def test_what_no_seed_changes_is_run_once(fakes):
    seeds = {p.design: p.seeds for p in _study.pieces(DATASETS, DESIGNS, [3, 4])}
    assert seeds == {"means": (3, 4), "majority": (0,)}


def test_a_run_is_resumed_where_it_ended(fakes):
    results = Results()
    results.add(record(seed=1), DESIGNS["means"].parameters(), MACHINE)
    wanted = [_study.Piece("Two", "means", (0, 1, 2))]
    (left,) = _study.unfinished(wanted, results)
    assert left.seeds == (0, 2)


# --- results ---


def test_results_are_read_as_they_were_written(tmp_path):
    path = tmp_path / "results.json"
    results = Results.read(path)
    assert results == Results()
    results.add(record(svm=0.1), {"shift": "0.0"}, MACHINE)
    results.add(record(svm=1 / 3), {"shift": "0.0"}, MACHINE)  # takes its place
    results.add(record(seed=1), {"shift": "0.0"}, MACHINE)
    results.write(path)
    again = Results.read(path)
    assert again == results
    assert [r["svm"] for r in again.records] == [0.333333, 0.9]
    assert len(again.parameters) == len(again.machines) == 1
    assert sum('"svm"' in line for line in path.read_text().splitlines()) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["results.json"]


def test_a_result_of_other_parameters_is_stale(fakes, monkeypatch):
    shifted = Design(lambda seed: Means(shift=1.0), {"shift": 1.0})
    monkeypatch.setitem(DESIGNS, "means", shifted)
    results = Results()
    results.add(record(seed=0), {"shift": "0.0"}, MACHINE)
    results.add(record(seed=1), {"shift": "1.0"}, MACHINE)
    results.add(record(seed=2), {}, MACHINE)  # before there was such a parameter
    results.add(record("gone"), {"shift": "1.0"}, MACHINE)
    assert [r["seed"] for r in results.fresh()] == [1]


def test_a_parameter_that_is_new_matters_only_to_designs_about_it(fakes):
    results = Results()
    results.add(record(), {}, MACHINE)  # before there was `shift`
    assert results.fresh() == results.records


# --- running ---

JOBS = """
import json
def job(dataset, design, seeds):
    remaining = iter(seeds)
    def round_():
        seed = next(remaining)
        if design == "breaks" and seed == 1:
            raise ZeroDivisionError
        if design == "needs":
            raise ModuleNotFoundError("No module named 'sktime'", name="sktime")
        measured = {"fit_seconds": float(seed), "cold": seed == seeds[0]}
        return json.loads(RECORD) | measured
    return round_
"""


def test_records_are_kept_one_by_one_and_failures_told_at_the_end(
    fakes, tmp_path, monkeypatch, capsys
):
    made = {k: v for k, v in record().items() if k not in ("dataset", "design", "seed")}
    jobs = f"RECORD = {json.dumps(json.dumps(made))}\n{JOBS}"
    (tmp_path / "fake_study.py").write_text(jobs)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(_study._machine, "describe", lambda: MACHINE)
    path = tmp_path / "results.json"
    for name in ("breaks", "needs", "works"):
        monkeypatch.setitem(DESIGNS, name, Design(lambda seed: Means()))
    wanted = [_study.Piece("Two", n, (0, 1)) for n in ("breaks", "needs", "works")]
    failures = _study.run(wanted, path, "fake_study:job")
    found = Results.read(path).records
    keys = [(r["design"], r["seed"], r["fit_seconds"], r["cold"]) for r in found]
    assert keys == [
        ("breaks", 0, 0.0, True),
        ("works", 0, 0.0, True),
        ("works", 1, 1.0, False),
    ]
    assert "ZeroDivisionError" in failures[0]
    assert "sktime is not installed" in failures[1] and len(failures) == 2
    assert "3 of 3: Two, works, seeds 0, 1" in capsys.readouterr().err


# --- command line ---


def test_the_list_says_what_is_done(fakes, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(program, "PATH", tmp_path / "results.json")
    results = Results()
    results.add(record("majority"), DESIGNS["majority"].parameters(), MACHINE)
    results.write(program.PATH)
    program.main(["--list", "--seeds", "0", "1"])
    done, left = sorted(capsys.readouterr().out.splitlines())
    assert done.split() == ["Two", "majority", "done"]
    assert left.split()[:2] == ["Two", "means"] and left.endswith("to run: seeds 0 1")
    program.main(["--list", "--again", "--designs", "majority"])
    assert capsys.readouterr().out.strip().endswith("to run: seeds 0")
