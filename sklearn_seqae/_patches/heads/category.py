"""Categories: a vector for each, and cross-entropies of the softmax of logits."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax
from scipy.stats import entropy

from sklearn_seqae._patches.heads.head import Head, Tensor

WIDEST = 32  # numbers of the vector that is read for a category
HIDDEN = 0.6745  # a quarter of normal numbers is larger
CONSTANT = 1e-6  # entropy, in nats, that may be rounding


class Category(Head):
    """A column of codes 1, 2, ... up to the number of categories."""

    is_finite: ClassVar[bool] = True

    @property
    def n_read(self) -> int:
        # fastai's rule, limited
        return min(self.size, max(1, round(1.6 * self.size**0.56)), WIDEST)

    def noisy(self, ops: Any, values: Tensor, noise: Tensor) -> Tensor:
        return ops.where(noise > HIDDEN, 0.0, values)

    def tell(self, ops: Any, written: Tensor) -> Tensor:
        most_likely = ops.argmax(written, axis=-1, keepdims=True)
        return ops.cast(most_likely, written.dtype) + 1

    def draw(
        self, written: NDArray[Any], random_state: np.random.RandomState
    ) -> NDArray[Any]:
        gumbel = random_state.gumbel(size=written.shape)
        # The largest is drawn by softmax
        return 1 + np.argmax(written + gumbel, axis=-1, keepdims=True)

    def error(
        self, ops: Any, written: Tensor, values: Tensor, weight: Any
    ) -> tuple[Tensor, Tensor]:
        is_it = ops.equal(np.arange(1, self.size + 1, dtype=np.float32), values)
        shifted = written - ops.max(written, axis=-1, keepdims=True)
        powers = ops.exp(shifted)
        total = ops.sum(powers, axis=-1, keepdims=True)
        of_it = ops.sum(ops.where(is_it, shifted, 0.0), axis=-1, keepdims=True)
        share = powers / total
        slope = weight * ops.where(is_it, share - 1.0, share)
        return weight * (ops.log(total) - of_it), slope

    def loss(self, written: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
        log_p, code = log_softmax(written, axis=-1), values.astype(np.int64)
        told = np.take_along_axis(log_p, np.maximum(code - 1, 0), axis=-1)
        # An unknown category is no less unlikely than any other
        return -np.where(code > 0, told, log_p.min(axis=-1, keepdims=True))

    def cost(self, values: NDArray[Any], weight: NDArray[np.float64]) -> float:
        counts = np.bincount(values.astype(np.int64), weight, self.size + 1)
        cost = float(entropy(counts))
        return cost if cost > CONSTANT else 1.0
