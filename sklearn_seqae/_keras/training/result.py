"""What training ends with."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from sklearn_seqae._network.state import State


@dataclass
class Result:
    """A trained state, its history and the epochs run; what ended them early, if so."""

    state: State
    history: dict[str, list[float]] = field(default_factory=dict)
    n_epochs: int = 0
    interrupt: KeyboardInterrupt | None = None

    def history_after(self, earlier: dict[str, list[float]]) -> dict[str, list[float]]:
        """Append to an earlier fit's history; NaN where one had no such loss."""
        n_earlier = len(earlier.get("loss", []))
        return {
            name: earlier.get(name, [math.nan] * n_earlier)
            + self.history.get(name, [math.nan] * self.n_epochs)
            for name in earlier | self.history
        }
