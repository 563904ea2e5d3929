"""A file from which a fit that was killed goes on, and ends at the same bits.

It holds arrays and plain values only, so reading it runs no code.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_seqae._keras.optimizers import config_text
from sklearn_seqae._network.layers import State
from sklearn_seqae._utils.checksums import checksum
from sklearn_seqae._utils.claim import failure
from sklearn_seqae._utils.plain import from_plain, to_plain

SECONDS = 10.0  # between two files: each takes some hundredths of one
MAGIC = b"sklearn_seqae checkpoint 1\n"
DIGEST = "sha256 "  # begins a line of a fingerprint that nobody can read
# They decide nothing, or only what is hashed in any case
IGNORED = ("callbacks", "scaler", "verbose", "warm_start")


@dataclass(frozen=True)
class Best:
    """The best epoch so far, for early stopping."""

    loss: float  # of the validation set
    epoch: int
    last_improvement: int  # the last epoch that was one
    state: State


@dataclass(frozen=True)
class Checkpoint:
    """Training at the end of an epoch."""

    state: State
    n_epochs: int  # that are done
    history: Any  # a loss of held-out sequences may be infinite
    feed: Any  # as from `Feed.state`
    best: Best | None
    at_start: Any  # state of the fit's random generator before it drew anything


class CheckpointFile:
    """The file of one fit; `found` is where to go on, if there is one.

    ``random_state`` has drawn nothing; a file sets it back to what it was then. Raise a
    ValueError if the file is damaged, something else, or of another fit.
    """

    def __init__(
        self,
        path: Path,
        fingerprint: Mapping[str, str],
        random_state: np.random.RandomState,
    ) -> None:
        self._path, self._fingerprint = path, dict(fingerprint)
        self._next = -np.inf
        self.found = self._read()
        if self.found is not None:
            random_state.set_state(self.found.at_start)
        self.at_start = random_state.get_state(legacy=False)

    @property
    def is_due(self) -> bool:
        """Whether it is time to write. What is written never depends on the clock."""
        return time.monotonic() >= self._next

    def write(self, checkpoint: Checkpoint) -> None:
        """Put a checkpoint in place of the one before, which stays if that fails."""
        fit = {"fingerprint": self._fingerprint, "training": to_plain(checkpoint)}
        payload = _as_bytes(fit)
        beside = self._path.with_name(f"{self._path.name}.partial")
        try:
            beside.unlink(missing_ok=True)  # of a fit that was killed
            with beside.open("xb") as file:
                file.write(MAGIC + hashlib.sha256(payload).digest() + payload)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        except OSError as error:
            with suppress(OSError):
                beside.unlink()
            raise failure(self._path, "written", error) from error
        self._next = time.monotonic() + SECONDS

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)

    def _read(self) -> Checkpoint | None:
        try:
            with self._path.open("rb") as file:
                if file.read(len(MAGIC)) != MAGIC:  # it may be huge
                    raise self._refusal("is no checkpoint that this release can read")
                digest, payload = file.read(32), file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise failure(self._path, "read", error) from error
        if hashlib.sha256(payload).digest() != digest:
            raise self._refusal("was damaged")
        fit = _from_bytes(payload)
        differences = _differences(self._fingerprint, fit["fingerprint"])
        if differences:
            raise self._refusal(
                "is of a fit that was given something else: "
                f"{', '.join(differences)}. To go on with that fit, give it the same "
                "again",
                ". To start anew, ",
            )
        found: Checkpoint = from_plain(Checkpoint, fit["training"], "checkpoint")
        return found

    def _refusal(self, what: str, then: str = "; ") -> ValueError:
        return ValueError(
            f"the checkpoint {str(self._path)!r} {what}{then}delete it, or set another "
            "backup_dir."
        )


def fingerprint(
    parameters: Mapping[str, Any],
    shaped_by: Mapping[str, Any],
    start: State | None,
    random_state: np.random.RandomState,
    **data: Any,
) -> dict[str, str]:
    """Return what decides the end of a fit, a line of text for each.

    ``shaped_by`` are the parameters that shaped the network, in one form for each
    meaning; ``data`` are arrays, plain values and dataclasses of them.
    """
    lines = {"sklearn_seqae": version("sklearn-seqae")}
    for name, value in (dict(shaped_by) | dict(parameters)).items():
        if name not in IGNORED:
            # of the weights of losses, the network only knows whether they are positive
            is_form = name in shaped_by and not isinstance(shaped_by[name], bool)
            lines[name] = _text(shaped_by[name] if is_form else value)
    earlier = None if start is None else (to_plain(start), random_state)
    for name, value in (data | {"the fit before": earlier}).items():
        lines[name] = DIGEST + checksum(to_plain(value)).digest
    return lines


def _text(value: Any) -> str:
    """Return a parameter as text, the same in every process."""
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if hasattr(value, "get_config"):  # of Keras
        return f"{type(value).__name__} {config_text(value)}"
    if isinstance(value, np.random.RandomState):
        return DIGEST + checksum(value).digest
    if isinstance(value, np.generic | np.ndarray):
        return repr(value.tolist())
    return repr(value)


def _differences(now: Mapping[str, str], then: Mapping[str, str]) -> list[str]:
    found = []
    for name in dict(then) | dict(now):
        here, there = now.get(name, "absent"), then.get(name, "absent")
        if here != there:
            is_text = not (here + there).count(DIGEST)
            found.append(f"{name} (now {here}, then {there})" if is_text else name)
    return found


def _as_bytes(tree: Any) -> bytes:
    """Write plain values as JSON, beside the arrays that it refers to by number."""
    arrays: list[NDArray[Any]] = []

    def number(value: Any) -> Any:
        if isinstance(value, np.generic):
            return value.item()
        arrays.append(np.asarray(value))
        return {"array": len(arrays) - 1}

    text = json.dumps(tree, default=number).encode()
    file = io.BytesIO()
    np.savez(file, *arrays, tree=np.frombuffer(text, np.uint8))
    return file.getvalue()


def _from_bytes(payload: bytes) -> Any:
    with np.load(io.BytesIO(payload), allow_pickle=False) as file:

        def array(found: dict[str, Any]) -> Any:
            return file[f"arr_{found['array']}"] if set(found) == {"array"} else found

        return json.loads(file["tree"].tobytes(), object_hook=array)
