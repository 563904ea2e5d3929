"""The recurrence of an LSTM layer, step by step; `fused` explains it and its shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from sklearn_seqae._keras.lstm.running_pool import RunningPool
from sklearn_seqae._keras.sessions import buffer
from sklearn_seqae._network.engine import Sizes, Step

Tensor = Any
BLOCK = 16  # steps whose weight gradients are one matrix product
SCRATCH_STATES = 1 + 1 + 4 + 4  # values of `Scratch` for each unit of a step


class Scratch(NamedTuple):
    """Variables for the states, gates and gate gradients of one layer.

    Each call overwrites the steps that it runs. Gates and their gradients are two,
    since XLA copies a buffer whole where a loop replaces what it reads.
    """

    hidden: Any
    cell: Any
    gates: Any
    gate_gradients: Any

    @classmethod
    def declare(
        cls, n_steps: int, n_directions: int, n_rows: int, units: int
    ) -> Scratch:
        shape, n_gates = (n_steps, n_directions, n_rows), 4 * units
        widths = units, units, n_gates, n_gates
        return cls(*(buffer((*shape, width)) for width in widths))


@dataclass(frozen=True)
class Plan:
    """One call of a layer, for both passes."""

    lengths: Tensor
    n_steps: int
    activation: str
    return_sequences: bool
    pool: RunningPool
    scratch: Scratch | None

    @property
    def longest(self) -> Tensor:
        return tf.reduce_max(self.lengths)

    def outputs(self, saved: Saved) -> list[Tensor]:
        """Return the sequence of states, if wanted, and the sums of the pool."""
        sequence = [saved.hidden] if self.return_sequences else []
        return sequence + [saved.sums[name] for name in self.pool.names]

    def by_name(
        self, outputs: Sequence[Tensor]
    ) -> tuple[Tensor | None, dict[str, Tensor]]:
        """Undo `outputs`, for the outputs or their gradients."""
        left = list(outputs)
        sequence = left.pop(0) if self.return_sequences else None
        return sequence, dict(zip(self.pool.names, left, strict=True))


@dataclass(frozen=True)
class Saved:
    """States and gates of all steps, each (T, D, B, width), and the pool's sums."""

    hidden: Tensor
    cell: Tensor
    gates: Tensor
    sums: dict[str, Tensor]


# Gates --------------------------------------------------------------------------------


