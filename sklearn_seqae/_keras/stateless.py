"""Keras layers called with weights of one's own, and with masks of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from sklearn_seqae._keras.architecture import Layers
from sklearn_seqae._keras.dropout import Masks, drop

Tensor = Any


class Stateless:
    """Call Keras layers with weights of one's own in place of theirs.

    Parameters
    ----------
    layers : Layers
    weights : sequence of tensors
        In the order of ``layers.variables``.
    masks : sequence of Masks, default=None
        What dropout leaves of the LSTM layers, in the order of the data. Keras draws
        masks itself; these are what the fused network drops as well.
    """

    def __init__(
        self,
        layers: Layers,
        weights: Sequence[Tensor],
        masks: Sequence[Masks] | None = None,
    ) -> None:
        own = zip(layers.variables, weights, strict=True)
        self._weights = {id(variable): weight for variable, weight in own}
        recurrent = [*layers.encoder, *layers.decoder, *layers.forecaster]
        pairs = zip(recurrent, masks, strict=True) if masks else ()
        self._masks = {id(layer): mask for layer, mask in pairs}

    def __call__(self, layer: Any, inputs: Tensor, **kwargs: Any) -> Tensor:
        if id(layer) in self._masks:
            return self._with_dropout(layer, inputs, **kwargs)
        return self._plainly(layer, inputs, **kwargs)

    def _plainly(self, layer: Any, *inputs: Any, **kwargs: Any) -> Tensor:
        mine = [self._weights[id(v)] for v in layer.trainable_variables]
        frozen = [v.value for v in layer.non_trainable_variables]
        outputs, _ = layer.stateless_call(mine, frozen, *inputs, **kwargs)
        return outputs

    def _with_dropout(
        self, layer: Any, inputs: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        """Run an LSTM layer direction by direction, each with masks of its own."""
        directions = [layer]
        if isinstance(layer, keras.layers.Bidirectional):
            directions = [layer.forward_layer, layer.backward_layer]
        kept = self._masks[id(layer)]
        outputs = []
        for d, direction in enumerate(directions):
            of_inputs, of_state = (None if m is None else m[d] for m in kept)
            read = drop(inputs, None if of_inputs is None else of_inputs[:, None])
            if of_state is None:
                states = self._plainly(direction, read, mask=mask)
            else:
                states = self._by_steps(direction, read, mask, of_state)
            outputs.append(
                tf.reverse(states, [1]) if direction.go_backwards else states
            )
        return tf.concat(outputs, -1)

    def _by_steps(
        self, layer: Any, inputs: Tensor, mask: Tensor | None, of_state: Tensor
    ) -> Tensor:
        """Run a layer's cell step by step, each reading a masked state.

        On a GPU Keras does likewise: cuDNN knows no recurrent dropout.
        """
        own = tf.ones(tf.shape(inputs)[:2], tf.bool) if mask is None else mask
        steps = tf.transpose(inputs, (1, 0, 2)), tf.transpose(own)[:, :, None]
        if layer.go_backwards:
            steps = tuple(tf.reverse(array, [0]) for array in steps)

        def step(
            state: tuple[Tensor, Tensor], at: tuple[Tensor, Tensor]
        ) -> tuple[Tensor, Tensor]:
            x, inside = at
            h, c = state
            _, (new_h, new_c) = self._plainly(layer.cell, x, [h * of_state, c])
            return tf.where(inside, new_h, h), tf.where(inside, new_c, c)

        zeros = tf.zeros_like(of_state)
        states, _ = tf.scan(step, steps, (zeros, zeros))
        return tf.transpose(states, (1, 0, 2)) if layer.return_sequences else states[-1]
