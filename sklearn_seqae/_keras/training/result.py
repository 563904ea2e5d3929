"""What training ends with."""

from __future__ import annotations

from dataclasses import dataclass, field

from sklearn_seqae._network.state import State


@dataclass
class Result:
    """A trained state, its history and the epochs run; what ended them early, if so."""

    state: State
    history: dict[str, list[float]] = field(default_factory=dict)
    n_epochs: int = 0
    interrupt: KeyboardInterrupt | None = None
