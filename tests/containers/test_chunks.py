"""Sequences in chunks: what fits into the buffer, and what does not."""

import pickle

import keras
import numpy as np
import pandas as pd
import pytest
from helpers import fitted_bits, random_ragged
from internals import Ended, checkpoints_at_every_call, ended_at_checkpoint
from keras.callbacks import BackupAndRestore
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import RobustScaler

from sklearn_seqae import SequenceChunks, to_sequences
from sklearn_seqae._patches.source.in_chunks import ChunkedSource, read_chunks, shuffled
from sklearn_seqae._sequences.summary import Summary
from sklearn_seqae.exceptions import InvalidSequenceError

SMALL = 150  # values: a third of those in `sequences`


def in_chunks(X, n=5, **options):
    """Return sequences, ``n`` in a chunk."""
    starts = range(0, len(X), n)
    return SequenceChunks(lambda: (X[i : i + n] for i in starts), **options)


class Batches(keras.callbacks.Callback):
    """Notes the numbers of the batches."""

    def __init__(self):
        super().__init__()
        self.numbers = []

    def on_train_batch_end(self, batch, logs=None):
        self.numbers.append(batch)


# -- the same as in memory -------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 5, 100])
def test_chunks_are_embedded_and_scored_to_the_same_bits(fitted_plain, sequences, n):
    X = in_chunks(sequences, n)
    assert_array_equal(fitted_plain.transform(X), fitted_plain.transform(sequences))
    scores = fitted_plain.score_samples(sequences)
    assert_array_equal(fitted_plain.score_samples(X), scores)
    assert fitted_plain.score(X) == np.mean(scores)


@pytest.mark.parametrize("parameters", [{}, {"scaler": "robust", "epochs": 1}])
def test_a_fit_within_the_buffer_has_the_same_bits(
    plain_autoencoder, sequences, parameters
):
    autoencoder = plain_autoencoder(**parameters)
    expected = fitted_bits(clone(autoencoder).fit(sequences))
    assert fitted_bits(clone(autoencoder).fit(in_chunks(sequences))) == expected
    Z = clone(autoencoder).fit_transform(in_chunks(sequences))
    assert_array_equal(Z, clone(autoencoder).fit_transform(sequences))


@pytest.mark.parametrize(
    ("scaler", "names"),
    [("standard", ("mean_", "scale_")), ("minmax", ("data_min_", "data_max_"))],
)
def test_what_is_fitted_in_chunks_is_what_is_fitted_in_memory(
    plain_autoencoder, sequences, scaler, names
):
    autoencoder = plain_autoencoder(scaler=scaler, epochs=1, patch_size="auto")
    X = [x.copy() for x in sequences]
    for i in (12, 23):  # these chunks have none of this feature
        X[i][:, 1] = np.nan
    found = clone(autoencoder).fit(in_chunks(X, 1, buffer_size=SMALL))
    expected = clone(autoencoder).fit(X)
    for name in names:
        ours, theirs = (getattr(a.scaler_, name) for a in (found, expected))
        assert_allclose(ours, theirs, rtol=1e-6)
    assert found.max_length_ == expected.max_length_
    assert found.patch_size_ == expected.patch_size_
    # the last component is the length
    assert_allclose(found.transform(X)[:, -1], expected.transform(X)[:, -1], rtol=1e-9)


