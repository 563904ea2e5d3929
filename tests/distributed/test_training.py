"""Training on the partitions of Dask collections, on a cluster and without one."""

import os
import random
import signal
import threading

import keras
import numpy as np
import pandas as pd
import pytest
from helpers import fitted_bits
from internals import Ended, checkpoints_at_every_call, ended_at_checkpoint
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sklearn_seqae import LSTMAutoencoderTransformer, SequenceChunks, to_sequences
from sklearn_seqae.exceptions import InvalidSequenceError

dask = pytest.importorskip("dask", reason="the extra distributed is not installed")
from clusters import XLA  # noqa: E402

SIZES = (9, 1, 14)
# Every loss and both decoders, and all that is random
EVERYTHING = {
    "n_components": 12,
    "pooling": ("last", "mean", "max", "attention"),
    "exact_components": ["instance_norm", "length"],
    "encoder_inputs": ["differences"],
    "contrastive_weight": 0.3,
    "kl_weight": 1e-3,
    "sparsity_weight": 1e-3,
    "mask_ratio": 0.3,
    "noise": 0.1,
    "dropout": 0.1,
    "forecast_horizon": 2,
}


def parts_of(X, sizes=SIZES):
    stops = np.cumsum(sizes)
    return [X[stop - size : stop] for stop, size in zip(stops, sizes, strict=True)]


def bag_of(parts):
    import dask.bag as db

    return db.from_delayed([dask.delayed(part) for part in parts])


@pytest.fixture(scope="module")
def in_bag(sequences):
    return bag_of(parts_of(sequences))


class Killer(keras.callbacks.Callback):
    """Kills a worker at the begin of a batch."""

    def __init__(self, client, batch):
        super().__init__()
        self.client, self.batch, self.killed = client, batch, None

    def on_train_batch_begin(self, batch, logs=None):
        if batch == self.batch and self.killed is None:
            self.killed = next(iter(self.client.run(os.getpid).values()))
            os.kill(self.killed, signal.SIGKILL)


# -- the same as in one process --------------------------------------------------------


def test_weights_are_those_of_one_process_on_the_same_batches(
    client, plain_autoencoder, sequences
):
    # One batch an epoch, so that it has the same sequences: two shards, each elsewhere
    autoencoder = plain_autoencoder(batch_size=32, epochs=5, scaler="minmax")
    expected = clone(autoencoder).fit(sequences)
    with client.as_current():
        found = clone(autoencoder).fit(bag_of(parts_of(sequences, (15, 9))))
    for name, loss in expected.history_.items():
        assert_allclose(found.history_[name], loss, rtol=1e-5)
    assert_allclose(
        found.transform(sequences), expected.transform(sequences), rtol=0, atol=1e-5
    )


def test_a_cluster_gives_the_bits_of_one_process(client, plain_autoencoder, in_bag):
    autoencoder = plain_autoencoder(**EVERYTHING, batch_size=20)
    with client.as_current():
        found = clone(autoencoder).fit(in_bag)
    assert np.isfinite(list(found.history_.values())).all()
    assert fitted_bits(found) == fitted_bits(clone(autoencoder).fit(in_bag))


def test_fits_inside_tasks_stay_in_them(client, plain_autoencoder, in_bag):
    expected = fitted_bits(plain_autoencoder().fit(in_bag))
    fits = [
        client.submit(
            _fit_in_task, plain_autoencoder(), in_bag, workers=worker, pure=False
        )
        for worker in client.scheduler_info()["workers"]
    ]
    for fit in fits:  # each worker is busy: none is left for more
        assert fitted_bits(fit.result(timeout=120)) == expected


def _fit_in_task(estimator, X):
    from distributed import get_client

    with get_client().as_current():
        return estimator.fit(X)


def test_a_killed_worker_changes_nothing(client, plain_autoencoder, in_bag):
    autoencoder = plain_autoencoder(epochs=4)
    expected = clone(autoencoder).fit(in_bag)
    pids = set(client.run(os.getpid).values())
    killer = Killer(client, batch=2)
    with client.as_current():
        found = clone(autoencoder).set_params(callbacks=[killer]).fit(in_bag)
    assert killer.killed in pids
    client.wait_for_workers(2)
    assert killer.killed not in set(client.run(os.getpid).values())
    found.set_params(callbacks=None)
    assert fitted_bits(found) == fitted_bits(expected)


