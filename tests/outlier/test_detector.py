"""The outlier detector: what it finds, and that it behaves as scikit-learn's do."""

import pickle
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from helpers import in_cells, long_frame, random_ragged
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score

from sklearn_seqae import to_sequences
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._outlier.crossfit import CrossFittedChain, MarkovChain
from sklearn_seqae._outlier.detector import _choose
from sklearn_seqae._outlier.deviation import FLAT, Measures, Usual
from sklearn_seqae.datasets import make_sequences


def dead(x):
    return np.repeat(x.mean(axis=0, keepdims=True), len(x), axis=0)


def one_feature_dead(x):
    return np.column_stack([x[:, :1], dead(x)[:, 1:]])


def large(x):
    return x.mean(axis=0) + 10 * (x - x.mean(axis=0))


def elsewhere(x):
    return x + np.array([0.0, 400.0])


def spiky(x):
    return x + 300.0 * (np.arange(len(x)) == len(x) // 2)[:, None]


def twenty_times(x):
    return np.tile(x, (20, 1))


# What it finds ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [dead, one_feature_dead, large, elsewhere, spiky, twenty_times]
)
def test_faults_are_found(detector, sequences, fault):
    faulty = [fault(x) for x in sequences if len(x) > 5]
    assert_array_equal(detector.predict(faulty), -1)
    scores = detector.score_samples(sequences)
    assert detector.score_samples(faulty).max() < scores.min()


def test_the_plain_reconstruction_error_finds_flat_sequences_most_usual(
    detector, sequences
):
    # The reason for the detector, and what the guide warns of
    flat = [dead(x) for x in sequences]
    error = detector.estimator_.score_samples
    assert np.median(error(flat)) > np.median(error(sequences))


def test_new_sequences_are_as_usual_as_those_in_fit(unfitted):
    X, _ = make_sequences(300, n_classes=1, min_length=4, max_length=16, random_state=0)
    fitted, new = X[:150], X[150:]
    detector = unfitted().fit(fitted)
    for known in (fitted, new):
        assert np.mean(detector.predict(known) == -1) < 0.1
    medians = [np.median(detector.score_samples(known)) for known in (fitted, new)]
    assert abs(medians[0] - medians[1]) < 0.3


def test_sequences_without_usual_measures_have_a_score(detector, sequences):
    x = sequences[0]
    missing = x.copy()
    missing[3:5, 0] = np.nan
    never_seen = x.copy()
    never_seen[:, 1] = np.nan
    scores = detector.score_samples([x, x[:1], missing, never_seen])
    assert np.isfinite(scores).all()
    assert scores[3] < scores[0]


def test_five_sequences_are_enough(unfitted, sequences):
    X = sequences[:5]
    detector = unfitted().fit(X)
    flat = detector.score_samples([dead(x) for x in X])
    assert flat.max() < detector.score_samples(X).min()


# Events -------------------------------------------------------------------------------


def shuffled(table, rng):
    pages = table.groupby("session")["page"].transform(
        lambda x: rng.permutation(x.to_numpy())
    )
    return table.assign(page=pages.astype("category"))


def foreign(table, rng):
    is_one = rng.random(len(table)) < 0.3
    return table.assign(page=table["page"].astype(object).mask(is_one, "elsewhere"))


def one_page(table, rng):
    return table.assign(page=table.groupby("session")["page"].transform("first"))


def stretched(table, rng):
    start = table.groupby("session")["time"].transform("first")
    return table.assign(time=start + 5 * (table["time"] - start))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "bound"),
    [(shuffled, 0.8), (foreign, 0.95), (one_page, 0.95), (stretched, 0.9)],
)
def test_faults_of_events_are_told_from_usual_ones(of_events, sessions, fault, bound):
    rng = np.random.default_rng(0)
    usual, faulty = (
        of_events.score_samples(in_cells(table))
        for table in (sessions[1], fault(sessions[1], rng))
    )
    is_usual = np.repeat([1, 0], [len(usual), len(faulty)])
    assert roc_auc_score(is_usual, np.concatenate([usual, faulty])) > bound
    assert np.mean(of_events.predict(in_cells(sessions[1])) == -1) < 0.1


