"""What a kind of column needs of the network; that of numbers, to begin with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

NOISE = 0.3  # standard deviation, in scaled units
Tensor = Any


@dataclass(frozen=True)
class Head:
    """Scaled numbers, all of a step; other kinds are columns, a time step at a time.

    ``values`` stand in a step, and a column's 0 is none: padding, what is masked or not
    known. ``written`` is what a decoder writes for them. ``ops`` are functions by their
    names in ``keras.ops``; those of `error` are NumPy's as well.
    """

    size: int  # how many numbers, or how many categories a column has
    # Whether values are codes 1, 2, ... up to the size, each with a vector, which is
    # read from a table, and a probability
    is_finite: ClassVar[bool] = False

    @property
    def n_read(self) -> int:
        return self.size

    @property
    def n_written(self) -> int:
        return self.size

    def read(self, ops: Any, values: Tensor) -> Tensor:
        """Return what an LSTM layer reads, if not vectors from a table."""
        return values

    def noisy(self, ops: Any, values: Tensor, noise: Tensor) -> Tensor:
        """Return what teacher forcing tells; the noise is standard normal."""
        return values + NOISE * noise

    def tell(self, ops: Any, written: Tensor) -> Tensor:
        """Return the values to tell: the mean, or the most likely ones."""
        return written

    def draw(
        self, written: NDArray[Any], random_state: np.random.RandomState
    ) -> NDArray[Any]:
        """Draw values; numbers have no distribution."""
        return written

    def error(
        self, ops: Any, written: Tensor, values: Tensor, weight: Any
    ) -> tuple[Tensor, Tensor]:
        """Return weighted errors of values, and their slopes in what is written."""
        error = written - values
        return weight * error * error, 2 * weight * error

    def loss(self, written: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
        """Return the errors of values as scores have them, NaN where one is missing."""
        loss: NDArray[Any] = self.error(np, written, values, 1.0)[0]
        return loss

    def cost(self, values: NDArray[Any], weight: NDArray[np.float64]) -> float:
        """Return the mean error of one guess for all values, by which errors count."""
        return 1.0  # scaled numbers have about that