def advance(
    pre_activation: Tensor, cell: Tensor, activation: str
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the next hidden and cell state, and the gates as they are stored."""
    units, dtype = int(cell.shape[-1]), cell.dtype.as_numpy_dtype
    is_cell = np.repeat([False, False, True, False], units)
    stored = tf.tanh(pre_activation * np.where(is_cell, 1.0, 0.5).astype(dtype))
    if activation == "relu":
        stored = tf.where(is_cell, tf.nn.relu(pre_activation), stored)
    i, f, k, o = split(stored)
    cell = f * cell + i * k
    return o * act(cell, activation), cell, stored


def split(stored: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Input, forget, candidate and output gate from the stored tanh values."""
    i, f, k, o = tf.split(stored, 4, -1)
    return 0.5 + 0.5 * i, 0.5 + 0.5 * f, k, 0.5 + 0.5 * o


def act(x: Tensor, activation: str) -> Tensor:
    return tf.tanh(x) if activation == "tanh" else tf.nn.relu(x)


def act_gradient(y: Tensor, activation: str) -> Tensor:
    """Return the activation's derivative, from its value."""
    return 1 - y * y if activation == "tanh" else tf.cast(y > 0, y.dtype)


# Both passes --------------------------------------------------------------------------


def _buffer(like: Tensor, n_steps: int, width: int, variable: Any) -> Any:
    """Make a TensorArray over a scratch variable, or one of its own."""
    shape = (*like.shape[:2], width)
    array = tf.TensorArray(like.dtype, n_steps, element_shape=shape)
    return array if variable is None else array.unstack(variable.read_value())


def forward(
    plan: Plan, pre_activation: Callable[[Tensor, Tensor], Tensor], zeros: Tensor
) -> Saved:
    """Run the recurrence from zeros, (D, B, U); keep all that `backward` needs."""
    units, scratch = int(zeros.shape[-1]), plan.scratch
    widths = {"hidden": units, "cell": units, "gates": 4 * units}
    buffers = tuple(
        _buffer(zeros, plan.n_steps, width, getattr(scratch, name, None))
        for name, width in widths.items()
    )

    def step(t, h, c, sums, hidden, cell, gates):  # type: ignore[no-untyped-def]
        before = h, c
        h, c, stored = advance(pre_activation(t, h), c, plan.activation)
        if plan.activation == "relu":
            # Nothing bounds a relu: run on beyond a row's end, it may overflow, and
            # infinity times a gradient of zero is not zero.
            live = plan.pool.at_own_step(t)
            h, c = tf.where(live, h, before[0]), tf.where(live, c, before[1])
        sums = plan.pool.add(sums, t, h)
        writes = hidden.write(t, h), cell.write(t, c), gates.write(t, stored)
        return t + 1, h, c, sums, *writes

    longest = plan.longest
    _, _, _, sums, *written = tf.while_loop(
        lambda t, *_: t < longest,
        step,
        (0, zeros, zeros, plan.pool.start(zeros), *buffers),
    )
    states, cells, stored_gates = (array.stack() for array in written)
    saved = Saved(states, cells, stored_gates, sums)
    if scratch is not None:
        for name in widths:
            getattr(scratch, name).assign(getattr(saved, name))
    return saved


def backward(
    plan: Plan, saved: Saved, upstream: Sequence[Tensor], transposed: Tensor
) -> tuple[Tensor, Tensor | None, Tensor]:
    """Run back through the steps for the gradients of the gates.

    ``transposed`` is (D, 4U, U), or (D, 4U, F + U) where the input wants its gradient.
    Returns the gradients of the gates, (T, D, B, 4U), of the input, and the sum of the
    former over time.
    """
    zeros = tf.zeros(saved.hidden.shape[1:], saved.hidden.dtype)
    units = int(zeros.shape[-1])
    n_inputs = int(transposed.shape[-1]) - units
    width, variable = 4 * units, getattr(plan.scratch, "gate_gradients", None)
    d_sequence, d_sums = plan.by_name(upstream)
    gates = _buffer(zeros, plan.n_steps, width, variable)
    inputs = _buffer(zeros, plan.n_steps, n_inputs, None) if n_inputs else ()

    def step(t, dh, dc, total, gates, inputs):  # type: ignore[no-untyped-def]
        if d_sequence is not None:
            dh = dh + d_sequence[t]
        if d_sums:
            dh = dh + plan.pool.gradient(saved.sums, d_sums, t, saved.hidden[t])
        i, f, k, o = split(saved.gates[t])
        before = tf.where(t > 0, saved.cell[tf.maximum(t - 1, 0)], 0)
        active = act(saved.cell[t], plan.activation)
        dc = dc + dh * o * act_gradient(active, plan.activation)
        d = tf.concat(
            [
                dc * k * i * (1 - i),
                dc * before * f * (1 - f),
                dc * i * act_gradient(k, plan.activation),
                dh * active * o * (1 - o),
            ],
            -1,
        )
        down = tf.matmul(d, transposed)
        if n_inputs:
            inputs, down = inputs.write(t, down[..., :n_inputs]), down[..., n_inputs:]
        return t - 1, down, dc * f, total + d, gates.write(t, d), inputs

    total = tf.zeros((*zeros.shape[:2], width), zeros.dtype)
    _, _, _, total, gates, inputs = tf.while_loop(
        lambda t, *_: t >= 0,
        step,
        (plan.longest - 1, zeros, zeros, total, gates, inputs),
    )
    gates = gates.stack()
    if variable is not None:
        variable.assign(gates)
    return gates, (inputs.stack() if n_inputs else None), total


def weight_gradients(
    x: Tensor | None, hidden: Tensor, gates: Tensor, longest: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the gradients of [kernel; recurrent_kernel] and bias, block by block.

    (D, F + U, 4U) and (D, 4U), from those of the gates; F is 0 where ``x`` is None.
    """
    n_steps, n_directions, n_rows, units = (int(n) for n in hidden.shape)
    block = min(BLOCK, n_steps)
    if n_steps % block:
        raise ValueError(f"{n_steps} steps are not a multiple of {block}.")
    n_inputs = 0 if x is None else int(x.shape[-1])

    def cut(array: Tensor, t: Tensor, size: int) -> Tensor:
        return tf.slice(array, (t, 0, 0, 0), (size, *array.shape[1:]))

    def add(n, d_weights, d_bias):  # type: ignore[no-untyped-def]
        t = n * block
        before = tf.where(t > 0, hidden[tf.maximum(t - 1, 0)], 0)
        left = tf.concat([before[None], cut(hidden, t, block)[:-1]], 0)
        if x is not None:
            left = tf.concat([cut(x, t, block), left], -1)
        # Steps beyond the longest row hold what an earlier call left there.
        ran = (t + tf.range(block) < longest)[:, None, None, None]
        right = tf.where(ran, cut(gates, t, block), 0)
        products = [
            tf.matmul(
                tf.reshape(left[:, d], (block * n_rows, -1)),
                tf.reshape(right[:, d], (block * n_rows, -1)),
                transpose_a=True,
            )
            for d in range(n_directions)
        ]
        d_bias = d_bias + tf.reduce_sum(right, (0, 2))
        return n + 1, d_weights + tf.stack(products), d_bias

    zeros = (
        tf.zeros((n_directions, n_inputs + units, 4 * units), hidden.dtype),
        tf.zeros((n_directions, 4 * units), hidden.dtype),
    )
    n_blocks = count_blocks(longest, block)
    return tf.while_loop(lambda n, *_: n < n_blocks, add, (0, *zeros))[1:]


def count_blocks(longest: Tensor, block: int) -> Tensor:
    """Count the blocks of steps up to the longest row.

    One by one: XLA leaves a loop out that goes to a constant 1 in strides of more.
    """
    return (longest + block - 1) // block


# Where each step reads what follows from the one before -------------------------------


def unroll(
    step: Step, n_rows: int, sizes: Sizes, n_steps: int, lengths: Tensor
) -> Tensor:
    """Repeat a step for as long as the longest row, see `Engine`: (T, B, written)."""

    def advance_all(t, read, states, steps):  # type: ignore[no-untyped-def]
        live = (t < lengths)[:, None]  # else states of relu might overflow, see `fused`
        written, read, after = step(read, states)
        states = tf.nest.map_structure(
            lambda new, old: tf.where(live, new, old), after, states
        )
        return t + 1, read, states, steps.write(t, written)

    states = [(tf.zeros((n_rows, n)), tf.zeros((n_rows, n))) for n in sizes.units]
    first, shape = tf.zeros((n_rows, sizes.read)), (n_rows, sizes.written)
    steps = tf.TensorArray(tf.float32, n_steps, element_shape=shape)
    longest = tf.reduce_max(lengths)
    *_, steps = tf.while_loop(
        lambda t, *_: t < longest, advance_all, (0, first, states, steps)
    )
    return steps.stack()
