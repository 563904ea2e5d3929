"""An LSTM layer whose forward and backward passes are written for the CPU.

The numbers are those of ``keras.layers.LSTM`` (Hochreiter and Schmidhuber, 1997, with
forget gate; gates in Keras's order i, f, c, o). What differs is how they are computed:

- Time comes first and both directions of a bidirectional layer are one axis, so one
  loop serves both. The backward direction reads an input reversed by length.
- Sequences are right-padded and rows never mix, so no mask is needed in the loop: a
  row's last state is picked up as the loop passes the row's length.
- One matrix product a step, ``[x_t, h] @ [W; R]``. (Projecting all inputs before the
  loop moves more memory than it saves arithmetic at batch sizes that CPUs like.)
- All four gates go through one ``tanh``, since ``sigmoid(x) = (1 + tanh(x / 2)) / 2``:
  the compiler then makes one vectorised pass and evaluates no gate twice.
- The backward loop makes gate gradients only; the gradients of the weights are matrix
  products over many steps at once, after it.
- The number of steps is read at run time. One compiled program serves every length up
  to the size of its buffers, and runs no step beyond the longest row of the batch.
- What the backward pass needs is kept in buffers that outlive a call (`Scratch`):
  clearing tens of megabytes for every batch costs more than a short batch itself.

Shapes: ``T`` time steps of the buffer, ``D`` directions, ``B`` rows, ``F`` inputs,
``U`` units. Steps beyond a batch's longest row are left as they were in the scratch
buffers: whoever reads a sequence of states looks at a row's own steps only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf

BLOCK = 16  # steps whose weight gradients are one matrix product
Tensor = Any  # tf.Tensor is not typed upstream


@dataclass(frozen=True)
class LSTMWeights:
    """The weights of one layer, its directions stacked, laid out as in Keras.

    Attributes
    ----------
    kernel : tensor of shape (D, F, 4U)
    recurrent_kernel : tensor of shape (D, U, 4U)
    bias : tensor of shape (D, 4U)
    """

    kernel: Tensor
    recurrent_kernel: Tensor
    bias: Tensor


class Scratch(NamedTuple):
    """Variables for the states, gates and gate gradients of one layer.

    They hold nothing that anyone should read: each call overwrites the steps that it
    runs. Given to XLA as variables, they are updated in place.

    Attributes
    ----------
    hidden, cell : variable of shape (T, D, B, U)
    gates, gate_gradients : variable of shape (T, D, B, 4U)
        Two, since XLA copies a buffer whole where a loop replaces what it reads.
    """

    hidden: Any
    cell: Any
    gates: Any
    gate_gradients: Any

    @classmethod
    def allocate(
        cls,
        n_timesteps: int,
        n_directions: int,
        n_rows: int,
        units: int,
        dtype: Any = tf.float32,
    ) -> Scratch:
        """Make the buffers of one layer, zero to begin with."""
        shape = (n_timesteps, n_directions, n_rows)
        return cls(
            *(
                tf.Variable(tf.zeros((*shape, width), dtype), trainable=False)
                for width in (units, units, 4 * units, 4 * units)
            )
        )


def lstm(
    x: Tensor,
    weights: LSTMWeights,
    lengths: Tensor,
    *,
    return_sequences: bool,
    activation: str = "tanh",
    initial_state: tuple[Tensor, Tensor] | None = None,
    scratch: Scratch | None = None,
    input_gradient: bool = True,
) -> Tensor:
    """Run one LSTM layer over right-padded rows.

    Parameters
    ----------
    x : tensor of shape (T, D, B, F)
        Direction 1, where there is one, holds each row reversed by its own length.
    weights : LSTMWeights
    lengths : int32 tensor of shape (B,)
        Steps of each row, at most T. 0 marks a row that holds nothing.
    return_sequences : bool
        Return the states of all steps, or each row's state at its own last step.
    activation : {"tanh", "relu"}, default="tanh"
    initial_state : pair of tensors of shape (D, B, U), default=None
        Hidden and cell state before the first step; None is zeros.
    scratch : Scratch or None, default=None
        None is fine where speed does not matter, and without a gradient.
    input_gradient : bool, default=True
        False where x is data: its gradient is then None.

    Returns
    -------
    tensor of shape (T, D, B, U) or (D, B, U)
        In a sequence only the steps of a row's own length mean anything.
    """
    zeros = tf.zeros((*x.shape[1:3], weights.recurrent_kernel.shape[1]), x.dtype)
    h0, c0 = initial_state or (zeros, zeros)
    plan = _Plan(lengths, int(x.shape[0]), activation, return_sequences, scratch)

    @tf.custom_gradient
    def run(x, kernel, recurrent_kernel, bias, h0, c0):  # type: ignore[no-untyped-def]
        both = tf.concat([kernel, recurrent_kernel], 1)

        def pre_activation(t: Tensor, h: Tensor) -> Tensor:
            return tf.matmul(tf.concat([x[t], h], -1), both) + bias[:, None]

        out, saved = _forward(plan, pre_activation, h0, c0)

        def gradient(upstream: Tensor) -> tuple[Tensor, ...]:
            transposed = tf.transpose(
                both if input_gradient else recurrent_kernel, (0, 2, 1)
            )
            gates, dh, dc, dx, _ = _backward(plan, saved, c0, upstream, transposed)
            d_both, d_bias = _weight_gradients(plan, x, saved.hidden, h0, gates)
            d_kernel, d_recurrent = tf.split(d_both, [x.shape[-1], dh.shape[-1]], 1)
            return dx, d_kernel, d_recurrent, d_bias, dh, dc

        return out, gradient

    return run(x, weights.kernel, weights.recurrent_kernel, weights.bias, h0, c0)


def lstm_over_constant(
    projection: Tensor,
    recurrent_kernel: Tensor,
    lengths: Tensor,
    n_timesteps: int,
    *,
    activation: str = "tanh",
    scratch: Scratch | None = None,
) -> Tensor:
    """Run a layer whose input is the same at every step, as after a RepeatVector.

    The input is projected once by the caller, not once a step, and its gradient is a
    sum over time.

    Parameters
    ----------
    projection : tensor of shape (D, B, 4U)
        ``input @ kernel + bias``.
    recurrent_kernel : tensor of shape (D, U, 4U)
    lengths : int32 tensor of shape (B,)
    n_timesteps : int
        T, the size of the buffers.
    activation, scratch
        As in `lstm`.

    Returns
    -------
    tensor of shape (T, D, B, U)
    """
    units = recurrent_kernel.shape[1]
    zeros = tf.zeros((*projection.shape[:2], units), projection.dtype)
    plan = _Plan(lengths, n_timesteps, activation, True, scratch)

    @tf.custom_gradient
    def run(projection, recurrent_kernel):  # type: ignore[no-untyped-def]
        def pre_activation(_t: Tensor, h: Tensor) -> Tensor:
            return projection + tf.matmul(h, recurrent_kernel)

        out, saved = _forward(plan, pre_activation, zeros, zeros)

        def gradient(upstream: Tensor) -> tuple[Tensor, Tensor]:
            transposed = tf.transpose(recurrent_kernel, (0, 2, 1))
            gates, _, _, _, total = _backward(plan, saved, zeros, upstream, transposed)
            d_recurrent, _ = _weight_gradients(plan, None, saved.hidden, zeros, gates)
            return total, d_recurrent

        return out, gradient

    return run(projection, recurrent_kernel)


@dataclass(frozen=True)
class _Plan:
    """What both passes need to know of a call."""

    lengths: Tensor
    n_timesteps: int
    activation: str
    return_sequences: bool
    scratch: Scratch | None

    @property
    def longest(self) -> Tensor:
        return tf.reduce_max(self.lengths)

    def at_own_step(self, t: Tensor) -> Tensor:
        """Which rows go as far as step t, as a column."""
        return (t < self.lengths)[:, None]

    def at_last_step(self, t: Tensor) -> Tensor:
        """Which rows end at step t, as a column."""
        return (self.lengths - 1 == t)[:, None]


@dataclass(frozen=True)
class _Saved:
    """States and gates of all steps, each (T, D, B, width)."""

    hidden: Tensor
    cell: Tensor
    gates: Tensor


def _buffer(like: Tensor, n_timesteps: int, width: int, variable: Any) -> Any:
    """Make a TensorArray over a scratch variable, or one of its own."""
    shape = (*like.shape[:2], width)
    array = tf.TensorArray(like.dtype, n_timesteps, element_shape=shape)
    return array if variable is None else array.unstack(variable.read_value())


def _forward(
    plan: _Plan,
    pre_activation: Callable[[Tensor, Tensor], Tensor],
    h0: Tensor,
    c0: Tensor,
) -> tuple[Tensor, _Saved]:
    """Run the recurrence; return the layer's output and what _backward needs."""
    units, scratch = int(h0.shape[-1]), plan.scratch
    widths = {"hidden": units, "cell": units, "gates": 4 * units}
    buffers = tuple(
        _buffer(h0, plan.n_timesteps, width, getattr(scratch, name, None))
        for name, width in widths.items()
    )
    half, is_cell = _gate_constants(units, h0.dtype)

    def step(t, h, c, last, hidden, cell, gates):  # type: ignore[no-untyped-def]
        raw = pre_activation(t, h)
        stored = tf.tanh(raw * half)
        if plan.activation == "relu":
            stored = tf.where(is_cell, tf.nn.relu(raw), stored)
        i, f, k, o = _split(stored)
        before = h, c
        c = f * c + i * k
        h = o * _act(c, plan.activation)
        if plan.activation == "relu":
            # Nothing bounds a relu: run on beyond a row's end, it may overflow, and
            # infinity times a gradient of zero is not zero.
            live = plan.at_own_step(t)
            h, c = tf.where(live, h, before[0]), tf.where(live, c, before[1])
        last = (
            last if plan.return_sequences else tf.where(plan.at_last_step(t), h, last)
        )
        writes = hidden.write(t, h), cell.write(t, c), gates.write(t, stored)
        return t + 1, h, c, last, *writes

    longest = plan.longest
    _, _, _, last, *written = tf.while_loop(
        lambda t, *_: t < longest, step, (0, h0, c0, h0, *buffers)
    )
    saved = _Saved(*(array.stack() for array in written))
    if scratch is not None:
        for name in widths:
            getattr(scratch, name).assign(getattr(saved, name))
    return (saved.hidden if plan.return_sequences else last), saved


