"""Sequences of unequal length in two arrays, as Apache Arrow stores lists."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_seqae.exceptions import InvalidSequenceError, _count

# float32 or float64; NumPy's type hints have no name for these two.
Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Show = Callable[[int], str]  # names the sequence at a position, for messages
by_position: Show = "sequence {}".format


@dataclass(frozen=True, eq=False, repr=False)
class RaggedArray:
    """Sequences of unequal length, all their time steps stacked, without padding.

    Sequence ``i`` is ``values[offsets[i]:offsets[i + 1]]``.
    """

    # (n_timesteps, n_features): the time steps of all sequences, one after the other. A
    # read-only view, because a sequence may share memory with the caller's array
    values: Floats
    # (n_sequences + 1,): row where each sequence starts; the last is `n_timesteps`
    offsets: Ints
    n_codes: int = 0  # features that are codes of categories: the last ones

    __hash__ = None  # type: ignore[assignment]  # mutable content, as for ndarray

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        offsets = np.ascontiguousarray(self.offsets, dtype=np.int64)
        if values.dtype not in (np.float32, np.float64):
            raise TypeError(f"values must be float32 or float64, not {values.dtype}.")
        if values.ndim != 2:
            raise ValueError(
                f"values must be 2-D, (n_timesteps, n_features), not {values.ndim}-D."
            )
        if offsets.ndim != 1 or len(offsets) == 0:
            raise ValueError("offsets must be 1-D with n_sequences + 1 entries.")
        n = len(values)
        if offsets[0] != 0 or offsets[-1] != n or np.any(np.diff(offsets) < 0):
            raise ValueError(
                f"offsets must rise from 0 to the number of time steps, {n}."
            )
        object.__setattr__(self, "values", _read_only(np.ascontiguousarray(values)))
        object.__setattr__(self, "offsets", _read_only(offsets))

    @classmethod
    def from_list(
        cls, sequences: Sequence[ArrayLike], show: Show = by_position
    ) -> "RaggedArray":
        """Stack 2-D sequences of real numbers, at least one, in their `float_dtype`."""
        arrays = [np.asarray(sequence) for sequence in sequences]
        for i, array in enumerate(arrays):
            if array.shape[1] != arrays[0].shape[1]:
                one_height = len(set(map(len, arrays))) == 1
                remedy = " If they come before time, use from_channels_first."
                raise InvalidSequenceError(
                    f"{show(i)} has {_count(array.shape[1], 'feature')}, but {show(0)} "
                    f"has {arrays[0].shape[1]}; every sequence needs the same number "
                    f"of features.{remedy * one_height}"
                )
        return cls(stack(arrays), offsets_from_lengths(list(map(len, arrays))))

    def with_values(self, values: Floats) -> "RaggedArray":
        """Return the same sequences with other values, one row for each time step."""
        return RaggedArray(values, self.offsets, self.n_codes)

    @property
    def n_numbers(self) -> int:
        """Number of features that are numbers; the first ones."""
        return self.n_features - self.n_codes

    @property
    def numbers(self) -> "RaggedArray":
        """The features that are numbers."""
        if not self.n_codes:
            return self
        return RaggedArray(self.values[:, : self.n_numbers], self.offsets)

    @property
    def codes(self) -> Floats:
        """Codes of categories, of shape (n_timesteps, n_codes)."""
        return self.values[:, self.n_numbers :]

    def with_numbers(self, numbers: Floats) -> "RaggedArray":
        """Return other numbers, of any width, beside the codes of these sequences."""
        if not self.n_codes:
            return RaggedArray(numbers, self.offsets)
        values = np.concatenate([numbers, self.codes.astype(numbers.dtype)], axis=1)
        return RaggedArray(values, self.offsets, self.n_codes)

    @property
    def lengths(self) -> Ints:
        """Number of time steps of each sequence, of shape (n_sequences,)."""
        return np.diff(self.offsets)

    @property
    def n_features(self) -> int:
        """Number of features of every time step."""
        return self.values.shape[1]

    @property
    def n_timesteps(self) -> int:
        """Number of time steps of all sequences together."""
        return self.values.shape[0]

    @property
    def positions(self) -> Ints:
        """Position of each time step in its sequence, of shape (n_timesteps,)."""
        return np.arange(self.n_timesteps) - np.repeat(self.offsets[:-1], self.lengths)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Precision of the values: float32 or float64."""
        return self.values.dtype

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __repr__(self) -> str:
        return (
            f"RaggedArray(n_sequences={len(self)}, n_timesteps={self.n_timesteps}, "
            f"n_features={self.n_features}, dtype={self.dtype})"
        )

    def __eq__(self, other: object) -> bool:
        """Compare lengths and values; NaN equals NaN, dtypes may differ."""
        if not isinstance(other, RaggedArray):
            return NotImplemented
        return np.array_equal(self.offsets, other.offsets) and np.array_equal(
            self.values, other.values, equal_nan=True
        )

    def __iter__(self) -> Iterator[Floats]:
        return cut(self.values, self.offsets)

    def __getitem__(self, key: Any) -> Any:
        """Return a view of one sequence for an integer, else the selected sequences."""
        if isinstance(key, slice):
            return self._slice(key)
        if np.ndim(key) > 0:
            return self.take(key)
        i = range(len(self))[key]  # which counts from the end as well
        return self.values[self.offsets[i] : self.offsets[i + 1]]

    def take(self, indices: ArrayLike) -> "RaggedArray":
        """Return a copy of the sequences at `indices`, in that order. They may repeat.

        Negative positions count from the end. `indices` may be a mask, too.
        """
        index = np.asarray(indices)
        if index.size == 0:
            index = index.astype(np.int64)
        # np.arange applies NumPy's own rules for negative numbers, masks and errors.
        selected = np.arange(len(self))[index]
        lengths = self.lengths[selected]
        values = self.values[ranges(self.offsets[selected], lengths)]
        return RaggedArray(values, offsets_from_lengths(lengths), self.n_codes)

    def padded(self, at_least: int = 0) -> Floats:
        """Return shape (n_sequences, n, n_features), padded with NaN at the end.

        n is `at_least` or more. No copy where all are of one length.
        """
        lengths = self.lengths
        shape = len(self), max(at_least, lengths.max(initial=0)), self.n_features
        if shape[0] * shape[1] == self.n_timesteps:
            return self.values.reshape(shape)
        padded = np.full(shape, np.nan, self.dtype)
        padded[np.arange(shape[1]) < lengths[:, np.newaxis]] = self.values
        return padded

    def _slice(self, key: slice) -> "RaggedArray":
        start, stop, step = key.indices(len(self))
        if step != 1:
            return self.take(np.arange(start, stop, step))
        offsets = self.offsets[start : max(start, stop) + 1]
        values = self.values[offsets[0] : offsets[-1]]
        return RaggedArray(values, offsets - offsets[0], self.n_codes)