def test_more_than_the_buffer_is_learnt_as_well(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(epochs=25, learning_rate=0.02)
    found = clone(autoencoder).fit(in_chunks(sequences, buffer_size=SMALL))
    expected = clone(autoencoder).fit(sequences)
    first, last = expected.history_["loss"][0], expected.history_["loss"][-1]
    assert last < 0.8 * first
    assert found.history_["loss"][-1] < last + 0.1 * (first - last)
    assert found.n_iter_ == 25


def test_the_seed_decides(plain_autoencoder, sequences):
    X = in_chunks(sequences, buffer_size=SMALL)
    bits = [fitted_bits(plain_autoencoder(random_state=s).fit(X)) for s in (0, 0, 1)]
    assert bits[0] == bits[1] != bits[2]


# -- more than the buffer --------------------------------------------------------------


def test_epochs_have_the_batches_of_a_fit_in_memory(plain_autoencoder, sequences):
    numbers = []
    for X in (sequences, in_chunks(sequences, buffer_size=SMALL)):
        batches = Batches()
        plain_autoencoder(callbacks=[batches], batch_size=7).fit(X)
        numbers.append(batches.numbers)
    assert numbers[0] == numbers[1] == [0, 1, 2, 3] * 2


@pytest.mark.slow
def test_every_loss_and_both_decoders(plain_autoencoder, sequences):
    autoencoder = plain_autoencoder(
        n_components=12,
        exact_components=["instance_norm", "length"],
        encoder_inputs=["differences"],
        contrastive_weight=0.3,
        kl_weight=1e-3,
        mask_ratio=0.3,
        forecast_horizon=2,
    )
    X = in_chunks(sequences, buffer_size=SMALL)
    Z = autoencoder.fit_transform(X)
    assert np.isfinite(Z).all()
    assert_array_equal(Z, autoencoder.transform(sequences))
    assert len(autoencoder.forecast(sequences[:3])) == 3
    for losses in autoencoder.history_.values():
        assert np.isfinite(losses).all()
        assert len(losses) == 2


def test_fits_go_on(plain_autoencoder, sequences):
    X = in_chunks(sequences, buffer_size=SMALL)
    autoencoder = plain_autoencoder(warm_start=True).fit(X)
    mean = autoencoder.scaler_.mean_
    autoencoder.partial_fit(X).fit(X)
    assert autoencoder.n_iter_ == len(autoencoder.history_["loss"]) == 2 + 1 + 2
    assert_array_equal(autoencoder.scaler_.mean_, mean)
    assert autoencoder.fit(sequences).n_iter_ == 7
    assert autoencoder.history_["loss"][-1] < autoencoder.history_["loss"][0]


def test_killed_fits_go_on_to_the_same_bits(
    plain_autoencoder, sequences, tmp_path, monkeypatch
):
    checkpoints_at_every_call(monkeypatch.setattr)
    parameters = {"epochs": 4, "noise": 0.1, "mask_ratio": 0.3}
    X = in_chunks(sequences, buffer_size=SMALL)
    expected = fitted_bits(plain_autoencoder(**parameters).fit(X))
    autoencoder = plain_autoencoder(
        callbacks=[BackupAndRestore(tmp_path)], **parameters
    )
    with pytest.raises(Ended), ended_at_checkpoint(3):
        clone(autoencoder).fit(X)
    other = in_chunks(sequences[1:], buffer_size=SMALL)
    with pytest.raises(ValueError, match=r"given something else: .*sequences"):
        clone(autoencoder).fit(other)
    assert fitted_bits(clone(autoencoder).fit(X)) == expected
    assert not tmp_path.exists()


def test_a_scaler_that_is_fitted_already_is_kept(plain_autoencoder, sequences):
    given = RobustScaler().fit(np.concatenate(sequences[:5]))
    X = in_chunks(sequences, buffer_size=SMALL)
    found = plain_autoencoder(scaler=FrozenEstimator(given), epochs=1).fit(X)
    assert_array_equal(found.scaler_.center_, given.center_)


def test_labels_of_chunks_label_embeddings(plain_autoencoder, sequences):
    labelled = pd.Series(sequences, index=[f"s{i}" for i in range(len(sequences))])
    autoencoder = plain_autoencoder(epochs=1).set_output(transform="pandas")
    found = autoencoder.fit_transform(in_chunks(labelled))
    assert found.index.tolist() == labelled.index.tolist()
    found = autoencoder.transform(in_chunks(labelled.array))
    assert found.index.tolist() == list(range(len(sequences)))


# -- the buffer and the sample ---------------------------------------------------------


def numbered(n, longest, seed=0):
    """Return sequences whose values are their number."""
    lengths = np.random.default_rng(seed).integers(1, longest + 1, size=n)
    ragged = random_ragged(lengths, n_features=1)
    numbers = np.repeat(np.arange(n, dtype=np.float32), lengths)
    return ragged.with_values(numbers[:, None])


@pytest.mark.parametrize("batch_size", [1, 8, 300])
def test_the_buffer_yields_each_sequence_once(batch_size):
    X = numbered(200, longest=20)
    chunks = [X[i : i + 9] for i in range(0, 200, 9)]
    parts = list(shuffled(chunks, 300, batch_size, np.random.default_rng(0)))
    found = [int(x[0, 0]) for part in parts for x in part]
    assert sorted(found) == list(range(200))
    assert all(len(part) % batch_size == 0 for part in parts[:-1])
    for part in parts:
        for x in part:
            assert_array_equal(x, X[int(x[0, 0])])
    if batch_size == 8:
        assert max(part.values.size for part in parts) <= 300
        # sequences of chunks that are apart come together
        spread = [max(x[0, 0] for x in p) - min(x[0, 0] for x in p) for p in parts]
        assert np.mean(spread) > 2 * 9


def test_the_sample_is_drawn_at_random(plain_autoencoder):
    X = numbered(4000, longest=5)
    lists = [list(X[i : i + 50]) for i in range(0, 4000, 50)]
    source = SequenceChunks(lambda: iter(lists), buffer_size=3000)
    estimator = plain_autoencoder()
    summary = Summary(estimator.get_params(), "an estimator")
    found = read_chunks(source, None, summary)
    assert isinstance(found, ChunkedSource)
    assert 2900 < found.sample.values.size <= 3000
    numbers = np.array([x[0, 0] for x in found.sample])
    assert_array_equal(numbers, np.unique(numbers))
    # a mean of about 1,000 uniform numbers: four standard deviations
    assert abs(numbers.mean() - 2000) < 4 * 4000 / np.sqrt(12 * len(numbers))
    assert_array_equal(found.lengths, X.lengths)


def test_a_sequence_that_is_larger_than_the_buffer(plain_autoencoder, sequences):
    found = plain_autoencoder(batch_size=2).fit(in_chunks(sequences, 1, buffer_size=5))
    assert np.isfinite(found.history_["loss"]).all()


def test_a_feature_that_is_observed_late(plain_autoencoder, sequences):
    X = [x * [1, np.nan] if i < 15 else x for i, x in enumerate(sequences)]
    found = plain_autoencoder(epochs=1).fit(in_chunks(X, 1, buffer_size=SMALL))
    stacked = np.concatenate(X)
    assert_allclose(found.scaler_.mean_, np.nanmean(stacked, axis=0), rtol=1e-9)
    assert_allclose(found.scaler_.scale_, np.nanstd(stacked, axis=0), rtol=1e-9)
    minmax = plain_autoencoder(scaler="minmax")
    with pytest.raises(ValueError, match=r"^the chunks before chunk \d+: feature 1"):
        minmax.fit(in_chunks(X, 1, buffer_size=SMALL))


# -- categories and times --------------------------------------------------------------


@pytest.fixture(scope="module")
def events(sequences):
    """Sessions of a page, an amount and a time; the first ones have no page."""
    rng = np.random.default_rng(0)
    ids = np.repeat(np.arange(len(sequences)), list(map(len, sequences)))
    table = pd.DataFrame({"id": ids, "when": pd.Timestamp("2024-05-01")})
    table["when"] += pd.to_timedelta(rng.integers(1, 999, len(ids)).cumsum(), unit="s")
    table["page"] = rng.choice(["home", "cart", "pay", None], len(ids))
    table["amount"] = np.concatenate(sequences)[:, 0]
    table.loc[ids < 4, "page"] = None
    return to_sequences(table, by="id", order="when")


@pytest.mark.parametrize("n", [1, 5, 100])
def test_events_within_the_buffer_have_the_bits_of_memory(plain_autoencoder, events, n):
    expected = plain_autoencoder().fit(events)
    found = plain_autoencoder().fit(in_chunks(events, n))
    assert fitted_bits(found) == fitted_bits(expected)
    assert np.dtype(expected._fitted.schema.events.times.dtype).kind == "M"


def test_what_is_learnt_of_events_in_chunks_is_what_is_learnt_in_memory(
    plain_autoencoder, events
):
    autoencoder = plain_autoencoder(max_categories=3, epochs=8, learning_rate=0.01)
    expected = clone(autoencoder).fit(events)
    found = clone(autoencoder).fit(in_chunks(events, 3, buffer_size=SMALL))
    assert found._fitted.schema.events == expected._fitted.schema.events
    assert found._fitted.schema.events.n_moments == 1
    assert (
        found._fitted.schema.container.levels
        == expected._fitted.schema.container.levels
    )
    assert_allclose(found.scaler_.mean_, expected.scaler_.mean_, rtol=1e-6)
    assert_allclose(found.scaler_.scale_, expected.scaler_.scale_, rtol=1e-6)
    assert set(found.history_) == set(expected.history_)
    assert found.history_["loss[page]"][-1] < found.history_["loss[page]"][0]
    Z = found.transform(events)
    assert_array_equal(Z, found.transform(in_chunks(events)))
    assert_array_equal(Z[:, -1], expected.transform(events)[:, -1])  # the moments
    back = found.inverse_transform(Z)
    assert back.iloc[0].dtype == events.iloc[0].dtype


@pytest.mark.parametrize("parameters", [{}, {"scaler": "minmax"}], ids=str)
def test_pages_alone_in_chunks(plain_autoencoder, events, parameters):
    pages = [x["page"] for x in events[4:]]
    found = plain_autoencoder(**parameters).fit(in_chunks(pages, buffer_size=60))
    assert found.scaler_ is None
    assert (
        found._fitted.schema.events
        == plain_autoencoder(epochs=1).fit(pages)._fitted.schema.events
    )


def test_events_go_on_with_what_was_learnt(plain_autoencoder, events):
    X = in_chunks(events, buffer_size=SMALL)
    found = plain_autoencoder(warm_start=True).fit(X)
    learnt = found._fitted.schema.events
    found.partial_fit(in_chunks(events[:10])).fit(X)
    assert found._fitted.schema.events is learnt
    assert found.n_iter_ == 2 + 1 + 2


@pytest.mark.slow
def test_time_of_numbers_in_chunks(plain_autoencoder, sequences):
    frames = [
        pd.DataFrame({"x": x[:, 0]}, [np.full(len(x), i), np.arange(len(x)) ** 2 + i])
        for i, x in enumerate(sequences)
    ]
    autoencoder = plain_autoencoder(time=True)
    expected = clone(autoencoder).fit(pd.concat(frames))
    found = clone(autoencoder).fit(SequenceChunks(lambda: frames, buffer_size=SMALL))
    assert found._fitted.schema.events == expected._fitted.schema.events
    regular = [
        frame.set_axis([frame.index.get_level_values(0), np.arange(len(frame))])
        for frame in frames
    ]
    found = clone(autoencoder).fit(SequenceChunks(lambda: regular, buffer_size=SMALL))
    assert found._fitted.schema.events.clock is None
    assert_allclose(found.scaler_.mean_, expected.scaler_.mean_[:1], rtol=1e-9)
    with pytest.raises(ValueError, match=r"^chunk 0: time=True, but X has no times"):
        clone(autoencoder).fit(in_chunks(sequences))


def as_numbers(x):
    return x.astype([("when", "M8[us]"), ("page", float), ("amount", float)])


def with_numbers(X):
    page = X.iloc[12]
    page["page"] = np.nan
    X.iloc[12] = as_numbers(page)
    X.iloc[12]["page"] = 7
    return X


def with_text(X):
    X.iloc[12] = X.iloc[12].astype([("when", "M8[us]"), ("page", "O"), ("amount", "O")])
    X.iloc[12]["amount"] = "much"
    return X


def without_times(X):
    return X.map(lambda x: x[["page", "amount"]])


def in_a_zone(X):
    X.attrs["time_zone"] = "UTC"
    return X


@pytest.mark.parametrize("buffer_size", [SMALL, 10**6])
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            with_numbers,
            TypeError,
            r"column 'page' holds numbers, but text \('.*' for example\) in chunk 4",
        ),
        (
            with_text,
            TypeError,
            r"column 'amount' holds text \('much' for .*, but numbers in chunk 0",
        ),
        (without_times, ValueError, "X has no times, but times in chunk 0"),
        (
            in_a_zone,
            TypeError,
            "the times of X are dates in a time zone, but those before were dates wi",
        ),
    ],
    ids=["numbers", "text", "no times", "a zone"],
)
def test_chunks_of_another_kind_are_named(
    plain_autoencoder, events, change, error, message, buffer_size
):
    def parts():
        for i in range(24):
            part = events[i : i + 1].map(np.copy)
            yield change(events.map(np.copy))[12:13] if i == 12 else part

    X = SequenceChunks(parts, buffer_size=buffer_size)
    with pytest.raises(error, match=f"^chunk 12: {message}"):
        plain_autoencoder().fit(X)