@pytest.mark.trust
def test_workers_that_are_killed_at_random_moments(client, plain_autoencoder, in_bag):
    autoencoder = plain_autoencoder(epochs=60, mask_ratio=0.3)
    expected = fitted_bits(clone(autoencoder).fit(in_bag))
    rng = random.Random(0)
    for _ in range(4):
        client.wait_for_workers(2)
        pid = rng.choice(list(client.run(os.getpid).values()))
        kill = threading.Timer(rng.uniform(0, 5), os.kill, (pid, signal.SIGKILL))
        kill.start()
        with client.as_current():
            found = clone(autoencoder).fit(in_bag)
        kill.join()
        assert fitted_bits(found) == expected


@pytest.mark.trust
@pytest.mark.xla
def test_the_defaults_compiled(client, in_bag):
    autoencoder = LSTMAutoencoderTransformer(epochs=3, random_state=0)
    client.register_plugin(XLA(on=True), name="xla")
    try:
        with client.as_current():
            found = clone(autoencoder).fit(in_bag)
    finally:
        client.register_plugin(XLA(on=False), name="xla")
    assert fitted_bits(found) == fitted_bits(autoencoder.fit(in_bag))


def test_python_s_and_numpy_s_global_generators_don_t_count(
    plain_autoencoder, in_bag, client
):
    bits = []
    for seed in (0, 1):
        random.seed(seed)
        client.run(random.seed, seed)
        before = np.random.get_state()[1].tolist()
        with client.as_current():
            fitted = plain_autoencoder(epochs=1, mask_ratio=0.3).fit(in_bag)
        bits.append(fitted_bits(fitted))
        assert np.random.get_state()[1].tolist() == before
    assert bits[0] == bits[1]


# -- what is fitted --------------------------------------------------------------------


def test_what_is_fitted_before_training_is_that_of_chunks(
    plain_autoencoder, sequences, in_bag
):
    autoencoder = plain_autoencoder(
        epochs=1,
        encoder_inputs=["differences"],
        exact_components=["instance_norm", "length"],
        n_components=12,
    )
    X = SequenceChunks(lambda: iter(parts_of(sequences)), buffer_size=150)
    found, expected = clone(autoencoder).fit(in_bag), clone(autoencoder).fit(X)
    assert_array_equal(found.scaler_.mean_, expected.scaler_.mean_)
    assert_allclose(found.scaler_.mean_, np.concatenate(sequences).mean(axis=0))
    assert found.max_length_ == expected.max_length_ == 16
    assert found._fitted.schema.container.kind == "list"


def test_frames_of_cells(plain_autoencoder, sequences):
    import dask.dataframe as dd

    cells = pd.Series(sequences, pd.Index(np.arange(24) * 3, name="id"))
    with dask.config.set({"dataframe.convert-string": False}):
        X = dd.from_pandas(cells, npartitions=3)
        autoencoder = plain_autoencoder(epochs=1)
        Z = autoencoder.fit_transform(X).compute(scheduler="synchronous")
    assert_array_equal(Z.index, cells.index)
    assert_array_equal(Z, autoencoder.transform(sequences))
    assert autoencoder.reconstruct(cells).index.equals(cells.index)


def test_more_is_learnt_with_more_epochs(plain_autoencoder, in_bag):
    autoencoder = plain_autoencoder(epochs=25, learning_rate=0.02).fit(in_bag)
    loss = autoencoder.history_["loss"]
    assert loss[-1] < 0.8 * loss[0]
    assert autoencoder.n_iter_ == 25


def test_fits_go_on(plain_autoencoder, sequences, in_bag):
    autoencoder = plain_autoencoder(warm_start=True).fit(in_bag)
    autoencoder.partial_fit(in_bag)
    autoencoder.fit(in_bag)
    assert autoencoder.n_iter_ == len(autoencoder.history_["loss"]) == 2 + 1 + 2
    assert autoencoder.fit(sequences).n_iter_ == 7


