"""What the service reads and writes: time steps of requests, and answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

# Of a request
MAX_SEQUENCES = 1_000  # a sequence of a few bytes has an embedding of kilobytes
MAX_STEPS = 100_000  # time steps, of all sequences together

# What a file may say of its times
TIMES = {
    "tensor(int64)": Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)],
    "tensor(double)": float,
}
Sequences = list[NDArray[Any]]  # of shape (n_timesteps_i, n_columns)


class RefusedError(Exception):
    """An answer other than embeddings: a status, and why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Steps:
    """What a time step of a request is: numbers, then text, then its time.

    Parameters
    ----------
    values, categories : sequence
        Names of the features that are numbers, and of those that are text.
    times : dict, default=None
        What the file says of the times, if there are any.
    type_of_times : type, default=float
    """

    def __init__(
        self,
        values: Sequence[Any],
        categories: Sequence[Any] = (),
        times: dict[str, Any] | None = None,
        type_of_times: Any = float,
    ) -> None:
        self._n_values, self.n_features = len(values), len(values) + len(categories)
        self._time = None if times is None else type_of_times
        columns = [float | None] * len(values) + [str | None] * len(categories)
        columns += [] if times is None else [type_of_times]
        self.n_columns = len(columns)
        step: Any = tuple[tuple(columns)]  # type: ignore[misc]
        fields = [("sequences", list[list[step]])]
        given = msgspec.defstruct("Given", fields, forbid_unknown_fields=True)
        self.decode = msgspec.json.Decoder(given).decode
        self.about = {"numbers": [*values], "text": [*categories], "times": times}

    def array(self, sequence: list[tuple[Any, ...]]) -> NDArray[Any]:
        is_numeric = self.n_columns == self._n_values
        return np.array(sequence, np.float64 if is_numeric else object)

    def tensors(self, sequences: Sequences) -> dict[str, NDArray[Any]]:
        """Return what a file reads of sequences."""
        every, n, m = np.concatenate(sequences), self._n_values, self.n_features
        found = {"lengths": np.array([len(x) for x in sequences])}
        if n:
            found["values"] = every[:, :n].astype(np.float64, copy=False)
        if n < m:
            text = every[:, n:m]
            found["categories"] = np.where(np.equal(text, None), "", text)
        if self._time is not None:
            dtype = np.float64 if self._time is float else np.int64
            found["times"] = every[:, m].astype(dtype)
        return found


def read(body: bytearray, steps: Steps) -> Sequences:
    """Return the sequences of a request, NaN or None where a value is missing."""
    _check_size(body, steps.n_columns)
    try:
        sequences = steps.decode(body).sequences
    except msgspec.DecodeError as error:  # it may quote the request
        raise RefusedError(400, str(error)[:200]) from error
    if not sequences:
        raise RefusedError(400, "sequences is empty; expected at least one.")
    _check_limit(len(sequences), MAX_SEQUENCES, "sequences")
    _check_limit(sum(map(len, sequences)), MAX_STEPS, "time steps")
    for i, sequence in enumerate(sequences):
        if not sequence:
            raise RefusedError(
                400, f"sequence {i} has 0 time steps; expected at least 1."
            )
        if all(v is None for step in sequence for v in step[: steps.n_features]):
            raise RefusedError(
                400, f"sequence {i} has no observed value, only null; leave it out."
            )
    return [steps.array(sequence) for sequence in sequences]


def _check_size(body: bytearray, n_columns: int) -> None:
    """Refuse by brackets and commas what would take seconds and a gigabyte to parse."""
    n_lists, most = body.count(b"[") - 1, MAX_SEQUENCES + MAX_STEPS
    _check_limit(n_lists, most, "sequences and time steps")
    n_steps = -(-(body.count(b",") + 1) // n_columns)
    _check_limit(n_steps, MAX_STEPS, "time steps, by its number of values")


def _check_limit(found: int, limit: int, what: str) -> None:
    if found > limit:
        raise RefusedError(
            413, f"the request has {found} {what}; send at most {limit} in one."
        )


def content(names: Sequence[str], found: Sequence[NDArray[Any]]) -> bytes:
    """Return an answer, row by row: other threads run in between."""
    parts = []
    for name, array in zip(names, found, strict=True):
        if array.dtype.kind == "f":
            axes = tuple(range(1, array.ndim))
            wild = np.flatnonzero(~np.isfinite(array).all(axis=axes))
            if len(wild):
                raise RefusedError(
                    400,
                    f"{name} of sequence {wild[0]} are not finite: its values are too "
                    "far from those of fit; scale or remove them.",
                )
        rows = array.tolist() if array.ndim == 1 else map(np.ndarray.tolist, array)
        texts = b",".join(map(msgspec.json.encode, rows))
        parts.append(b"%b:[%b]" % (msgspec.json.encode(name), texts))
    return b"{%b}" % b",".join(parts)
