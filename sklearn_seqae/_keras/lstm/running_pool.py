"""Pooling along with the recurrence, by the formulas of `_network.pooling`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from sklearn_seqae._network.pooling import EPSILON

NEEDS = {  # sums that each kind is made of
    "last": ("last",),
    "mean": ("total",),
    "max": ("highest",),
    "min": ("lowest",),
    "std": ("total", "squares"),
}
Tensor = Any
Sums = Mapping[str, Tensor]


class RunningPool:
    """Sums over a recurrence's steps, and their gradient; zeros for a row of none."""

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

    def add(self, sums: Sums, t: Tensor, h: Tensor) -> dict[str, Any]:
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

    def gradient(self, sums: Sums, upstream: Sums, t: Tensor, h: Tensor) -> Tensor:
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

    def finish(self, sums: Sums, kind: str) -> Tensor:
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
        """Tell which rows end at step t, as a column."""
        return (self._lengths - 1 == t)[:, None]