def test_killed_fits_go_on_to_the_same_bits(
    plain_autoencoder, in_bag, tmp_path, monkeypatch
):
    checkpoints_at_every_call(monkeypatch.setattr)
    parameters = {"epochs": 4, "noise": 0.1, "mask_ratio": 0.3}
    expected = fitted_bits(plain_autoencoder(**parameters).fit(in_bag))
    backup = keras.callbacks.BackupAndRestore(tmp_path)
    autoencoder = plain_autoencoder(callbacks=[backup], **parameters)
    with pytest.raises(Ended), ended_at_checkpoint(3):
        clone(autoencoder).fit(in_bag)
    assert fitted_bits(clone(autoencoder).fit(in_bag)) == expected


@pytest.fixture(scope="module")
def events(sequences):
    """Sessions of a page, an amount and a time; the first ones have no page."""
    rng = np.random.default_rng(0)
    ids = np.repeat(np.arange(len(sequences)), list(map(len, sequences)))
    table = pd.DataFrame({"id": ids, "when": rng.integers(1, 999, len(ids)).cumsum()})
    table["page"] = rng.choice(["home", "cart", "pay", None], len(ids))
    table["amount"] = np.concatenate(sequences)[:, 0]
    table.loc[ids < 9, "page"] = None
    return to_sequences(table, by="id", order="when")


def test_events_on_a_cluster(client, plain_autoencoder, events):
    import dask.dataframe as dd

    with dask.config.set({"dataframe.convert-string": False}):
        X = dd.from_pandas(events, npartitions=3)
    autoencoder = plain_autoencoder(epochs=3, forecast_horizon=2, max_categories=3)
    with client.as_current():
        found = clone(autoencoder).fit(X)
        Z = found.transform(X).compute()
    assert fitted_bits(found) == fitted_bits(clone(autoencoder).fit(X))
    assert_array_equal(Z, found.transform(events))
    expected = clone(autoencoder).fit(events)
    assert found._fitted.schema.events == expected._fitted.schema.events
    assert found._fitted.schema.events.n_moments == 1
    assert (
        found._fitted.schema.container.levels
        == expected._fitted.schema.container.levels
    )
    chunks = SequenceChunks(lambda: parts_of(events), buffer_size=150)
    assert (
        found._fitted.schema.events
        == clone(autoencoder).fit(chunks)._fitted.schema.events
    )
    assert set(found.history_) == set(expected.history_)
    for name, loss in expected.history_.items():
        assert_allclose(found.history_[name][0], loss[0], rtol=0.1)
    found.set_params(warm_start=True).fit(X)
    assert found.n_iter_ == 6


def test_counts_of_categories_are_those_of_one_process(plain_autoencoder, events):
    """N-grams among the components, and what follows which, to the bit."""
    import dask.dataframe as dd

    with dask.config.set({"dataframe.convert-string": False}):
        X = dd.from_pandas(events, npartitions=3)
    exact = ["ngrams", "category_means", "length"]
    counts = {"n_components": None, "exact_components": exact}
    counts |= {"epochs": 0, "forecast_horizon": 1, "time": False}
    found, expected = (plain_autoencoder(**counts).fit(x) for x in (X, events))
    names = expected.get_feature_names_out()
    is_count = np.char.startswith(names.astype(str), "page_")
    assert is_count.sum() > 9
    ours = np.asarray(found.transform(X).compute())[:, is_count]
    assert_array_equal(ours, np.asarray(expected.transform(events))[:, is_count])
    is_mean = np.char.find(names.astype(str), "_page_") > 0
    assert is_mean.sum() >= 8
    theirs = np.asarray(found.transform(X).compute())[:, is_mean]
    assert_allclose(
        theirs, np.asarray(expected.transform(events))[:, is_mean], rtol=1e-4
    )
    (chain,), (other,) = (each._fitted.network.chains for each in (found, expected))
    assert_array_equal(chain.grams, other.grams)
    assert_array_equal(chain.counts, other.counts)


# -- errors ----------------------------------------------------------------------------


