import numpy as np
import pandas as pd
import pytest

from benchmarks.recordings import __main__ as study
from benchmarks.recordings import contestants, generated
from benchmarks.recordings.measures import event_f1, events, vus_pr

PEERS = ["PCA", "Sub-PCA", "Sub-PCA, residual", "forest", "KNN"]


def _recording(fault, n_features=1):
    recordings = generated.recordings((0,), n_features)
    return next(r for r in recordings if r.name.startswith(f"machine, {fault}"))


def _volume(labels, scores, largest):
    """The definition, threshold by threshold."""
    thresholds = np.sort(scores)[::-1]
    thresholds = thresholds[np.linspace(0, len(scores) - 1, 250, dtype=int)]
    areas = []
    for width in range(largest + 1):
        weights = labels.astype(float)
        for event in events(labels) if width > 1 else []:
            for i in range(len(labels)):
                before, after = event.start - i, i - event.stop + 1
                if 0 < before <= width // 2:
                    weights[i] += np.sqrt(1 - before / width)
                if 0 < after < width // 2:  # one step shorter, as in the original
                    weights[i] += np.sqrt(1 - after / width)
        weights = weights.clip(0, 1)
        positive = (labels.sum() + weights.sum()) / 2
        points = [(0.0, 1.0)]
        for threshold in thresholds:
            reported = scores >= threshold
            found = (weights * reported).sum()
            hits = [(reported & (weights > 0))[e].any() for e in events(weights > 0)]
            recall = min(found / positive, 1) * np.mean(hits)
            points.append((recall, found / reported.sum()))
        recalls, precisions = np.transpose(points)
        areas.append(np.trapezoid(precisions, recalls))
    return np.mean(areas)


@pytest.mark.parametrize("decimals", [1, 8])
def test_volume_is_that_of_its_definition(rng, decimals):
    labels = np.zeros(300, bool)
    labels[[50, *range(120, 135), *range(292, 300)]] = True
    scores = np.round(rng.standard_normal(300) + labels, decimals)
    assert vus_pr(labels, scores, 9) == pytest.approx(_volume(labels, scores, 9))


def test_f1_is_one_if_all_reports_are_near_events():
    labels, scores = np.zeros(100, bool), np.zeros(100)
    labels[40:50] = labels[80:85] = True
    scores[[38, 45, 82]] = 1
    assert event_f1(labels, scores, 3) == 1


def test_f1_counts_events_found_and_steps_reported():
    labels, scores = np.zeros(100, bool), np.zeros(100)
    labels[40:50] = labels[80:85] = True
    scores[[45, 46, 47, 10]] = 1
    # One of two events, three of four steps; all events are found with all steps
    assert event_f1(labels, scores, 3) == pytest.approx(2 * 0.5 * 0.75 / 1.25)


@pytest.mark.parametrize("n_features", [1, 5])
def test_faults_are_where_the_labels_are(n_features):
    for fault in generated.FAULTS:
        if fault == "swapped" and n_features == 1:
            continue
        recording = _recording(fault, n_features)
        assert recording.train.shape == recording.test.shape == (2000, n_features)
        assert 0 < recording.labels.mean() < 0.5
        again = _recording(fault, n_features)
        np.testing.assert_array_equal(recording.test, again.test)


@pytest.mark.parametrize("name", PEERS)
def test_peers_score_each_step(name):
    recording = _recording("swapped", 5)
    width = contestants.period(recording.train)
    score = contestants.CONTESTANTS[name]
    scores = score(recording.train, recording.test, width, 0)
    assert scores.shape == recording.labels.shape
    assert scores[recording.labels].mean() > scores[~recording.labels].mean()


def test_period_is_found(rng):
    x = np.sin(2 * np.pi * np.arange(1000) / 37)[:, None]
    assert contestants.period(x + 0.1 * rng.standard_normal(x.shape)) == 37


def test_results_are_kept_and_not_made_again(tmp_path, monkeypatch):
    calls = []

    def steps(train, test, width, seed):
        calls.append(width)
        return np.abs(test).sum(axis=1)

    monkeypatch.setitem(study.CONTESTANTS, "steps", steps)
    path = tmp_path / "build" / "kept.csv"
    for _ in range(2):
        study._run("steps", "one feature", _recording("spike"), path)
    assert len(calls) == len(pd.read_csv(path)) == 1
