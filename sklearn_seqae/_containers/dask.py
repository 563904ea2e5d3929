"""Dask collections: what is done to each partition, and where."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._containers.chunks import naming
from sklearn_seqae._utils import comes_from

# Weights are an argument of a task, of which Dask would warn where they are large
QUIET = {"distributed.admin.large-graph-warning-threshold": "1 GiB"}


def is_dask(X: Any) -> bool:
    """Return whether `X` is a dask DataFrame, Series or Bag, without importing Dask."""
    return comes_from(X, "dask", "DataFrame", "Series", "Bag")


# Lazily, one partition after the other -----------------------------------------------


def map_partitions(estimator: Any, method: str, X: Any) -> Any:
    """Call a method of a fitted estimator with each partition, when Dask computes it.

    The result is a collection with the ids and the divisions of `X`.
    """
    from dask import delayed

    check_is_fitted(estimator)
    check_columns(X)
    asked = _get_output_config("transform", estimator)["dense"]
    if method == "transform" and asked != "default":
        raise ValueError(
            f"set_output(transform={asked!r}) asks for what is in memory, but X is a "
            f"dask {type(X).__name__}, whose embeddings are of the same kind and not "
            "computed yet; use set_output(transform='default')."
        )
    fitted = delayed(estimator, pure=True)
    if comes_from(X, "dask", "Bag"):
        from dask.bag import from_sequence

        numbers = from_sequence(range(X.npartitions), partition_size=1)
        return X.map_partitions(_of_items, numbers, fitted, method)
    no_rows = X._meta.iloc[:0].index
    columns, dtype = None, "float64"
    meta: Any = pd.Series([], no_rows, dtype)
    if method == "transform":
        columns = estimator.get_feature_names_out().tolist()
        dtype = estimator._fitted.schema.container.dtype
        meta = pd.DataFrame([], no_rows, columns, dtype)
    return X.map_partitions(_of_frame, fitted, method, columns, dtype, meta=meta)


def check_columns(X: Any) -> None:
    """Raise if a frame has columns of text, which Dask makes of arrays by default."""
    if comes_from(X, "dask", "Bag"):
        return
    for name, dtype in pd.DataFrame(X._meta).dtypes.items():
        if isinstance(dtype, pd.StringDtype):
            raise TypeError(
                f"column {name!r} of X is text. If it was made of arrays, Dask has "
                "turned them into text; call dask.config.set({'dataframe."
                "convert-string': False}) before X is made."
            )


def check_not_empty(partition: Any) -> None:
    if not len(partition):
        raise ValueError(
            "there is nothing in it; every partition needs a sequence at least, so "
            "call X.repartition, or leave out what selects none."
        )


def _of_items(items: Any, numbers: Any, estimator: Any, method: str) -> list[Any]:
    with naming(f"partition {next(iter(numbers))}"):
        sequences = list(items)
        check_not_empty(sequences)
        return list(getattr(estimator, method)(sequences))


def _of_frame(
    frame: Any,
    estimator: Any,
    method: str,
    columns: list[str] | None,
    dtype: str,
    partition_info: Any = None,
) -> Any:
    with naming(f"partition {partition_info['number']}"):
        check_not_empty(frame)
        found = getattr(estimator, method)(frame)
    if columns is None:
        return pd.Series(found, frame.index, dtype)
    return pd.DataFrame(found, frame.index, columns, dtype)


# In tasks ----------------------------------------------------------------------------


class Tasks:
    """Runs functions here, one after the other; arguments may be results of others."""

    def read(self, X: Any) -> list[Any]:
        """Return the partitions of a collection, computed or to be computed."""
        import dask

        return list(dask.compute(*_delayed(X)))

    def places(self) -> list[Any]:
        """Return where tasks run at the moment: a place for each that runs at once."""
        return [None]

    def submit(
        self, function: Callable[..., Any], *arguments: Any, place: Any = None
    ) -> Any:
        """Return what a function returns, computed or to be computed.

        Where there is a place, the function runs there, and elsewhere if that is lost.
        """
        return function(*arguments)

    def gather(self, results: Sequence[Any]) -> list[Any]:
        """Wait for results, and return them."""
        return list(results)


class OnCluster(Tasks):
    """Tasks on a Dask cluster, which runs them again elsewhere if a worker is lost."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def read(self, X: Any) -> list[Any]:
        return self._client.compute(_delayed(X))

    def places(self) -> list[Any]:
        n_threads = self._client.nthreads()
        turns = [(i, worker) for worker, n in n_threads.items() for i in range(n)]
        return [worker for _, worker in sorted(turns)] or [None]  # none is left

    def submit(
        self, function: Callable[..., Any], *arguments: Any, place: Any = None
    ) -> Any:
        import dask

        at = {} if place is None else {"workers": place, "allow_other_workers": True}
        with dask.config.set(QUIET):
            return self._client.submit(function, *arguments, pure=False, **at)

    def gather(self, results: Sequence[Any]) -> list[Any]:
        return self._client.gather(list(results))


def open_tasks() -> Tasks:
    """Return where tasks run: on the cluster of the active client, or here.

    Inside a task they run here: a worker that waits for others may wait for itself.
    """
    distributed = sys.modules.get("distributed")
    if distributed is None or _finds(distributed.get_worker):
        return Tasks()
    client = _finds(distributed.default_client)
    return OnCluster(client) if client else Tasks()


def _finds(get: Callable[[], Any]) -> Any:
    """Return what Dask has, or None where it says by an error that it has none."""
    try:
        return get()
    except ValueError:
        return None


def _delayed(X: Any) -> list[Any]:
    check_columns(X)
    if comes_from(X, "dask", "Bag"):
        X = X.map_partitions(list)
    return X.to_delayed()