def test_when_sessions_begin_does_not_count(of_events, sessions):
    later = sessions[1].assign(time=sessions[1]["time"] + pd.Timedelta("3650D"))
    expected = of_events.score_samples(in_cells(sessions[1]))
    assert_allclose(of_events.score_samples(in_cells(later)), expected, atol=1e-6)


def test_surprisals_are_those_of_a_loop_over_time(rng):
    offsets = np.array([0, 7, 8, 20])
    codes = rng.integers(0, 4, offsets[-1])
    chain = MarkovChain.fit(codes, offsets, 5)
    shares = (np.bincount(codes, minlength=5) + 1) / (len(codes) + 5)
    known = [p for x in np.split(codes, offsets[1:-1]) for p in pairwise(x)]
    new = np.array([4, 0, 0, 1, 3])
    of_pairs = []
    for a, b in pairwise(new[:4]):
        n_first = sum(first == a for first, _ in known)
        of_pairs.append(-np.log((known.count((a, b)) + shares[b]) / (n_first + 1)))
    expected = [-np.log(shares[new[:4]]).mean(), -np.log(shares[3])]
    of_codes, found = chain.surprisals(new, np.array([0, 4, 5]))
    assert_allclose([of_codes[:4].mean(), of_codes[4]], expected)
    assert_allclose(found, [0, *of_pairs, 0])


def test_many_categories_surprise_as_in_fit(rng):
    """Many pairs of new sequences have never been seen."""
    lengths = rng.integers(1, 20, 400)
    codes = (rng.zipf(1.5, lengths.sum()) % 300).astype(np.float64)
    ragged = RaggedArray(codes[:, None], np.append(0, np.cumsum(lengths)), n_codes=1)
    known = [
        (x.values[:, 0].astype(int), x.offsets) for x in (ragged[:200], ragged[200:])
    ]
    state = np.random.RandomState(0)
    chains = (
        CrossFittedChain.fit(ragged[:200], 0, 300, state),
        MarkovChain.fit(*known[0], 300),
    )
    gaps = [
        chain.surprisals(*known[1])[1].mean() - chain.surprisals(*known[0])[1].mean()
        for chain in chains
    ]
    assert abs(gaps[0]) < 0.5 * gaps[1]


# As scikit-learn's detectors do -------------------------------------------------------


@pytest.mark.parametrize("kind", ["ours", "IsolationForest"])
@pytest.mark.parametrize("contamination", ["auto", 0.25])
def test_scores_threshold_and_labels(unfitted, sequences, kind, contamination):
    if kind == "ours":
        X, model = sequences, unfitted(contamination=contamination)
    else:
        X = np.array([x[-1] for x in sequences])
        model = IsolationForest(contamination=contamination, random_state=0)
    labels = model.fit_predict(X)
    scores, decision = model.score_samples(X), model.decision_function(X)
    assert_array_equal(decision, scores - model.offset_)
    assert_array_equal(labels, np.where(decision < 0, -1, 1))
    if contamination == "auto":
        assert model.offset_ == {"ours": -3.0, "IsolationForest": -0.5}[kind]
    else:
        assert np.mean(labels == -1) == contamination
        assert_allclose(model.offset_, np.percentile(scores, 25))


def test_contamination_moves_the_threshold_only(detector, unfitted, sequences):
    other = unfitted(contamination=0.5).fit(sequences)
    assert_array_equal(
        other.score_samples(sequences), detector.score_samples(sequences)
    )
    assert other.offset_ > detector.offset_