# -- errors ----------------------------------------------------------------------------


def test_a_generator_is_refused(plain_autoencoder, sequences):
    with pytest.raises(TypeError, match=r"X is a .*iter.*SequenceChunks\(function\)"):
        plain_autoencoder().fit(iter([sequences]))
    with pytest.raises(TypeError, match="expected a function that returns"):
        SequenceChunks(iter([sequences]))


def test_a_function_that_returns_one_generator_twice(plain_autoencoder, sequences):
    once = iter([sequences[:12], sequences[12:]])
    X = SequenceChunks(lambda: once, buffer_size=SMALL)
    with pytest.raises(ValueError, match=r"24 sequences when .* read first, and 0"):
        plain_autoencoder().fit(X)


OTHERS = {
    "values": (
        lambda X: [*X[:10], X[10] * 1000, *X[11:]],
        "^chunk 2: it has other val",
    ),
    "one bit": (
        lambda X: [*X[:10], np.nextafter(X[10], np.inf), *X[11:]],
        "^chunk 2: it has other values, cat",
    ),
    "lengths": (
        lambda X: [*X[:20], X[20][1:], *X[21:]],
        r"^chunk 4: it has \d+ time steps now, but had \d+ when fit read X first",
    ),
    "order": (lambda X: X[::-1], "^chunk 0: it has "),
    "cut elsewhere": (
        lambda X: [*X[:3], np.concatenate(X[3:5]), *X[5:]],
        r"^chunk 0: it has \d+ time steps",
    ),
    "fewer": (
        lambda X: X[:20],
        "24 sequences when .* 20 when .*: chunk 4 is the first",
    ),
    "fewer in the last": (
        lambda X: X[:-1],
        "^chunk 4: it has 3 sequences now, but had 4",
    ),
    "more": (
        lambda X: [*X, X[0], X[1], X[2]],
        "^chunk 4: it has 5 seq|^chunk 5: fit",
    ),
    "none": (lambda X: [], "24 sequences when .*and 0"),
}


