"""The study of representations as a whole, on fake data and fake embedders."""

import collections
import json

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from benchmarks.representations import __main__ as program
from benchmarks.representations import _measure, _study, datasets
from benchmarks.representations._results import Results
from benchmarks.representations._study import Fit
from benchmarks.representations.datasets import DATASETS, Data, Dataset
from benchmarks.representations.designs import DESIGNS, Design, fixed
from benchmarks.representations.protocols import PROTOCOLS
from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae.datasets import make_sequences


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

    def reconstruct(self, X):
        return [np.zeros_like(x) for x in X]


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
    made = Design(lambda seed, n: Means(random_state=seed), ours=True)
    monkeypatch.setattr(_study, "HEADLINE", ())
    monkeypatch.setitem(DESIGNS, "means", made)
    monkeypatch.setitem(DESIGNS, "majority", fixed(Majority))


def record(design="means", seed=0, **others):
    return {
        "dataset": "Two",
        "design": design,
        "seed": seed,
        **dict.fromkeys(PROTOCOLS, 0.9),
        "fit_seconds": 1.0,
        "transform_seconds": 1.0,
        "data": datasets.describe(two_classes()),
        **others,
    }


MACHINE = {"cores": "2"}


def test_a_data_set_is_one_line(fakes, monkeypatch):
    monkeypatch.setitem(DATASETS, "New", Dataset("N", two_classes))
    assert Fit("New", "majority", 0) in _study.wanted(seeds=[0])
    assert _measure.job("New", "means", 0)()["data"]["n_train"] == 40


# --- measuring ---


def test_an_embedder_is_timed_scored_and_decoded():
    data = two_classes()
    found = _measure.measure(Means(), data, seed=0)
    assert all(found[name] == 1.0 for name in PROTOCOLS)
    assert found["n_components"] == 2 and found["relative_error"] > 1
    assert found["exact_lengths"] == np.mean([len(x) == 5 for x in data.X_test]) > 0
    assert found["fit_seconds"] >= 0 and found["transform_seconds"] >= 0


def test_a_classifier_has_an_accuracy_of_its_own():
    found = _measure.measure(Majority(), two_classes(), seed=0)
    assert found["own"] == 0.5
    assert "svm" not in found and "n_components" not in found


def test_errors_are_means_over_sequences_in_units_of_the_training_steps(rng):
    train = [rng.normal(7, 3, (50, 2)), rng.normal(7, 3, (20, 2))]
    test = [rng.normal(9, 1, (6, 2)), rng.normal(0, 4, (3, 2)), np.full((4, 2), 5.0)]
    decoded = [x + rng.normal(0, 1, x.shape) for x in test]
    found = _measure.errors(Data(train, [], test, []), decoded)
    scale = np.concatenate(train).std(axis=0)
    mse = [(((x - d) / scale) ** 2).mean() for x, d in zip(test, decoded, strict=True)]
    variance = [((x / scale).var(axis=0)).mean() for x in test[:2]]  # not the constant
    assert found["reconstruction_error"] == pytest.approx(np.mean(mse))
    assert found["relative_error"] == pytest.approx(
        np.mean(mse[:2] / np.array(variance))
    )


def test_the_error_of_the_defaults_is_that_of_their_score(rng):
    X, y = make_sequences(12, random_state=0)
    small = {"hidden_layer_sizes": 4, "patch_size": 4, "epochs": 1, "random_state": 0}
    ae = LSTMAutoencoderTransformer(**small).fit(X)
    found = _measure.errors(Data(X, y, X, y), ae.reconstruct(X))
    assert found["reconstruction_error"] == pytest.approx(-ae.score(X), rel=1e-4)


# --- what to run ---


def test_designs_that_are_compared_do_not_see_held_out_sets(fakes, monkeypatch):
    monkeypatch.setitem(DATASETS, "Secret", Dataset("S", two_classes))
    found = {(fit.dataset, fit.design) for fit in _study.wanted()}
    secret = ("Secret", "majority")
    assert found == {("Two", "means"), ("Two", "majority"), secret}
    everything = _study.wanted(datasets=["Secret"])
    assert {fit.design for fit in everything} == {"means", "majority"}


def test_development_sets_have_more_seeds_and_what_no_seed_changes_one(
    fakes, monkeypatch
):
    monkeypatch.setitem(DATASETS, "Secret", Dataset("S", two_classes))
    monkeypatch.setattr(_study, "HEADLINE", ("means",))
    found = collections.Counter((fit.dataset, fit.design) for fit in _study.wanted())
    assert found["Two", "means"] == 5 and found["Secret", "means"] == 3
    assert found["Two", "majority"] == 1
    assert Fit("Two", "means", 7) in _study.wanted(seeds=[7])


