"""The detector of time steps: what it finds, where, and in which form it says so."""

import pickle

import numpy as np
import pandas as pd
import pytest
from files import DUMPS, LOADS, WAY, check_mutated, sealed
from helpers import run_python
from internals import xla
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import NotFittedError

from sklearn_seqae import LSTMAutoencoderOutlierDetector, WindowOutlierDetector
from sklearn_seqae._outlier.deviation import Usual
from sklearn_seqae._outlier.judging import Judge
from sklearn_seqae._outlier.recordings import read_recordings
from sklearn_seqae.plotting import OutlierDisplay

N, PERIOD = 2000, 20


def recording(n=N, seed=0, n_features=2):
    rng = np.random.default_rng(seed)
    phase = 2 * np.pi * np.arange(n) / PERIOD + np.cumsum(rng.normal(0, 0.01, n))
    phase = phase[:, np.newaxis] + np.arange(n_features)
    x = np.sin(phase) + 0.4 * np.sin(2 * phase)
    return x + rng.normal(0, 0.1, phase.shape)


@pytest.fixture(scope="module")
def unfitted(plain_autoencoder):
    """Make one that trains in no time."""

    def make(**parameters):
        network = plain_autoencoder(exact_components=[], random_state=None)
        estimator = LSTMAutoencoderOutlierDetector(network)
        return WindowOutlierDetector(
            **({"estimator": estimator, "random_state": 0} | parameters)
        )

    return make


@pytest.fixture(scope="module")
def fitted(unfitted):
    """A fitted one; do not fit it again."""
    with xla(False):
        return unfitted().fit(recording())


@pytest.fixture(scope="module")
def new():
    return recording(seed=1)


# What it finds ------------------------------------------------------------------------


def stuck(x):
    x[:] = x[0]


def spike(x):
    x[7, 0] += 3


def faster(x):
    x[:] = np.concatenate([x[::2], x[::2]])[: len(x)]


def one_feature_stuck(x):
    x[:, 1] = x[0, 1]


def larger(x):
    x *= 2


@pytest.mark.parametrize("fault", [stuck, spike, faster, one_feature_stuck, larger])
def test_faults_are_found_where_they_are(fitted, new, fault):
    faulty = new.copy()
    fault(faulty[1000:1030])
    labels = fitted.predict(faulty)
    found = np.flatnonzero(labels == -1)
    assert 1000 <= fitted.score_samples(faulty).argmin() < 1030
    assert len(found)
    within = fitted.window_
    assert np.mean((found > 1000 - within) & (found < 1030 + within)) > 0.8


def test_what_is_usual_has_few_alarms(fitted, new):
    assert np.mean(fitted.predict(new) == -1) < 0.02


def test_a_window_is_a_period(fitted):
    assert fitted.window_ == PERIOD
    assert fitted.stride_ == PERIOD // 8


@pytest.mark.parametrize(("n", "window"), [(3000, 100), (400, 50), (9, 2)])
def test_windows_where_nothing_repeats(rng, n, window):
    of = read_recordings(rng.normal(size=(n, 1)))
    assert Judge.choose(of, "auto", "auto").window == window


# Scores -------------------------------------------------------------------------------


