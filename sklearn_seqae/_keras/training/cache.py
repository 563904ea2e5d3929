"""Training programs that outlive the estimator; each serves one fit at a time.

The cache is the one piece of module-level mutable state of the package. Its owner is
this module; its bounds are `MAX_IDLE` idle workspaces and, but for the last one used,
`MAX_IDLE_BYTES` of their buffers; the least recently used goes first. Two threads never
share a workspace: `borrow` takes it out of the cache.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sklearn_seqae._keras.devices import has_gpu, xla_compiles
from sklearn_seqae._keras.optimizers import optimizer_key
from sklearn_seqae._keras.training.program import Program
from sklearn_seqae._keras.training.workspace import Workspace

MAX_IDLE = 8
MAX_IDLE_BYTES = 2**29


_idle: list[tuple[Any, Workspace]] = []  # least recently used first
_lock = threading.Lock()


@contextmanager
def borrow(program: Program, optimizer: Any) -> Iterator[Workspace]:
    """Borrow a workspace, idle or new, for a ``with`` block; it is kept if sound."""
    key = (program, optimizer_key(optimizer), has_gpu(), xla_compiles())
    workspace = _take(key) or Workspace(program, optimizer)
    try:
        yield workspace
    finally:
        if workspace.is_sound and np.isfinite(workspace.vector).all():
            _give_back(key, workspace)
        else:
            workspace.close()


def _take(key: Any) -> Workspace | None:
    with _lock:
        for i in reversed(range(len(_idle))):
            if _idle[i][0] == key:
                return _idle.pop(i)[1]
    return None


def _give_back(key: Any, workspace: Workspace) -> None:
    with _lock:
        _idle.append((key, workspace))
        while len(_idle) > MAX_IDLE or (
            len(_idle) > 1 and sum(idle.n_bytes for _, idle in _idle) > MAX_IDLE_BYTES
        ):
            _idle.pop(0)[1].close()