def changing(X, change, n_same, **options):
    """Return chunks that are others from the ``n_same + 1``-th reading on."""
    n_read = 0

    def chunks():
        nonlocal n_read
        n_read += 1
        now = list(X) if n_read <= n_same else change(list(X))
        return (now[i : i + 5] for i in range(0, len(now), 5))

    return SequenceChunks(chunks, **options)


@pytest.mark.parametrize("n_same", [1, 2])
@pytest.mark.parametrize("other", OTHERS)
def test_chunks_that_change_during_a_fit_are_refused(
    fitted_plain, sequences, other, n_same
):
    change, message = OTHERS[other]
    X = changing(sequences, change, n_same, buffer_size=SMALL)
    autoencoder = pickle.loads(pickle.dumps(fitted_plain))
    before = fitted_bits(autoencoder)
    with pytest.raises(ValueError, match=message):
        autoencoder.fit(X)
    assert fitted_bits(autoencoder) == before


@pytest.mark.parametrize("other", OTHERS)
def test_chunks_that_change_before_they_are_embedded_are_refused(
    fitted_plain, sequences, other
):
    """Where all fit into the buffer, they are read a second time by this alone."""
    change, message = OTHERS[other]
    with pytest.raises(ValueError, match=message):
        clone(fitted_plain).fit_transform(changing(sequences, change, 1))