def test_estimator_is_cloned_and_seeded(unfitted, plain_autoencoder, sequences):
    own = plain_autoencoder(random_state=3)
    for estimator, seeds in ((own, {3}), (plain_autoencoder(random_state=None), None)):
        detectors = [unfitted(estimator=estimator).fit(sequences) for _ in range(2)]
        found = {one.estimator_.random_state for one in detectors}
        assert len(found) == 1
        assert seeds is None or found == seeds
        assert not hasattr(estimator, "history_")
        first, second = (one.score_samples(sequences) for one in detectors)
        assert_array_equal(first, second)


def test_without_estimator_it_takes_the_defaults(
    unfitted, plain_autoencoder, sequences, monkeypatch
):
    # plain ones, as the true defaults take long to train
    monkeypatch.setattr(
        "sklearn_seqae._outlier.detector.LSTMAutoencoderTransformer", plain_autoencoder
    )
    detector = unfitted(estimator=None).fit(sequences)
    expected = plain_autoencoder().get_params()
    assert detector.estimator_.get_params() == expected


def test_pickle(detector, sequences):
    loaded = pickle.loads(pickle.dumps(detector))
    assert_array_equal(
        loaded.score_samples(sequences), detector.score_samples(sequences)
    )
    assert loaded.offset_ == detector.offset_


def test_not_fitted(unfitted, sequences):
    for method in ("predict", "decision_function", "score_samples"):
        with pytest.raises(NotFittedError):
            getattr(unfitted(), method)(sequences)


# Containers ---------------------------------------------------------------------------


def test_long_tables_and_cells_with_ids(unfitted, detector, sequences):
    ids = [f"p{i:02}" for i in range(len(sequences))]
    table = long_frame(sequences, ids, ["pulse", "temp"])
    cells = to_sequences(table.reset_index(), by="id", order="time")
    expected = detector.score_samples(sequences)
    for X in (table, cells):
        fitted = unfitted().fit(X)
        assert_allclose(fitted.score_samples(X), expected, rtol=1e-3, atol=1e-3)
        assert fitted.sequence_feature_names_in_.tolist() == ["pulse", "temp"]
        with pytest.raises(ValueError, match="OutlierDetector was fitted with"):
            fitted.predict(X=table[["temp", "pulse"]])
    bad = cells.copy()
    bad["p03"] = None
    with pytest.raises(ValueError, match="p03"):
        fitted.predict(bad)


def test_index_of_y_is_checked(unfitted, sequences):
    X = pd.Series(sequences, index=[f"p{i}" for i in range(len(sequences))])
    y = pd.Series(0, index=X.index[::-1])
    with pytest.raises(ValueError, match="another order"):
        unfitted().fit(X, y)


# Errors -------------------------------------------------------------------------------


def test_few_sequences_are_an_error(unfitted, sequences):
    with pytest.raises(ValueError, match=r"n_samples=4, .* at least 5 sequences"):
        unfitted().fit(sequences[:4])


def test_another_number_of_features_is_an_error(detector, sequences):
    message = "sequence 0 has 1 feature, but LSTMAutoencoderOutlierDetector is"
    with pytest.raises(ValueError, match=message):
        detector.predict([x[:, :1] for x in sequences])


