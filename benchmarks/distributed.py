"""``python -m benchmarks.distributed``: training and embedding on a Dask cluster.

Seconds of an update on one and on two workers, beside a cost model whose parts are
measured one by one, and what it predicts for more workers. Then a large table of
sequences from Parquet to Parquet. Written to a file that the page "Many machines"
includes. Workers have one thread each, on this machine.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks import _machine
from benchmarks._page import write_tables
from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae._containers.dask import OnCluster

N_FEATURES = 3
SHORTEST, LONGEST = 20, 60  # time steps
ROWS = 16  # sequences of a shard
BATCH_SIZES = (64, 1024)
WORKERS = (1, 2)
PREDICTED = (1, 2, 8, 64)
N_ECHOES = 30
EPOCHS = 9
N_FILES = 4
SMALL = {"hidden_layer_sizes": 8, "n_components": 16, "patch_size": 4}
# By default Dask has its workers give memory back at once: see "Many machines"
KEEPING_MEMORY = {"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None}
Table = dict[str, list[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=int, default=1024, help="sequences to train on")
    parser.add_argument("--embed", type=int, default=100_000, help="and to embed")
    asked = parser.parse_args()
    title = f"A table of {asked.embed:,} sequences, from Parquet to Parquet"
    updates, parts = training(asked.train)
    tables = {
        "An update: measured, and predicted": updates,
        title: embedding(asked.embed),
    }
    cells = {name: pd.DataFrame(table) for name, table in tables.items()}
    write_tables("distributed_tables.txt", cells, _head(asked.train, parts))


# Training -----------------------------------------------------------------------------


def training(n_sequences: int) -> tuple[Table, dict[str, float]]:
    """Measure the parts of the model, then updates: a row for each, and the parts."""
    X = sequences(n_sequences)
    with cluster(1) as client:
        (one_process,) = alone(client, X)
    parts = {"shard": slope(one_process)}
    parts["apply"] = max(0.0, one_process[64] - 4 * parts["shard"])
    with cluster(2) as client:
        parts["shard beside"] = float(np.mean(list(map(slope, alone(client, X)))))
        weights = LSTMAutoencoderTransformer(epochs=1, random_state=0).fit(X[:64])
        n = sum(w.size for w in weights._fitted.network.state.weights.values())
        two, eight = (round_trip(client, np.zeros(n, np.float32), k) for k in (2, 8))
    parts["task"] = max(0.0, (eight - two) / 6)
    parts["round trip"] = max(0.0, two - 2 * parts["task"])
    parts["numbers"] = float(n)
    measured: dict[tuple[int, int], float] = {}
    for n_workers in WORKERS:
        with cluster(n_workers):
            for size in BATCH_SIZES:
                measured[n_workers, size] = update(X, size)
                note(n_workers, size, measured[n_workers, size])
    rows = []
    for size in BATCH_SIZES:
        for n_workers in PREDICTED:
            model = predicted(parts, size, n_workers)
            found, gain = measured.get((n_workers, size)), one_process[size] / model
            rows.append(
                {
                    "batch_size": str(size),
                    "workers": str(n_workers),
                    "measured, ms": "" if found is None else f"{1e3 * found:.0f}",
                    "predicted, ms": f"{1e3 * model:.0f}",
                    "sequences a second, predicted": f"{size / model:,.0f}",
                    "times one process of one thread": f"{gain:.2f}",
                }
            )
    return pd.DataFrame(rows).to_dict("list"), parts


def predicted(parts: dict[str, float], batch_size: int, n_workers: int) -> float:
    """Return the seconds of an update by the model that the page gives.

    Two workers are those that are measured: they share this machine. More have
    machines of their own.
    """
    shard = parts["shard beside" if n_workers == 2 else "shard"]
    n_shards = batch_size // ROWS
    n_tasks = min(n_shards, max(2, n_workers))  # two partitions, or one for each worker
    shards_of_one = -(-n_shards // n_workers)
    return (
        parts["round trip"]
        + parts["apply"]
        + n_tasks * parts["task"]
        + shards_of_one * shard
    )


def alone(client: Any, X: list[NDArray[np.float64]]) -> list[dict[int, float]]:
    """Return the seconds of an update that a worker makes by itself, by batch size.

    All workers do so at the same time.
    """
    workers = list(client.scheduler_info()["workers"])
    found = [client.submit(_updates, X, workers=w, pure=False) for w in workers]
    seconds: list[dict[int, float]] = client.gather(found)
    return seconds


def _updates(X: list[NDArray[np.float64]]) -> dict[int, float]:
    return {size: update(X, size) for size in BATCH_SIZES}


def slope(alone: dict[int, float]) -> float:
    """Return the seconds of a shard, from those of batches of two sizes."""
    few, many = BATCH_SIZES
    return (alone[many] - alone[few]) / ((many - few) // ROWS)


def update(X: list[NDArray[np.float64]], batch_size: int) -> float:
    """Return the seconds of an update: the median of some epochs."""
    import keras

    ends = []
    note_end = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: ends.append(time.perf_counter())
    )
    LSTMAutoencoderTransformer(
        epochs=EPOCHS, batch_size=batch_size, callbacks=[note_end], random_state=0
    ).fit(in_bag(X, 2))
    return float(np.median(np.diff(ends)) / -(-len(X) // batch_size))


def round_trip(client: Any, vector: NDArray[np.float32], n_tasks: int) -> float:
    """Return the seconds in which tasks get a vector and return one like it."""
    tasks, seconds = OnCluster(client), []
    for _ in range(N_ECHOES):
        started = time.perf_counter()
        weights = tasks.submit(_echo, vector)
        tasks.gather([tasks.submit(_echo, weights) for _ in range(n_tasks)])
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds))


def _echo(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return vector + 1


# Embedding ----------------------------------------------------------------------------


def embedding(n_sequences: int) -> Table:
    """Embed a table of sequences, in one process and on two workers."""
    import dask.dataframe as dd

    from sklearn_seqae import ParquetSequences

    rows = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "X").mkdir()
        size = n_sequences // N_FILES
        for i in range(N_FILES):
            cells(sequences(size, seed=i), i * size).to_parquet(
                folder / "X" / f"{i}.parquet"
            )
        X = ParquetSequences(folder / "X", columns=list("abc"), by="id")
        few = cells(sequences(256), 0)
        autoencoder = LSTMAutoencoderTransformer(epochs=1, random_state=0, **SMALL)
        autoencoder.fit(few).warm_up(LONGEST)
        started = time.perf_counter()
        autoencoder.set_output(transform="pandas")
        autoencoder.transform(X).to_parquet(folder / "alone.parquet")
        rows.append(_rate("one process, ParquetSequences", n_sequences, started))
        autoencoder.set_output(transform="default")
        with cluster(2) as client:
            read = dd.read_parquet(folder / "X", dtype_backend="pyarrow")
            Z = autoencoder.transform(read)
            client.run(autoencoder.warm_up, LONGEST)
            started = time.perf_counter()
            Z.to_parquet(folder / "Z")
            rows.append(_rate("two workers, dd.read_parquet", n_sequences, started))
        found = pd.read_parquet(folder / "Z").sort_index()
        expected = pd.read_parquet(folder / "alone.parquet").sort_index()
        assert np.array_equal(found, expected)
    return pd.DataFrame(rows).to_dict("list")


def _rate(name: str, n: int, started: float) -> dict[str, str]:
    seconds = time.perf_counter() - started
    note(name, seconds)
    return {
        "": name,
        "seconds": f"{seconds:.0f}",
        "sequences a second": f"{n / seconds:,.0f}",
    }


# Data and clusters --------------------------------------------------------------------


def sequences(n: int, seed: int = 0) -> list[NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(SHORTEST, LONGEST + 1, size=n)
    return [rng.normal(size=(k, N_FEATURES)).cumsum(axis=0) / 5 for k in lengths]


def cells(X: list[NDArray[np.float64]], first: int) -> pd.DataFrame:
    index = pd.Index(np.arange(first, first + len(X)), name="id")
    columns = {name: [x[:, j] for x in X] for j, name in enumerate("abc")}
    return pd.DataFrame(columns, index)


def in_bag(X: list[NDArray[np.float64]], n_partitions: int) -> Any:
    import dask.bag as db

    return db.from_sequence(X, npartitions=n_partitions)


@contextmanager
def cluster(n_workers: int) -> Iterator[Any]:
    import dask
    from distributed import Client, LocalCluster

    dask.config.set(KEEPING_MEMORY)
    options = {
        "threads_per_worker": 1,
        "host": "127.0.0.1",
        "dashboard_address": "127.0.0.1:0",
    }
    with LocalCluster(n_workers=n_workers, **options) as of, Client(of) as client:
        yield client


def note(*what: Any) -> None:
    print(*what, file=sys.stderr, flush=True)


def _head(n_sequences: int, parts: dict[str, float]) -> str:
    ms = {name: f"{1e3 * seconds:.1f}" for name, seconds in parts.items()}
    return (
        "An update takes, by this model,\n\n"
        ".. code-block:: text\n\n"
        "   seconds = round trip + apply + tasks * task + shards of a worker * shard\n"
        "\nwhere a batch has ``batch_size / 16`` shards, and a task for each partition "
        "that has some of them.\n\n"
        f"{_machine.measured_with('benchmarks.distributed')}. The workers, the "
        f"scheduler and this process share the cores. {n_sequences:,} sequences of "
        f"{SHORTEST} to {LONGEST} time steps and {N_FEATURES} features, in two "
        f"partitions, defaults: {int(parts['numbers']):,} weights. Updates are medians "
        f"of {EPOCHS - 1} epochs. The parts, each by itself: round trip "
        f"{ms['round trip']} ms, task {ms['task']} ms, shard {ms['shard']} ms, and "
        f"{ms['shard beside']} ms where two workers compute side by side on this "
        f"machine, which the rows of two workers take; apply {ms['apply']} ms. In a "
        f"network, {parts['numbers'] * 4 / 1e6:.1f} MB go to "
        "each worker and back in every update: add what that takes."
    )


if __name__ == "__main__":
    main()
