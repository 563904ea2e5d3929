"""How the states of an LSTM layer become numbers of the vector.

Each kind is taken over a sequence's own steps, for each unit of each direction. The
same meaning twice: from sums that run along with the recurrence (`RunningPool`), and
from a whole sequence of states in stock Keras operations (`pool_sequence`). `attention`
needs the whole sequence in either case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf
from keras import ops

EPSILON = 1e-4  # added to a variance: a square root has no slope at zero
NEEDS = {  # sums that each kind is made of, "attention" aside
    "last": ("last",),
    "mean": ("total",),
    "max": ("highest",),
    "min": ("lowest",),
    "std": ("total", "squares"),
}
Tensor = Any


class RunningPool:
    """Sums over the steps of a recurrence, and their share of a state's gradient.

    Parameters
    ----------
    kinds : sequence of str
        Of those in `NEEDS`.
    lengths : int32 tensor of shape (B,)
        Own steps of each row; a row of none gives zeros.
    """

    def __init__(self, kinds: Sequence[str], lengths: Tensor) -> None:
        self._lengths = lengths
        self.names = tuple(dict.fromkeys(n for kind in kinds for n in NEEDS[kind]))

    def start(self, like: Tensor) -> dict[str, Tensor]:
        """Return the sums before the first step; ``like`` is a state, (D, B, U)."""
        sums = {name: tf.zeros_like(like) for name in self.names}
        steps = {
            f"{name}_at": tf.zeros_like(like, tf.int32)
            for name in ("highest", "lowest")
            if name in self.names
        }
        return sums | steps

    def add(self, sums: Mapping[str, Tensor], t: Tensor, h: Tensor) -> dict[str, Any]:
        """Take in the states of step ``t``."""
        own, now = self.at_own_step(t), dict(sums)
        if "last" in now:
            now["last"] = tf.where(self._ends(t), h, now["last"])
        if "total" in now:
            now["total"] += tf.where(own, h, 0)
        if "squares" in now:
            now["squares"] += tf.where(own, h * h, 0)
        for name, better in (("highest", tf.greater), ("lowest", tf.less)):
            if name in now:
                # Which step it was is kept, since h may come back rounded otherwise.
                taken = own & ((t == 0) | better(h, now[name]))
                now[name] = tf.where(taken, h, now[name])
                now[f"{name}_at"] = tf.where(taken, t, now[f"{name}_at"])
        return now

    def gradient(
        self,
        sums: Mapping[str, Tensor],
        upstream: Mapping[str, Tensor],
        t: Tensor,
        h: Tensor,
    ) -> Tensor:
        """Gradient of the states of step ``t``, from those of the final sums."""
        parts = []
        if "total" in upstream:
            parts.append(upstream["total"])
        if "squares" in upstream:
            parts.append(2 * h * upstream["squares"])
        for name in ("highest", "lowest"):
            if name in upstream:
                parts.append(tf.where(sums[f"{name}_at"] == t, upstream[name], 0))
        inside = [tf.where(self.at_own_step(t), sum(parts), 0)] if parts else []
        if "last" in upstream:
            inside.append(tf.where(self._ends(t), upstream["last"], 0))
        return tf.add_n(inside)

    def finish(self, sums: Mapping[str, Tensor], kind: str) -> Tensor:
        """Return one kind of pooled states, (D, B, U), from the final sums."""
        if kind not in ("mean", "std"):
            return sums[NEEDS[kind][0]]
        n = tf.cast(tf.maximum(self._lengths, 1), sums["total"].dtype)[:, None]
        mean = sums["total"] / n
        if kind == "mean":
            return mean
        return tf.sqrt(tf.nn.relu(sums["squares"] / n - mean * mean) + EPSILON)

    def at_own_step(self, t: Tensor) -> Tensor:
        """Tell which rows go as far as step t, as a column."""
        return (t < self._lengths)[:, None]

    def _ends(self, t: Tensor) -> Tensor:
        """Which rows end at step t, as a column."""
        return (self._lengths - 1 == t)[:, None]


def attend(states: Tensor, query: Tensor, lengths: Tensor) -> Tensor:
    """Average states by the softmax over time of their products with a query.

    Parameters
    ----------
    states : tensor of shape (T, D, B, U)
    query : tensor of shape (D, U)
    lengths : int32 tensor of shape (B,)

    Returns
    -------
    tensor of shape (D, B, U)
        Zero for a row without steps.
    """
    own = (tf.range(states.shape[0])[:, None] < lengths)[:, None, :, None]
    states = tf.where(own, states, 0)
    score = tf.reduce_sum(states * query[:, None], -1, keepdims=True)
    weight = tf.nn.softmax(tf.where(own, score, score.dtype.min), 0)
    return tf.reduce_sum(weight * states, 0)


def pool_sequence(
    states: Tensor,
    mask: Tensor,
    kinds: Sequence[str],
    n_directions: int,
    scores: Tensor | None,
) -> list[Tensor]:
    """Pool the states of one stock Keras layer: (B, D * U) for each kind.

    Parameters
    ----------
    states : tensor of shape (B, T, D * U)
        Both directions in the order of time, as Keras's Bidirectional returns them.
    mask : bool tensor of shape (B, T)
        A sequence's own steps, which come first.
    kinds : sequence of str
    n_directions : int
    scores : tensor of shape (B, T, D) or None
        Products with the queries, for "attention".
    """
    own = ops.expand_dims(mask, -1)
    count = ops.sum(ops.cast(own, states.dtype), axis=1)
    n = ops.maximum(count, 1)
    inside = ops.where(own, states, 0.0)
    mean = ops.sum(inside, axis=1) / n
    limit = 3e38

    def last() -> Tensor:
        is_last = ops.expand_dims(
            ops.equal(ops.cumsum(ops.cast(mask, "float32"), axis=1), count), -1
        )
        ends = ops.sum(ops.where(is_last & own, states, 0.0), axis=1)
        if n_directions == 1:
            return ends
        units = states.shape[-1] // 2
        return ops.concatenate([ends[:, :units], inside[:, 0, units:]], axis=-1)

    def attention() -> Tensor:
        weight = ops.softmax(ops.where(own, scores, -limit), axis=1)
        units = states.shape[-1] // n_directions
        return ops.sum(ops.repeat(weight, units, axis=-1) * inside, axis=1)

    makers = {
        "last": last,
        "mean": lambda: mean,
        "max": lambda: ops.max(ops.where(own, states, -limit), axis=1),
        "min": lambda: ops.min(ops.where(own, states, limit), axis=1),
        "std": lambda: ops.sqrt(
            ops.relu(ops.sum(inside * inside, axis=1) / n - mean * mean) + EPSILON
        ),
        "attention": attention,
    }
    return [makers[kind]() for kind in kinds]