@pytest.mark.parametrize(
    "parameters",
    [
        {"contamination": 0.0},
        {"contamination": 0.6},
        {"validation_fraction": 1.0},
        {"estimator": IsolationForest()},
    ],
)
def test_parameters_are_checked(unfitted, sequences, parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        unfitted(**parameters).fit(sequences)


@pytest.mark.parametrize("step", ["data", "training", "measuring"])
def test_an_error_in_fit_changes_nothing(unfitted, sequences, step, monkeypatch):
    generator = np.random.RandomState(0)
    detector = unfitted(random_state=generator).fit(sequences)
    before, state = dict(vars(detector)), generator.get_state()[1].copy()
    X = sequences[8:]
    if step == "data":
        X = [*X, np.full((3, 2), np.inf)]
    elif step == "training":
        detector.estimator.set_params(optimizer="nothing")
    else:
        monkeypatch.setattr(Usual, "fit", lambda *_: 1 / 0)
    with pytest.raises((ValueError, ZeroDivisionError)):
        detector.fit(X)
    assert vars(detector) == before
    assert_array_equal(generator.get_state()[1], state)


# The parts ----------------------------------------------------------------------------


def test_measures_are_those_of_each_sequence(fitted_plain):
    # missing values inside sequences, one sequence of one time step
    ragged = random_ragged([1, 9, 16, 5], missing=0.2)
    found = Measures.of(fitted_plain._fitted.network, ragged)
    originals = [fitted_plain.scaler_.inverse_transform(x) for x in ragged]
    embeddings = fitted_plain.transform(originals)
    decoded = fitted_plain.reconstruct(originals)
    for i, x in enumerate(ragged):
        filled = _interpolated(x)
        steps = np.diff(filled, axis=0)
        error = fitted_plain.scaler_.transform(decoded[i]) - x
        expected = {
            "embedding": embeddings[i],
            "length": len(x),
            "mean": filled.mean(axis=0),
            "variance": filled.var(axis=0),
            "step_variance": (steps**2).mean(axis=0) if len(steps) else np.zeros(2),
            "error": [_mean_of_known(column**2) for column in error.T],
        }
        for name, value in expected.items():
            assert_allclose(getattr(found, name)[i], value, atol=1e-4, err_msg=name)


def _interpolated(x):
    """Fill gaps by straight lines, the ends by what is next, and nothing by zero."""
    columns, times = [], np.arange(len(x))
    for column in x.T.astype(float):
        known = ~np.isnan(column)
        line = np.zeros(len(x))
        if known.any():
            line = np.interp(times, times[known], column[known])
        columns.append(line)
    return np.column_stack(columns)


def _mean_of_known(values):
    return np.nanmean(values) if not np.isnan(values).all() else 0.0


def test_error_is_relative_to_variance_and_to_sequences_held_out(rng):
    n = 50
    variance = rng.lognormal(size=(n, 1))
    share = rng.lognormal(sigma=0.1, size=(n, 1))
    held_out = np.arange(n) < 20
    share[held_out] *= 2  # new sequences have larger errors
    measures = Measures(
        rng.normal(size=(n, 3)),
        np.full(n, 10.0),
        rng.normal(size=(n, 1)),
        variance,
        variance * rng.lognormal(size=(n, 1)),
        variance * share,
        np.empty((n, 0)),
    )
    usual = Usual.fit(measures, held_out, np.random.RandomState(0))
    assert_allclose(usual.error_mean, np.log(share[held_out]).mean(), atol=1e-3)
    assert usual.excess(measures).min() < 0  # without categories there is no order
    worse = measures._replace(error=1e3 * measures.error)
    gain = np.log(1e3) / usual.error_std
    assert_allclose(
        usual.excess(worse) - gain,
        (np.log(share[:, 0]) - usual.error_mean) / usual.error_std,
        atol=0.05,
    )


def test_variance_that_no_sequence_has_is_no_division_by_zero(rng):
    n, zeros = 12, np.zeros((12, 2))
    measures = Measures(rng.normal(size=(n, 3)), np.full(n, 4.0), *[zeros] * 5)
    usual = Usual.fit(measures, np.arange(n) < 2, np.random.RandomState(0))
    assert np.isfinite(usual.excess(measures)).all()
    varying = measures._replace(variance=zeros + FLAT * 1e3)
    assert usual.excess(varying).min() > 3


@pytest.mark.parametrize(
    ("n", "share", "expected"), [(5, 0.1, 1), (100, 0.1, 10), (5, 0.99, 3), (6, 0.5, 3)]
)
def test_held_out_sequences_are_never_the_longest(n, share, expected):
    lengths = np.arange(n) % 7 + 1
    for seed in range(5):
        chosen = _choose(lengths, share, np.random.RandomState(seed))
        assert chosen.sum() == expected
        assert not chosen[lengths.argmax()]