@pytest.mark.parametrize("n_same", [1, 2])
def test_events_that_change_during_a_fit_are_refused(plain_autoencoder, events, n_same):
    def chunks_of(name, value):
        n_read = 0

        def chunks():
            nonlocal n_read
            n_read += 1
            now = events.map(np.copy)
            if n_read > n_same:
                now.iloc[7][name] = value
            return (now[i : i + 5] for i in range(0, len(now), 5))

        return SequenceChunks(chunks, buffer_size=SMALL)

    later = events.iloc[7]["when"] + np.timedelta64(1, "s")
    for name, value in (("when", later), ("page", "elsewhere")):
        with pytest.raises(ValueError, match=r"^chunk 1: it has other values, cat"):
            plain_autoencoder().fit(chunks_of(name, value))


def test_new_chunks_are_for_a_new_call(plain_autoencoder, sequences):
    X = changing(sequences, lambda X: [x * 2 for x in X], 3, buffer_size=SMALL)
    autoencoder = plain_autoencoder(warm_start=True).fit(X)  # reads three times
    autoencoder.partial_fit(X).fit(X)
    assert autoencoder.n_iter_ == 2 + 1 + 2


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"scaler": "robust"}, "RobustScaler, which has no partial_fit"),
        ({"early_stopping": True}, "sets sequences aside.*buffer_size"),
    ],
)
def test_what_needs_all_sequences_in_memory(
    plain_autoencoder, sequences, parameters, message
):
    X = in_chunks(sequences, buffer_size=SMALL)
    with pytest.raises((TypeError, ValueError), match=message):
        plain_autoencoder(**parameters).fit(X)