def offsets_from_lengths(lengths: ArrayLike) -> Ints:
    """Turn lengths into the offsets of a RaggedArray; there is one more of these."""
    return np.append(0, np.cumsum(np.asarray(lengths, dtype=np.int64)))


def ranges(starts: Ints, lengths: Ints) -> Ints:
    """Count up from each start for as long as its length, one after the other."""
    offsets = offsets_from_lengths(lengths)
    return np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)


def blocks(offsets: Ints, size: int) -> Iterator[tuple[int, int]]:
    """Yield the first and the end of some parts at a time, of about so many rows."""
    cuts = np.flatnonzero(np.diff(offsets[:-1] // size)) + 1
    return pairwise([0, *cuts.tolist(), len(offsets) - 1])


def cut(values: NDArray[Any], offsets: Ints) -> Iterator[NDArray[Any]]:
    """Yield a view of the rows of each sequence, given the offsets."""
    return (values[start:stop] for start, stop in pairwise(offsets.tolist()))


def locate(offsets: Ints, row: int | np.integer) -> tuple[int, int]:
    """Find the sequence and the time step of a row, given the offsets."""
    sequence = int(np.searchsorted(offsets, row, side="right")) - 1
    return sequence, int(row - offsets[sequence])


def float_dtype(*dtypes: Any) -> np.dtype[np.floating[Any]]:
    """Return float32 if all dtypes are float16 or float32, else float64.

    They may be of pandas: Int64, float[pyarrow].
    """
    own = (getattr(dtype, "numpy_dtype", dtype) for dtype in dtypes)
    narrow = all(dtype in (np.float16, np.float32) for dtype in own)
    return np.dtype(np.float32 if narrow else np.float64)


def stack(arrays: Sequence[NDArray[Any]]) -> Floats:
    """Concatenate sequences along time, in the dtype that `float_dtype` says."""
    dtype = float_dtype(*{array.dtype for array in arrays})
    # A longdouble beyond float64 becomes inf here; check_values reports it.
    with np.errstate(over="ignore"):
        return np.concatenate(arrays, dtype=dtype)


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view
