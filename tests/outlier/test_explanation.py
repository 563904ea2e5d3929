"""Explanations of scores: what they add up to, against NumPy, and on known faults."""

import pickle
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import skops.io
from faults import FAULTS, beats, planted, windows
from helpers import in_cells, long_frame, page_log
from internals import xla
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError

from sklearn_seqae import Explanation, LSTMAutoencoderOutlierDetector, to_sequences
from sklearn_seqae._outlier.explanation import attribution

MEASURES = ["embedding", "error", "size", "profile"]


def with_fault(x):
    x = x.copy()
    x[len(x) // 2, 1] += 300
    return x


@pytest.fixture(scope="module")
def odd(sequences):
    """Sequences that are usual, with a fault, with missing values, and short."""
    gaps = sequences[0].copy()
    gaps[3:5, 0] = np.nan
    unseen = sequences[0].copy()
    unseen[:, 1] = np.nan
    flat = np.repeat(sequences[0][:1], 9, axis=0)
    faulty = with_fault(sequences[0])
    return [*sequences[:4], faulty, gaps, unseen, flat, faulty[:1], faulty[:2]]


def assert_adds_up(explanations, scores):
    assert_array_equal([why.score for why in explanations], scores)
    for why in explanations:
        assert why.score == -why.deviations[why.measure]
        parts = {**why.measures, why.measure: why.contributions}
        for name, each in [*why.measures.items(), *parts.items()]:
            assert_allclose(each.to_numpy().sum(), why.deviations[name], rtol=1e-9)
            assert len(each) == len(why.observed) == len(why.expected)


# What it says -------------------------------------------------------------------------


def test_contributions_add_up_to_the_score(detector, odd):
    found = detector.explain(odd)
    assert_adds_up(found, detector.score_samples(odd))
    assert [list(why.measures) for why in found] == [MEASURES] * len(odd)
    assert found[4].features == [1]
    assert found[4].stretch == slice(8, 10)  # a step up, and one down


def test_of_events_they_add_up_too(of_events, sessions):
    X = in_cells(sessions[1])[:20]
    found = of_events.explain(X)
    assert_adds_up(found, of_events.score_samples(X))
    for why, (session, cell) in zip(found, X.items(), strict=True):
        assert list(why.measures) == [*MEASURES, "order"] and why.id == session
        # time is no number of X, but the time since the event before is a feature
        assert why.contributions.columns.tolist() == ["page", "amount", "time"]
        assert why.observed["page"].tolist() == cell["page"].tolist()
        assert_array_equal(why.observed.index.to_numpy(), cell["time"])


def test_without_stretches_the_other_measures_are_the_same(detector, odd):
    schema, network = detector._schema, detector.estimator_._fitted.network
    scaled, *_ = schema.encode(schema.read(odd, "me"))
    given = network, detector._chains, detector._usual, scaled
    quick, whole = attribution(*given, n_stretches=0), attribution(*given)
    rows = slice(*scaled.offsets[4:6])  # the fault at time step 8
    assert quick.measures["embedding"][rows].sum(axis=1).argmax() == 8
    for name, deviation in whole.deviations.items():
        sums = np.add.reduceat(quick.measures[name], scaled.offsets[:-1]).sum(axis=1)
        assert_allclose(sums, deviation, rtol=1e-9)
        if name != "embedding":
            assert_array_equal(quick.measures[name], whole.measures[name])


def test_the_error_splits_by_its_terms(detector, sequences, odd):
    x = odd[4]
    why = detector.explain([x])[0]
    variance = [np.var(detector.estimator_.scaler_.transform(s), 0) for s in sequences]
    scaled = detector.estimator_.scaler_.transform
    squares = (scaled(detector.estimator_.reconstruct([x])[0]) - scaled(x)) ** 2
    shares = squares / np.median(variance, axis=0)
    expected = why.deviations["error"] * shares / shares.sum()
    assert_allclose(why.measures["error"], expected, rtol=1e-3, atol=1e-4)


def test_the_profile_splits_by_feature_as_the_distance_does(detector, odd):
    """Against an inverse of the covariance, and sums over the time steps."""
    x = odd[4]
    why = detector.explain([x])[0]
    usual, z = detector._usual, detector.estimator_.scaler_.transform(x)
    variance, steps = z.var(axis=0), np.diff(z, axis=0)
    statistics = [z.mean(0), np.sqrt(variance / usual.variance)]
    statistics.append(np.sqrt((steps**2).mean(0) / usual.variance))
    point = np.concatenate([[np.log(len(x))], *statistics])
    splits = []
    for g in usual.profile.gaussians:
        centred = (point - g.mean) / g.scale
        covariance = g.rest * np.eye(len(point))
        covariance += (g.components.T * (g.variance - g.rest)) @ g.components
        splits.append(centred * np.linalg.solve(covariance, centred))
    of_columns = max(splits, key=np.sum)
    by_feature = of_columns[1:].reshape(3, 2).sum(axis=0) + of_columns[0] / 2
    expected = why.deviations["profile"] * by_feature / of_columns.sum()
    assert_allclose(why.measures["profile"].sum(), expected, rtol=1e-4, atol=1e-6)


def test_order_splits_by_surprisal(of_events, sessions):
    """Against counts of pairs, of the chain that is surprised most."""
    log = sessions[1]
    one = log[log["session"] == log["session"].value_counts().index[0]].copy()
    one["page"] = one["page"].to_numpy()[::-1]
    why = of_events.explain(in_cells(one))[0]
    known = of_events.estimator_.categories_[0].tolist()
    codes = [known.index(page) + 1 for page in why.observed["page"]]
    found = []
    for chain in of_events._chains[0].chains:
        counts = dict(zip(chain.pairs, chain.counts, strict=True))
        n = len(chain.shares)
        found.append(
            [
                np.log((chain.totals[a] + 1) / (counts.get(a * n + b, 0) + share))
                for a, b in pairwise(codes)
                for share in [chain.shares[b]]
            ]
        )
    (cost,) = of_events.estimator_._fitted.network.preprocessing.costs
    above = np.array(max(found, key=sum)) / cost - of_events._usual.order_mean
    assert why.deviations["order"] > 0
    expected = why.deviations["order"] * np.append(0, above) / above.sum()
    assert_allclose(why.measures["order"]["page"], expected, rtol=1e-9)
    assert_array_equal(why.measures["order"][["amount", "time"]], 0)


def test_what_is_usual_stays_as_it_is_and_a_fault_does_not(detector, sequences):
    x = with_fault(sequences[0])
    why = detector.explain([sequences[0], x])
    spread = np.vstack(sequences).std(axis=0)
    gaps = [np.abs(w.observed - w.expected).to_numpy() / spread for w in why]
    assert gaps[1][8, 1] > 10 > np.delete(gaps[1], 8, axis=0).max()
    assert gaps[0].max() < 5


def test_a_usual_sequence_has_nothing_to_name(detector, sequences):
    usual = sequences[int(np.argmax(detector.score_samples(sequences)))]
    why = detector.explain([usual])[0]
    assert why.score > 0 and why.stretch == slice(0, len(usual))
    assert_allclose(why.contributions, -why.score / usual.size)


def test_by_hand():
    parts = pd.DataFrame(
        {"a": [0.0, 1, 5, 1, 0, 0], "b": [0, 0, 3, 3.5, 0, 0], "c": [0.1] * 6},
        index=pd.date_range("2024", periods=6),
    )
    deviations = pd.Series({"error": 1.0, "size": parts.to_numpy().sum()})
    measures = {"error": parts * 0, "size": parts}
    why = Explanation("x", deviations, parts, measures, parts, parts)
    assert why.measure == "size" and why.stretch == slice(2, 4)
    assert why.features == ["b", "a"]
    assert "'x': size 14.1, time steps 2024-01-03 00:00:00 to 2024-01-04" in repr(why)


@pytest.mark.parametrize(("offset", "stop"), [(-8.0, 4), (-3.0, 5), (-1.0, 6)])
def test_the_stretch_of_a_recording_is_above_the_threshold_or_half_of_the_most(
    offset, stop
):
    """A time step between a third and a half of the most is none of it, by the half."""
    parts = pd.DataFrame({"a": [0.0, 0.0, 10.0, 9.0, 4.0, 2.0, 0.0]})
    deviations = pd.Series({"error": 10.0})
    why = Explanation(0, deviations, parts, {"error": parts}, parts, parts, offset)
    assert why.stretch == slice(2, stop)


@pytest.mark.slow
@pytest.mark.xla
@pytest.mark.filterwarnings("ignore:The loss is:UserWarning")  # cosines tell all
@pytest.mark.parametrize("n_features", [1, 5])
def test_feature_and_stretch_of_faults_are_named(n_features):
    """On the true defaults, of a recording that was not in fit."""
    X = windows(beats(8200, n_features, seed=0))
    detector = LSTMAutoencoderOutlierDetector(random_state=0).fit(X)
    other, rng = beats(8200, n_features, seed=1), np.random.default_rng(0)
    right = {}
    for fault in FAULTS[: 7 if n_features > 1 else 6]:
        cases = [planted(other, fault, rng) for _ in range(20)]
        found = detector.explain([x for x, *_ in cases])
        for why, (_, features, at) in zip(found, cases, strict=True):
            start = why.stretch.start < at.stop and at.start < why.stretch.stop
            named = why.features[0] in features
            right.setdefault(fault, []).append([named, start])
    assert min(np.mean(right[fault], axis=0).min() for fault in right) >= 0.9
    assert np.mean(list(right.values())) >= 0.95


# As all outputs of an estimator -------------------------------------------------------


def assert_same(found, expected, rtol=0.0):
    for one, other in zip(found, expected, strict=True):
        for name in other.measures:
            assert_allclose(one.measures[name], other.measures[name], rtol, 1e-9)
        assert_allclose(one.expected.to_numpy(float), other.expected.to_numpy(float))


@pytest.mark.xla
def test_an_explanation_depends_on_its_sequence_alone(detector, odd):
    together = detector.explain(odd)
    alone = [detector.explain([x])[0] for x in odd]
    assert_same(alone, together, rtol=1e-6)
    assert_same(detector.explain(odd[::-1])[::-1], together, rtol=1e-6)


def test_the_same_after_saving_and_loading(detector, odd, tmp_path):
    expected = detector.explain(odd)
    skops.io.dump(detector, tmp_path / "file")
    trusted = skops.io.get_untrusted_types(file=tmp_path / "file")
    for loaded in (
        pickle.loads(pickle.dumps(detector)),
        skops.io.load(tmp_path / "file", trusted=trusted),
    ):
        assert_same(loaded.explain(odd), expected)
    kept = pickle.loads(pickle.dumps(expected))
    assert_same(kept, expected)


def test_nothing_is_written_to(detector, odd):
    before = [x.copy() for x in odd]
    for why in detector.explain(odd):
        why.contributions.iloc[:] = 0
        why.observed.iloc[:] = 0
    assert all(map(np.array_equal, odd, before, [True] * len(odd)))


# Containers ---------------------------------------------------------------------------


def test_tables_give_ids_names_and_times(unfitted, detector, sequences):
    ids = [f"p{i:02}" for i in range(len(sequences))]
    table = long_frame(sequences, ids, ["pulse", "temp"])
    dates = pd.Timestamp("2024", tz="Europe/Paris") + pd.to_timedelta(
        table.index.get_level_values("time"), unit="h"
    )
    series = table.index.get_level_values("id")
    table.index = pd.MultiIndex.from_arrays([series, dates], names=["id", "time"])
    cells = to_sequences(table.reset_index(), by="id", order="time", keep_times=True)
    expected = detector.explain(sequences)
    for X in (table, cells):
        for why, other, (name, rows) in zip(
            unfitted().fit(X).explain(X), expected, table.groupby("id"), strict=True
        ):
            assert why.id == why.deviations.name == name
            assert why.contributions.columns.tolist() == ["pulse", "temp"]
            index = rows.index.get_level_values("time")
            assert index.equals(why.contributions.index)
            assert_frame_equal(why.observed, rows.droplevel("id"), check_freq=False)
            assert_allclose(why.contributions, other.contributions, 1e-2, 1e-2)


@pytest.mark.parametrize("n", [1, 3])
def test_a_scaler_may_make_other_features(unfitted, plain_autoencoder, sequences, n):
    class Features(PCA):
        def transform(self, X):
            return np.tile(super().transform(X), n)

        def inverse_transform(self, X):
            return super().inverse_transform(X[:, :1])

    estimator = plain_autoencoder(scaler=Features(1), random_state=None)
    why = unfitted(estimator=estimator).fit(sequences).explain(sequences[:1])[0]
    assert why.contributions.shape == (16, n)
    assert why.observed.shape == why.expected.shape == (16, 2)


def test_records_with_missing_categories(unfitted):
    log = page_log()
    log.loc[log.index[3], "page"] = None
    with xla(False):
        detector = unfitted().fit(log)
    why = detector.explain(log)[0]
    assert why.observed["page"].isna().sum() == 1
    assert set(why.expected["page"]) <= {"a", "b", "c", None}
    assert_adds_up([why], detector.score_samples(log)[:1])


def test_not_fitted(unfitted, sequences):
    with pytest.raises(NotFittedError):
        unfitted().explain(sequences)


def test_messages_name_the_sequence(detector, sequences):
    with pytest.raises(ValueError, match="sequence 0 has 1 feature, but LSTMAuto"):
        detector.explain([x[:, :1] for x in sequences])