def test_what_stands_beside_chunks(plain_autoencoder, fitted_plain, sequences):
    X, ones = in_chunks(sequences), np.ones(len(sequences))
    with pytest.raises(ValueError, match="sample_weight is given, but X comes in"):
        plain_autoencoder().fit(X, sample_weight=ones)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        plain_autoencoder().fit(X, ones[:-1])
    with pytest.raises(TypeError, match="in chunks, which this method does not take"):
        fitted_plain.reconstruct(X)
    with pytest.raises(ValueError, match="buffer_size == 0, must be >= 1"):
        in_chunks(sequences, buffer_size=0)


@pytest.mark.parametrize("buffer_size", [SMALL, 10**6])
def test_a_chunk_that_can_not_be_used_is_named(
    plain_autoencoder, fitted_plain, sequences, buffer_size
):
    X = list(sequences)
    X[12] = np.full((4, 2), np.inf)
    bad = in_chunks(X, buffer_size=buffer_size)
    for method in (plain_autoencoder().fit, fitted_plain.transform):
        with pytest.raises(InvalidSequenceError, match=r"^chunk 2: sequence 2 holds"):
            method(bad)
    X[12] = np.ones((4, 3))
    with pytest.raises(ValueError, match=r"^chunk 2: sequence 2 has 3 features"):
        plain_autoencoder().fit(bad)


def test_no_chunks(plain_autoencoder, fitted_plain):
    for method in (plain_autoencoder().fit, fitted_plain.transform):
        with pytest.raises(ValueError, match="X has no chunks"):
            method(SequenceChunks(lambda: iter([])))


def test_a_feature_that_is_nowhere_observed(plain_autoencoder, sequences):
    X = [x * [1, np.nan] for x in sequences]
    with pytest.raises(InvalidSequenceError, match="feature 1 has no observed value"):
        plain_autoencoder().fit(in_chunks(X, buffer_size=SMALL))