def _backward(
    plan: _Plan, saved: _Saved, c0: Tensor, upstream: Tensor, transposed: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor | None, Tensor]:
    """Run back through the steps for the gradients of the gates.

    ``transposed`` is (D, 4U, U), or (D, 4U, F + U) where the input wants its gradient.
    Returns gate gradients (T, D, B, 4U), those of the initial state, of the input, and
    the gate gradients' sum over time.
    """
    units = int(c0.shape[-1])
    n_inputs = int(transposed.shape[-1]) - units
    width, variable = 4 * units, getattr(plan.scratch, "gate_gradients", None)
    gates = _buffer(c0, plan.n_timesteps, width, variable)
    inputs = _buffer(c0, plan.n_timesteps, n_inputs, None) if n_inputs else ()

    def step(t, dh, dc, total, gates, inputs):  # type: ignore[no-untyped-def]
        if plan.return_sequences:
            dh = dh + upstream[t]
        else:
            dh = dh + tf.where(plan.at_last_step(t), upstream, tf.zeros_like(upstream))
        i, f, k, o = _split(saved.gates[t])
        before = tf.where(t > 0, saved.cell[tf.maximum(t - 1, 0)], c0)
        active = _act(saved.cell[t], plan.activation)
        dc = dc + dh * o * _act_gradient(active, plan.activation)
        d = tf.concat(
            [
                dc * k * i * (1 - i),
                dc * before * f * (1 - f),
                dc * i * _act_gradient(k, plan.activation),
                dh * active * o * (1 - o),
            ],
            -1,
        )
        down = tf.matmul(d, transposed)
        if n_inputs:
            inputs, down = inputs.write(t, down[..., :n_inputs]), down[..., n_inputs:]
        return t - 1, down, dc * f, total + d, gates.write(t, d), inputs

    zeros = tf.zeros_like(c0)
    total = tf.zeros((*c0.shape[:2], width), c0.dtype)
    _, dh, dc, total, gates, inputs = tf.while_loop(
        lambda t, *_: t >= 0,
        step,
        (plan.longest - 1, zeros, zeros, total, gates, inputs),
    )
    gates = gates.stack()
    if variable is not None:
        variable.assign(gates)
    return gates, dh, dc, (inputs.stack() if n_inputs else None), total