def test_a_sequence_that_can_not_be_used_is_named(client, plain_autoencoder, sequences):
    X = list(sequences)
    X[12] = np.full((4, 2), np.inf)
    message = r"^partition 2: sequence 2 holds"
    with pytest.raises(InvalidSequenceError, match=message), client.as_current():
        plain_autoencoder().fit(bag_of(parts_of(X)))
    with pytest.raises(InvalidSequenceError, match=message):
        plain_autoencoder().fit(bag_of(parts_of(X)))
    X[12] = np.ones((4, 3))
    with pytest.raises(ValueError, match=r"^partition 2: sequence 2 has 3 features"):
        plain_autoencoder().fit(bag_of(parts_of(X)))
    X[10:] = [np.ones((4, 3))] * 14
    with pytest.raises(ValueError, match=r"^partition 2: sequence 0 has 3 features"):
        plain_autoencoder().fit(bag_of(parts_of(X)))


@pytest.mark.parametrize("sizes", [(0, 24), (12, 0, 12)])
def test_an_empty_partition_is_named(plain_autoencoder, sequences, sizes):
    message = rf"^partition {sizes.index(0)}: there is nothing in it.*repartition"
    with pytest.raises(ValueError, match=message):
        plain_autoencoder().fit(bag_of(parts_of(sequences, sizes)))


def test_a_partition_of_another_kind_is_named(plain_autoencoder, sequences):
    numbers = [x[:, 0] for x in sequences]
    text = [np.array(["a", "b"], object)] * 4
    message = "^partition {}: feature 0 holds {}"
    with pytest.raises(
        TypeError, match=message.format(2, "text .*numbers in part.* 0")
    ):
        plain_autoencoder().fit(bag_of([numbers[:8], numbers[8:], text]))
    with pytest.raises(TypeError, match=message.format(1, "numbers, but text .* 0;")):
        plain_autoencoder().fit(bag_of([text, numbers]))


def test_a_feature_that_is_nowhere_observed(plain_autoencoder, sequences):
    X = [x * [1, np.nan] for x in sequences]
    with pytest.raises(InvalidSequenceError, match="feature 1 has no observed value"):
        plain_autoencoder().fit(bag_of(parts_of(X)))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"scaler": "robust"}, "RobustScaler, which has no partial_fit"),
        ({"early_stopping": True}, "sets sequences aside.*is a Dask collection"),
    ],
)
def test_what_needs_all_sequences_in_memory(
    plain_autoencoder, in_bag, parameters, message
):
    with pytest.raises((TypeError, ValueError), match=message):
        plain_autoencoder(**parameters).fit(in_bag)


def test_what_stands_beside_partitions(plain_autoencoder, in_bag):
    with pytest.raises(ValueError, match="sample_weight is given, but X comes in"):
        plain_autoencoder().fit(in_bag, sample_weight=np.ones(24))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        plain_autoencoder().fit(in_bag, y=np.ones(23))


class Forgetful:
    """Tasks that are run again whenever what they return is asked for.

    So a cluster does that loses all workers at every moment.
    """

    def read(self, X):
        return [lambda part=part: part.compute() for part in X.to_delayed()]

    def places(self):
        return [None]

    def submit(self, function, *arguments, place=None):
        def run():
            return function(*(each() if callable(each) else each for each in arguments))

        return run

    def gather(self, results):
        return [result() for result in results]


@pytest.mark.parametrize("changes", [False, True])
def test_partitions_that_are_read_again_must_be_the_same(
    plain_autoencoder, sequences, monkeypatch, changes
):
    import dask.bag as db

    from sklearn_seqae._patches.source import in_partitions

    n_read = 0

    def second():
        nonlocal n_read
        n_read += 1
        return [x + 1e-9 * (changes and n_read > 3) for x in sequences[9:]]

    X = db.from_delayed([dask.delayed(list)(sequences[:9]), dask.delayed(second)()])
    monkeypatch.setattr(in_partitions, "open_tasks", Forgetful)
    with dask.config.set(scheduler="synchronous"):
        if not changes:
            plain_autoencoder(epochs=1).fit(X)
            assert n_read > 3
            return
        with pytest.raises(ValueError, match="partition 1: it has other values, cat"):
            plain_autoencoder(epochs=1).fit(X)
