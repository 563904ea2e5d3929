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

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from sklearn_seqae._keras.dropout import drop
from sklearn_seqae._keras.gates import weight_gradients
from sklearn_seqae._keras.pooling import RunningPool
from sklearn_seqae._keras.recurrence import Plan, Scratch, backward, forward

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


def lstm(
    x: Tensor,
    weights: LSTMWeights,
    lengths: Tensor,
    *,
    pooling: Sequence[str] = (),
    return_sequences: bool = True,
    activation: str = "tanh",
    initial_state: tuple[Tensor, Tensor] | None = None,
    constant: Tensor | None = None,
    recurrent_mask: Tensor | None = None,
    scratch: Scratch | None = None,
    input_gradient: bool = True,
) -> tuple[Tensor | None, dict[str, Tensor]]:
    """Run one LSTM layer over right-padded rows.

    Parameters
    ----------
    x : tensor of shape (T, D, B, F)
        Direction 1, where there is one, holds each row reversed by its own length.
    weights : LSTMWeights
    lengths : int32 tensor of shape (B,)
        Steps of each row, at most T. 0 marks a row that holds nothing.
    pooling : sequence of str, default=()
        What to keep of each row's states, see `RunningPool`.
    return_sequences : bool, default=True
        Whether to return the states of all steps.
    activation : {"tanh", "relu"}, default="tanh"
    initial_state : pair of tensors of shape (D, B, U), default=None
        Hidden and cell state before the first step; None is zeros.
    constant : tensor of shape (D, B, 4U), default=None
        Added to what every step's gates are made of: the product of the kernel with
        further inputs that are the same at every step.
    recurrent_mask : tensor of shape (D, B, U), default=None
        What the hidden state is multiplied by wherever the next step reads it, the
        same at every step, see `dropout`. None is ones.
    scratch : Scratch or None, default=None
        None is fine where speed does not matter, and without a gradient.
    input_gradient : bool, default=True
        False where x is data: its gradient is then None.

    Returns
    -------
    sequence : tensor of shape (T, D, B, U), or None
        Only the steps of a row's own length mean anything.
    pooled : dict of str to tensor of shape (D, B, U)
    """
    zeros = tf.zeros((*x.shape[1:3], weights.recurrent_kernel.shape[1]), x.dtype)
    h0, c0 = initial_state or (zeros, zeros)
    pool = RunningPool(pooling, lengths)
    plan = Plan(
        lengths,
        int(x.shape[0]),
        activation,
        return_sequences,
        pool,
        recurrent_mask,
        scratch,
    )

    @tf.custom_gradient
    def run(x, kernel, recurrent_kernel, bias, h0, c0):  # type: ignore[no-untyped-def]
        both = tf.concat([kernel, recurrent_kernel], 1)

        def pre_activation(t: Tensor, h: Tensor) -> Tensor:
            read = tf.concat([x[t], drop(h, recurrent_mask)], -1)
            return tf.matmul(read, both) + bias

        saved = forward(plan, pre_activation, h0, c0)

        def gradient(*upstream: Tensor) -> tuple[Tensor, ...]:
            transposed = tf.transpose(
                both if input_gradient else recurrent_kernel, (0, 2, 1)
            )
            gates, dh, dc, dx, total = backward(plan, saved, c0, upstream, transposed)
            d_both, d_bias = weight_gradients(
                x, saved.hidden, h0, gates, plan.longest, recurrent_mask
            )
            d_kernel, d_recurrent = tf.split(d_both, [x.shape[-1], dh.shape[-1]], 1)
            of_bias = d_bias[:, None] if constant is None else total
            return dx, d_kernel, d_recurrent, of_bias, dh, dc

        return plan.outputs(saved), gradient

    bias = weights.bias[:, None]  # of all rows, or one of each row's own
    bias = bias if constant is None else bias + constant
    outputs = run(x, weights.kernel, weights.recurrent_kernel, bias, h0, c0)
    sequence, sums = plan.by_name(outputs)
    return sequence, {kind: pool.finish(sums, kind) for kind in pooling}


def lstm_over_constant(
    projection: Tensor,
    recurrent_kernel: Tensor,
    lengths: Tensor,
    n_timesteps: int,
    *,
    activation: str = "tanh",
    recurrent_mask: Tensor | None = None,
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
    activation, recurrent_mask, scratch
        As in `lstm`.

    Returns
    -------
    tensor of shape (T, D, B, U)
    """
    units = recurrent_kernel.shape[1]
    zeros = tf.zeros((*projection.shape[:2], units), projection.dtype)
    pool = RunningPool((), lengths)
    plan = Plan(lengths, n_timesteps, activation, True, pool, recurrent_mask, scratch)

    @tf.custom_gradient
    def run(projection, recurrent_kernel):  # type: ignore[no-untyped-def]
        def pre_activation(_t: Tensor, h: Tensor) -> Tensor:
            return projection + tf.matmul(drop(h, recurrent_mask), recurrent_kernel)

        saved = forward(plan, pre_activation, zeros, zeros)

        def gradient(upstream: Tensor) -> tuple[Tensor, Tensor]:
            transposed = tf.transpose(recurrent_kernel, (0, 2, 1))
            gates, _, _, _, total = backward(
                plan, saved, zeros, (upstream,), transposed
            )
            d_recurrent, _ = weight_gradients(
                None, saved.hidden, zeros, gates, plan.longest, recurrent_mask
            )
            return total, d_recurrent

        return saved.hidden, gradient

    return run(projection, recurrent_kernel)