def _weight_gradients(
    plan: _Plan, x: Tensor | None, hidden: Tensor, h0: Tensor, gates: Tensor
) -> tuple[Tensor, Tensor]:
    """Add up gradients of [kernel; recurrent_kernel] and bias, a block at a time."""
    n_directions, n_rows, units = (int(n) for n in h0.shape)
    block = min(BLOCK, plan.n_timesteps)
    if plan.n_timesteps % block:
        raise ValueError(f"{plan.n_timesteps} steps are not a multiple of {block}.")
    n_inputs = 0 if x is None else int(x.shape[-1])
    longest = plan.longest

    def cut(array: Tensor, t: Tensor, size: int) -> Tensor:
        return tf.slice(array, (t, 0, 0, 0), (size, *array.shape[1:]))

    def add(t, d_weights, d_bias):  # type: ignore[no-untyped-def]
        before = tf.where(t > 0, hidden[tf.maximum(t - 1, 0)], h0)
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
        return t + block, d_weights + tf.stack(products), d_bias

    zeros = (
        tf.zeros((n_directions, n_inputs + units, 4 * units), h0.dtype),
        tf.zeros((n_directions, 4 * units), h0.dtype),
    )
    return tf.while_loop(lambda t, *_: t < longest, add, (0, *zeros))[1:]


def _gate_constants(units: int, dtype: Any) -> tuple[Tensor, Tensor]:
    """Return what scales pre-activations before the tanh, and which are candidates."""
    is_cell = tf.repeat(tf.constant([False, False, True, False]), units)
    return tf.where(is_cell, tf.ones([], dtype), tf.constant(0.5, dtype)), is_cell


def _split(stored: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Input, forget, candidate and output gate from the stored tanh values."""
    i, f, k, o = tf.split(stored, 4, -1)
    return 0.5 + 0.5 * i, 0.5 + 0.5 * f, k, 0.5 + 0.5 * o


def _act(x: Tensor, activation: str) -> Tensor:
    return tf.tanh(x) if activation == "tanh" else tf.nn.relu(x)


def _act_gradient(y: Tensor, activation: str) -> Tensor:
    """Return the activation's derivative, from its value."""
    return 1 - y * y if activation == "tanh" else tf.cast(y > 0, y.dtype)