def test_a_score_is_the_sum_of_what_windows_and_short_ones_say(fitted):
    """By loops over time; the tails are those of what is trained on."""
    x, window, stride = recording(), fitted.window_, fitted.stride_
    assert (N - window) % stride == 0
    inner, short = fitted.estimator_, fitted._judge.short
    starts = np.arange(0, N - window + 1, stride)
    of_windows = -inner.score_samples([x[s : s + window] for s in starts])
    scaled = inner.estimator_.scaler_.transform(x)
    points = np.stack([scaled[s : s + short].ravel() for s in range(N - short + 1)])
    of_short = fitted._judge.fine.standardized(points)
    coarse, fine = np.empty((2, N))
    for t in range(N):
        coarse[t] = of_windows[(starts <= t) & (t < starts + window)].mean()
        fine[t] = of_short[max(0, t - short + 1) : t + 1].mean()
    for each in (coarse, fine):
        known = each[: int(0.8 * N)]
        level = np.quantile(known, 0.8)
        each -= level
        each /= known[known > 0].mean()
    found = fitted.score_samples(x)
    assert_allclose(found, -(coarse + np.maximum(fine, 0)), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("n_new", [1, 3, 20, 21, 200])
def test_scores_of_the_end_are_those_of_the_end_alone(fitted, new, n_new):
    """A stream: what has come, and the last of what came before."""
    expected = fitted.score_samples(new)[-n_new:]
    tail = new[-(n_new + fitted.window_ - 1) :]
    assert_allclose(fitted.score_samples(tail)[-n_new:], expected, atol=1e-6)


def test_scores_do_not_depend_on_other_recordings(fitted, new):
    several = fitted.score_samples([new[:300], new[500:621], new])
    for i, x in enumerate((new[:300], new[500:621], new)):
        assert_allclose(several.loc[i], fitted.score_samples(x), atol=1e-6)


def test_chunks_do_not_matter(fitted, new, monkeypatch):
    expected, why = fitted.score_samples(new), fitted.explain(new)[0]
    monkeypatch.setattr("sklearn_seqae._outlier.windows.CHUNK", 500)
    assert_allclose(fitted.score_samples(new), expected, atol=1e-6)
    again = fitted.explain(new)[0]
    assert_allclose(again.contributions, why.contributions, atol=1e-6)
    assert_allclose(again.expected, why.expected, atol=1e-6)


def test_nothing_spans_a_gap(unfitted, new):
    hours = pd.date_range("2024", periods=N, freq="h")
    fitted = unfitted().fit(pd.DataFrame(recording(), hours))
    late = hours.where(np.arange(N) < 700, hours + pd.Timedelta("9h"))
    with_gap = fitted.score_samples(pd.DataFrame(new, late))
    parts = [fitted.score_samples(new[:700]), fitted.score_samples(new[700:])]
    assert_allclose(with_gap, np.concatenate(parts), atol=1e-6)
    assert not np.allclose(with_gap, fitted.score_samples(new))
    other_unit = pd.DataFrame(new, late.astype("datetime64[s]"))
    assert_allclose(fitted.score_samples(other_unit), with_gap, atol=1e-6)


def test_missing_values(fitted, new):
    x = new.copy()
    x[500:502], x[900:950], x[1500, 0] = np.nan, np.nan, np.nan
    scores, whole = fitted.score_samples(x), fitted.score_samples(new)
    assert_array_equal(np.flatnonzero(np.isnan(scores)), np.arange(900, 950))
    away = np.r_[:450, 560:840, 1010:1440, 1560:N]
    assert_allclose(scores[away], whole[away], atol=1e-6)
    assert_array_equal(fitted.predict(x)[900:950], 1)
    around = np.r_[490:520, 1490:1520]  # no faults, as straight lines would be
    assert np.abs(scores[around] - whole[around]).max() < 5


def test_parts_shorter_than_a_window_are_judged_by_short_ones(fitted, new):
    n = fitted._judge.short
    assert np.isnan(fitted.score_samples(new[: n - 1])).all()
    for length in (n, 2 * n, fitted.window_ - 1):
        scores = fitted.score_samples(new[:length])
        assert (scores > fitted.offset_).all()
        assert (fitted.score_samples(5 * new[:length]) < fitted.offset_).any()


def test_a_constant_channel(unfitted):
    X = recording()
    X[:, 1] = 7.0
    fitted = unfitted().fit(X)
    assert np.isfinite(fitted.score_samples(X)).all()
    X[1000:1010, 1] = 8.0
    assert 1000 <= fitted.score_samples(X).argmin() < 1010


def test_categories_alone(unfitted):
    states = pd.DataFrame({"state": [*"aabbcd"] * 100})
    fitted = unfitted(window=12, stride=3).fit(states)
    states.iloc[300:306] = "d"
    assert 295 <= fitted.score_samples(states).argmin() < 311


# Forms --------------------------------------------------------------------------------


def test_the_form_of_scores(unfitted, new):
    hours = pd.date_range("2024", periods=N, freq="h", name="at")
    frame = pd.DataFrame(recording(), hours, ["flow", "heat"])
    fitted = unfitted().fit(frame)
    assert fitted.feature_names_in_.tolist() == ["flow", "heat"]
    assert fitted.n_features_in_ == 2
    frame = pd.DataFrame(new, hours, ["flow", "heat"])
    expected = fitted.score_samples(frame)
    for method in ("score_samples", "decision_function", "predict"):
        assert getattr(fitted, method)(frame).index.equals(hours)
    long = pd.concat({"p": frame, "q": frame[:500]}, names=["id"])
    scores = fitted.score_samples(long)
    assert scores.index.equals(long.index)
    assert_allclose(scores["p"], expected, atol=1e-6)
    assert fitted.predict([frame[:90], frame[:50]]).loc[1].index.equals(hours[:50])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        assert_allclose(fitted.score_samples(new), expected, atol=1e-6)


def test_other_features_are_an_error(fitted, unfitted, new):
    message = "X has 1 features, but WindowOutlierDetector is expecting 2 features"
    for X in (new[:, 0], new[:, :1], [new[:, 0]]):
        with pytest.raises(ValueError, match=message):
            fitted.predict(X)
    named = unfitted().fit(pd.DataFrame(recording(), columns=["a", "b"]))
    with pytest.raises(ValueError, match="feature names should match"):
        named.predict(pd.DataFrame(new, columns=["b", "a"]))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": np.arange(N) // 100, "t": np.arange(N) % 100}, "'t' rises within each"),
        ({"t": np.arange(N)}, "'t'"),
    ],
)
def test_ids_and_times_among_the_features_are_a_warning(unfitted, columns, message):
    frame = pd.DataFrame(recording(), columns=["a", "b"])
    with pytest.warns(UserWarning, match=f"{message}.* put them in the index"):
        unfitted().fit(frame.assign(**columns))