def test_a_run_goes_on_where_it_ended(fakes):
    results = Results()
    results.add(record(seed=1), MACHINE)
    without = {k: v for k, v in record(seed=2).items() if k not in _study.SECONDS}
    results.add(without, MACHINE)
    results.add(record("majority", own=0.5), MACHINE)
    asked = _study.wanted(seeds=[0, 1, 2])
    left = {jobs: _study.unfinished(asked, results, jobs) for jobs in (1, 2)}
    assert left == {
        1: [Fit("Two", "means", 0), Fit("Two", "means", 2)],
        2: [Fit("Two", "means", 0)],  # accuracies alone
    }


def test_some_protocols_alone_join_what_is_there(fakes):
    results = Results()
    without = {k: v for k, v in record().items() if k != "neighbor"}
    results.add(without, MACHINE)
    (asked,) = _study.wanted(designs=["means"], seeds=[0])
    assert _study.unfinished([asked], results, protocols=["svm"]) == []
    assert _study.unfinished([asked], results, protocols=["neighbor"]) == [asked]
    found = _measure.job(*asked, protocols=["neighbor"])()
    assert found.keys() == {"neighbor", "data"}
    results.add({**asked._asdict(), **found}, MACHINE, join=True)
    kept = {**without, "neighbor": 1.0, "machine": 0}
    del kept["data"]
    assert results.records == [kept]


# --- results ---


def test_results_are_read_as_they_were_written(fakes, tmp_path):
    path = tmp_path / "results.json"
    results = Results.read(path)
    assert results == Results()
    results.add(record(svm=0.1), MACHINE)
    results.add(record(svm=1 / 3), MACHINE)  # takes its place
    results.add(record(seed=1), MACHINE)
    results.write(path)
    again = Results.read(path)
    assert again == results
    assert [r["svm"] for r in again.records] == [0.333333, 0.9]
    assert again.machines == [MACHINE] and list(again.data) == ["Two"]
    assert sum('"svm"' in line for line in path.read_text().splitlines()) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["results.json"]


def test_results_of_other_parameters_are_stale_and_go_when_there_are_new(
    fakes, monkeypatch
):
    results = Results()
    results.add(record(seed=0), MACHINE)
    results.add(record("majority"), MACHINE)
    shifted = Design(lambda seed, n: Means(shift=1.0), {"shift": 1.0}, ours=True)
    monkeypatch.setitem(DESIGNS, "means", shifted)
    assert [r["design"] for r in results.fresh()] == ["majority"]
    results.add(record(seed=1), MACHINE)
    kept = [("majority", 0), ("means", 1)]
    assert [(r["design"], r["seed"]) for r in results.records] == kept
    assert results.fresh() == results.records
    monkeypatch.delitem(DESIGNS, "means")
    assert [r["design"] for r in results.fresh()] == ["majority"]


# --- running ---

JOBS = """
import json
def job(dataset, design, seed):
    if design == "breaks" and seed == 1:
        raise ZeroDivisionError
    if design == "needs":
        raise ModuleNotFoundError("No module named 'sktime'", name="sktime")
    return lambda: json.loads(RECORD) | {"svm": float(seed)}
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_records_are_kept_one_by_one_and_failures_told_at_the_end(
    fakes, tmp_path, monkeypatch, capsys, jobs
):
    made = {k: v for k, v in record().items() if k not in ("dataset", "design", "seed")}
    code = f"RECORD = {json.dumps(json.dumps(made))}\n{JOBS}"
    (tmp_path / "fake_study.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(_study._machine, "describe", lambda: MACHINE)
    path = tmp_path / "results.json"
    for name in ("breaks", "needs", "works"):
        monkeypatch.setitem(DESIGNS, name, Design(lambda seed, n: Means()))
    names = [("breaks", 0), ("breaks", 1), ("needs", 0), ("works", 0), ("works", 1)]
    fits = [Fit("Two", *name) for name in names]
    failures = _study.run(fits, path, jobs, "fake_study:job")
    found = Results.read(path).records
    kept = sorted((r["design"], r["seed"], r["svm"]) for r in found)
    assert kept == [("breaks", 0, 0.0), ("works", 0, 0.0), ("works", 1, 1.0)]
    assert all(("fit_seconds" in r) == (jobs == 1) for r in found)
    assert "ZeroDivisionError" in failures[0] and failures[0].startswith(
        "Two, breaks, 1"
    )
    assert "sktime" in failures[1] and "is not installed" in failures[1]
    assert len(failures) == 2 and "'works'" in capsys.readouterr().err


# --- command line ---


def test_the_list_says_what_is_done(fakes, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(program, "PATH", tmp_path / "results.json")
    results = Results()
    results.add(record("majority", own=0.5), MACHINE)
    results.write(program.PATH)
    program.main(["--list", "--seeds", "0", "1"])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["Two", "means", "0", "to", "run"],
        ["Two", "means", "1", "to", "run"],
        ["Two", "majority", "0", "done"],
    ]
    program.main(["--list", "--again", "--designs", "majority"])
    assert capsys.readouterr().out.strip().endswith("0 to run")
