"""An LSTM layer whose forward and backward passes are written for the CPU.

The numbers are those of ``keras.layers.LSTM`` (Hochreiter and Schmidhuber, 1997, with
forget gate; gates in Keras's order i, f, c, o). They are computed by one product
``[x_t, h] @ [W; R]`` a step, and one ``tanh`` for all gates,
``sigmoid(x) = (1 + tanh(x / 2)) / 2``. The backward loop makes gate gradients only;
those of the weights are products over many steps, after it. docs/architecture.rst has
the figures.

Time comes first and both directions are one axis, so one loop serves both. The backward
direction reads an input reversed by length. Sequences are right-padded and rows never
mix, so states need no mask: a row's last state is picked up as the loop passes its
length. (With relu, states stop there, since nothing would bound them beyond.)

Shapes: ``T`` LSTM steps of the buffer, ``D`` directions, ``B`` rows, ``F`` inputs,
``U`` units. Steps beyond a batch's longest row are left as they were in the buffers
(`Scratch`): whoever reads a sequence of states looks at a row's own steps only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from sklearn_seqae._keras.lstm import recurrence
from sklearn_seqae._keras.lstm.gradients import with_gradient
from sklearn_seqae._keras.lstm.running_pool import RunningPool

Tensor = Any  # tf.Tensor is not typed upstream


@dataclass(frozen=True)
class LSTMWeights:
    """The weights of one layer, its directions stacked, laid out as in Keras."""

    kernel: Tensor  # (D, F, 4U)
    recurrent_kernel: Tensor  # (D, U, 4U)
    bias: Tensor  # (D, 4U)


def lstm(
    x: Any,  # tensor or None
    weights: LSTMWeights,
    lengths: Tensor,
    *,
    n_steps: int | None = None,
    constant: Tensor | None = None,
    pooling: Sequence[str] = (),
    return_sequences: bool = True,
    activation: str = "tanh",
    scratch: recurrence.Scratch | None = None,
    input_gradient: bool = True,
) -> tuple[Tensor | None, dict[str, Tensor]]:
    """Run one LSTM layer over right-padded rows.

    ``x`` is (T, D, B, F). Direction 1, where there is one, holds each row reversed by
    its own length. Where it is None the layer reads nothing but ``constant``, and
    ``n_steps`` is T. ``lengths`` are LSTM steps, int32; 0 marks a row that holds
    nothing. ``constant`` is input that is the same at every step, times its kernel,
    (D, B, 4U). ``pooling`` are the kinds of `RunningPool` to return. ``scratch`` may be
    None where speed does not matter, and without a gradient. ``input_gradient`` is
    False where x is data.

    Return the sequence, (T, D, B, U), or None, and what is pooled, (D, B, U) of each
    kind. Only the steps of a row's own length mean anything.
    """
    bias = weights.bias[:, None]  # of all rows, or one of each row's own
    bias = bias if constant is None else bias + constant
    over_rows = constant is not None
    units = int(weights.recurrent_kernel.shape[1])
    like: Any = constant if x is None else x[0]
    zeros = tf.zeros((*like.shape[:2], units), weights.recurrent_kernel.dtype)
    plan = recurrence.Plan(
        lengths,
        int(x.shape[0]) if n_steps is None else n_steps,
        activation,
        return_sequences,
        RunningPool(pooling, lengths),
        scratch,
    )

    @with_gradient
    def run(recurrent_kernel, bias, *read):  # type: ignore[no-untyped-def]
        x, kernel = read or (None, None)
        both = (
            recurrent_kernel if x is None else tf.concat([kernel, recurrent_kernel], 1)
        )

        def pre_activation(t: Tensor, h: Tensor) -> Tensor:
            read = h if x is None else tf.concat([x[t], h], -1)
            return tf.matmul(read, both) + bias

        saved = recurrence.forward(plan, pre_activation, zeros)

        def gradient(*upstream: Tensor) -> tuple[Tensor, ...]:
            wanted = both if input_gradient else recurrent_kernel
            transposed = tf.transpose(wanted, (0, 2, 1))
            gates, dx, total = recurrence.backward(plan, saved, upstream, transposed)
            d_both, d_bias = recurrence.weight_gradients(
                x, saved.hidden, gates, plan.longest
            )
            n_inputs = d_both.shape[1] - units
            d_kernel, d_recurrent = tf.split(d_both, [n_inputs, units], 1)
            d_bias = total if over_rows else d_bias[:, None]
            return d_recurrent, d_bias, *((dx, d_kernel) if read else ())

        return plan.outputs(saved), gradient

    read = () if x is None else (x, weights.kernel)
    sequence, sums = plan.by_name(run(weights.recurrent_kernel, bias, *read))
    return sequence, {kind: plan.pool.finish(sums, kind) for kind in pooling}