def test_times_of_another_kind_are_an_error(unfitted, new):
    fitted = unfitted().fit(pd.DataFrame(recording()))
    days = pd.DataFrame(new, pd.date_range("2024", periods=N))
    with pytest.raises(TypeError, match="the times of X are dates"):
        fitted.predict(days)


# Thresholds ---------------------------------------------------------------------------


def test_contamination_is_a_share(unfitted):
    X = recording()
    fitted = unfitted(contamination=0.05).fit(X)
    scores = fitted.score_samples(X)
    assert_allclose(fitted.offset_, np.quantile(scores, 0.05))
    assert_array_equal(fitted.predict(X), np.where(scores < fitted.offset_, -1, 1))
    assert_allclose(fitted.decision_function(X), scores - fitted.offset_)


def test_false_alarms_are_a_day_or_in_a_thousand_time_steps(unfitted):
    minutes = pd.date_range("2024", periods=N, freq="min")
    by_day = unfitted(false_alarms=1.44).fit(pd.DataFrame(recording(), minutes))
    by_steps = unfitted(false_alarms=1).fit(recording())
    assert_allclose(by_day.offset_, by_steps.offset_, rtol=1e-2)


def test_two_thresholds_are_an_error(unfitted, new):
    with pytest.raises(
        ValueError, match=r"contamination is 0\.1 and false_alarms is 2"
    ):
        unfitted(contamination=0.1, false_alarms=2).fit(new)


def test_the_end_is_not_trained_on_where_it_tells_the_threshold(unfitted, fitted):
    X = recording()
    X[int(0.8 * N) :] *= 1.2
    other = unfitted().fit(X)
    first, second = (
        each.estimator_.score_samples([X[:20]]) for each in (fitted, other)
    )
    assert_array_equal(first, second)
    assert other.offset_ < fitted.offset_


# Parameters and errors ----------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters",
    [
        {"window": 1},
        {"window": 2.5},
        {"window": "long"},
        {"stride": 0},
        {"contamination": 0.6},
        {"false_alarms": 0},
        {"estimator": IsolationForest()},
    ],
)
def test_parameters_are_checked(unfitted, new, parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        unfitted(**parameters).fit(new)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"window": 31}, "window is 31, but the longest recording has n_samples=30"),
        ({"window": 5, "stride": 6}, "stride is 6, but windows have 5 time steps"),
        ({"window": 20}, r"n_samples=30 time steps, but .* from 3 windows of 20"),
    ],
)
def test_recordings_that_are_too_short(unfitted, new, parameters, message):
    with pytest.raises(ValueError, match=message):
        unfitted(**parameters).fit(new[:30])


def test_an_error_in_fit_changes_nothing(unfitted, new, monkeypatch):
    generator = np.random.RandomState(0)
    detector = unfitted(random_state=generator).fit(new)
    before, state = dict(vars(detector)), generator.get_state()[1].copy()
    monkeypatch.setattr(Usual, "fit", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        detector.fit(new[:1000])
    assert vars(detector) == before
    assert_array_equal(generator.get_state()[1], state)


def test_not_fitted_and_cloned(unfitted, fitted, new):
    for method in ("predict", "decision_function", "score_samples", "explain"):
        with pytest.raises(NotFittedError):
            getattr(unfitted(), method)(new)
    again = clone(fitted)
    assert again.get_params()["estimator__estimator__hidden_layer_sizes"] == 8
    assert not hasattr(again, "offset_")


def test_one_seed_one_result(unfitted, fitted, new):
    X, expected = recording(), fitted.score_samples(new)
    assert_array_equal(unfitted().fit(X).score_samples(new), expected)
    other = unfitted(random_state=1).fit(X)
    assert not np.allclose(other.score_samples(new), expected)


# Files --------------------------------------------------------------------------------


@WAY
def test_a_file_scores_alike(unfitted, new, way):
    hours = pd.date_range("2024", periods=N, freq="h", tz="UTC")
    X = pd.DataFrame(new, hours, ["a", "b"])
    fitted = unfitted().fit(X)
    n_refused = check_mutated(fitted, way, lambda d: d.score_samples(X[:300]), 30)
    assert n_refused > 10


@pytest.mark.slow
@pytest.mark.parametrize("way", ["pickle", "skops"])
def test_a_fresh_process_scores_alike(fitted, new, tmp_path, way):
    (tmp_path / "detector").write_bytes(DUMPS[way](fitted))
    np.save(tmp_path / "new.npy", new)
    run_python(FRESH[way], tmp_path)
    found = np.load(tmp_path / "scores.npy")  # XLA, which is off here, has other bits
    assert_allclose(found, fitted.score_samples(new), atol=1e-3)


FRESH = {
    way: f"""
import pathlib, pickle, sys
import numpy as np, skops.io
folder = pathlib.Path(sys.argv[1])
data = (folder / "detector").read_bytes()
detector = {loads}
scores = detector.score_samples(np.load(folder / "new.npy"))
np.save(folder / "scores.npy", scores)
"""
    for way, loads in {
        "pickle": "pickle.loads(data)",
        "skops": "skops.io.loads(data, skops.io.get_untrusted_types(data=data))",
    }.items()
}


def no_stride(state):
    state["_judge"]["stride"] = 0


def another_short_window(state):
    state["_judge"]["short"] += 1


def threshold_of_nan(state):
    state["offset_"] = np.nan


def a_scale_of_zero(state):
    state["_judge"]["scales"] = (1.0, 0.0)


def a_scale_less(state):
    state["_judge"]["scales"] = (1.0,)


def a_step_of_text(state):
    state["_judge"]["usual_step"] = "1"


CONTRADICTIONS = [
    no_stride,
    another_short_window,
    threshold_of_nan,
    a_scale_of_zero,
    a_scale_less,
    a_step_of_text,
]


@pytest.mark.parametrize("change", CONTRADICTIONS)
def test_a_file_that_contradicts_itself_is_refused(fitted, change):
    state = pickle.loads(pickle.dumps(fitted)).__getstate__()
    WindowOutlierDetector().__setstate__(sealed(state))
    change(state)
    for written in (state, sealed(state)):
        with pytest.raises(ValueError, match="Detector can't be loaded, since it is"):
            WindowOutlierDetector().__setstate__(written)


def test_skops_names_estimators_only(fitted, new):
    import skops.io

    saved = skops.io.dumps(fitted)
    untrusted = skops.io.get_untrusted_types(data=saved)
    assert sorted(name.rpartition(".")[2] for name in untrusted) == [
        "LSTMAutoencoderOutlierDetector",
        "LSTMAutoencoderTransformer",
        "WindowOutlierDetector",
    ]
    loaded = LOADS["skops"](saved)
    assert_array_equal(loaded.score_samples(new), fitted.score_samples(new))


# Why ----------------------------------------------------------------------------------


def test_contributions_add_up_to_the_score_of_each_time_step(fitted, new):
    x = new.copy()
    x[1000:1030, 1] += 2
    x[600:640], x[650:652] = np.nan, np.nan
    x = [x, new[:7], new[:3]]  # one is shorter than a window, one than a short one
    whys, scores = fitted.explain(x), fitted.score_samples(x)
    for i, why in enumerate(whys):
        expected = np.nan_to_num(scores.loc[i].to_numpy())
        assert_allclose(why.contributions.sum(axis=1), -expected, 1e-9, 1e-9)
        assert why.id == i and why.offset == fitted.offset_
        assert why.score == pytest.approx(expected.min(), 1e-9)
        assert why.expected.shape == why.observed.shape == x[i].shape
        assert_allclose(why.observed, x[i])
        for name, each in why.measures.items():
            assert each.sum(axis=1).max() == pytest.approx(why.deviations[name])
    assert not whys[0].contributions.iloc[600:640].any(axis=None)


def test_a_measure_adds_up_to_the_mean_over_windows(fitted, new):
    """By loops over time, of what the inner detector says of each window."""
    why, window, stride = fitted.explain(new)[0], fitted.window_, fitted.stride_
    starts = np.arange(N - window, -1, -stride)
    of_windows = fitted.estimator_.explain([new[s : s + window] for s in starts])
    for t in (400, 1000, 1500):
        around = [
            w.measures["size"].sum()
            for w, s in zip(of_windows, starts, strict=True)
            if s <= t < s + window
        ]
        expected = np.mean(around, axis=0)
        assert_allclose(why.measures["size"].loc[t], expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("fault", [stuck, spike, one_feature_stuck, larger])
def test_stretch_and_feature_of_a_fault_are_named(fitted, new, fault):
    faulty = new.copy()
    fault(faulty[1000:1030])
    (why,) = fitted.explain(faulty)
    assert 980 <= why.stretch.start < 1030 and 1000 < why.stretch.stop <= 1050
    named = {spike: 0, one_feature_stuck: 1}
    assert why.features[0] == named.get(fault, why.features[0])
    of_usual = fitted.explain(new)[0]
    assert len(of_usual.contributions.iloc[of_usual.stretch]) < 100


def test_explanations_have_names_and_times(unfitted, new):
    hours = pd.date_range("2024", periods=N, freq="h", tz="Europe/Paris", name="at")
    frame = pd.DataFrame(recording(), hours, ["flow", "heat"])
    frame["state"] = np.where(np.arange(N) % PERIOD < 4, "on", "off")
    fitted = unfitted().fit(frame)
    frame.loc[hours[1000:1020], "flow"] += 3
    for X in (frame[:1500], pd.concat({"p": frame[:1500], "q": frame[:300]})):
        why = fitted.explain(X)[0]
        assert why.observed.index.equals(hours[:1500])
        assert why.observed["state"].tolist() == frame["state"][:1500].tolist()
        assert set(why.expected["state"]) <= {"on", "off"}
        assert why.contributions.columns.tolist() == ["flow", "heat", "state"]
        assert why.features[0] == "flow"
        lowest = fitted.score_samples(X).min()
        assert why.score == pytest.approx(lowest, 1e-9)
    display = OutlierDisplay.from_estimator(fitted, X)
    assert display.explanation.id == "p"
