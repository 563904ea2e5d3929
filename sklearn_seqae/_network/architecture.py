"""The specification of a network: every layer, its sizes and its place.

It imports no deep-learning library. From it follow, by name: initial weights, Keras
layers, dropout masks, the fitted state and the exported models. The order of `layers`
is the order in which initial weights are drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from sklearn_seqae._network.layers import LSTM, Dense, Embedding, Layer, Weight
from sklearn_seqae._patches.steps import StepLayout, vector_size


@dataclass(frozen=True)
class DecoderSpec:
    """The layers of one decoder, and what it reads and writes.

    Attributes
    ----------
    kind : str
        One of `DECODERS`.
    lstm : tuple of LSTM
    output : Dense
        Writes steps.
    step : StepLayout
        What stands in a step.
    embedding_size : int
        Numbers that it decodes.
    n_parts : int
        Parts that it cuts them into; 0 if it does not.
    tables : tuple of Embedding
        By which it reads the categories that it has written, if it reads them; they
        are the encoder's.
    """

    kind: str
    lstm: tuple[LSTM, ...]
    output: Dense
    step: StepLayout
    embedding_size: int
    n_parts: int
    tables: tuple[Embedding, ...] = ()

    @property
    def n_inputs(self) -> int:
        """Values of a step."""
        return self.step.width

    @property
    def layers(self) -> tuple[Layer, ...]:
        return (*self.lstm, self.output)

    @property
    def layers_with_tables(self) -> tuple[Layer, ...]:
        """Every layer that it runs."""
        return (*self.tables, *self.layers)


class DecoderSizes(NamedTuple):
    """Sizes that tell one kind of decoder from another.

    Attributes
    ----------
    reads : callable
        Width of what the first LSTM layer reads at a step, from that of a step, the
        size of the embedding and the number of parts.
    cuts : bool, default=False
        Whether it cuts the embedding into a part for each LSTM step of the longest
        sequence in `fit`, and so writes none that are longer.
    at_once : bool, default=False
        Whether the output layer writes all steps at once, from the last state.
    feeds_back : bool, default=False
        Whether it reads what it has written.
    """

    reads: Callable[[int, int, int], int]
    cuts: bool = False
    at_once: bool = False
    feeds_back: bool = False


# A kind is computed by the class of its name in `decoders.KINDS`.
DECODERS = {
    "repeat": DecoderSizes(lambda step, embedding, parts: embedding),
    "unfold": DecoderSizes(
        lambda step, embedding, parts: step + embedding, feeds_back=True
    ),
    "reshape": DecoderSizes(lambda step, embedding, parts: embedding // parts, True),
    "single_shot": DecoderSizes(
        lambda step, embedding, parts: embedding // parts, True, True
    ),
}


def _query(name: str, units: int) -> Dense:
    return Dense(name, units, 1, use_bias=False)


# Kinds of pooling, and the layer that one direction of one LSTM layer needs for it. A
# kind is computed by the function of its name in `_network/pooling`.
POOLING: dict[str, Callable[[str, int], Dense] | None] = {
    "last": None,
    "mean": None,
    "max": None,
    "min": None,
    "std": None,
    "attention": _query,
}


@dataclass(frozen=True)
class Architecture:
    """All that decides the shapes of the weights and what is computed from them.

    Two fits of equal architectures share compiled programs, so it holds nothing that
    depends on the values of the data.

    Attributes
    ----------
    n_inputs : int
        Values that an LSTM step reads and writes: ``patch_size * n_features``.
    embedding_size : int
        Numbers of an embedding that the network makes; the length is not among them.
    hidden_layer_sizes, decoder_layer_sizes : tuple of int
        LSTM units per encoder and per decoder layer, in the order of the data.
    bidirectional : bool
        Whether the encoder reads both ways.
    activation : {"tanh", "relu"}
    pooling : tuple of str
        How states are pooled over time, of `POOLING`.
    bottleneck : bool
        Whether a layer makes the embedding of the pooled states. Without one they are
        the embedding.
    projection_size : int
        Width of the projection head, of use in training only; 0 is none.
    n_extra_inputs : int
        Values that the encoder reads at a step beyond those that are decoded.
    decoder : str
        One of `DECODERS`.
    max_steps : int
        LSTM steps that the decoder can write; 0 is no limit.
    variational : bool
        Whether a further layer makes the logarithms of variances, and the embedding is
        the mean of a normal distribution.
    n_forecast_steps : int
        LSTM steps of the forecaster, a second decoder; 0 is none.
    n_recent : int
        Values that the forecaster reads beside the embedding: the last time steps.
    category_sizes : tuple of int
        Number of categories of each column of them, see `StepLayout`. Their codes are
        among the ``n_inputs`` and the ``n_recent`` values.
    n_timesteps : int
        Time steps that an LSTM step holds, where there are categories; else 1, since
        then only ``n_inputs`` counts.
    """

    n_inputs: int
    embedding_size: int
    hidden_layer_sizes: tuple[int, ...]
    decoder_layer_sizes: tuple[int, ...]
    bidirectional: bool
    activation: str
    pooling: tuple[str, ...] = ("last",)
    bottleneck: bool = True
    projection_size: int = 0
    n_extra_inputs: int = 0
    decoder: str = "repeat"
    max_steps: int = 0
    variational: bool = False
    n_forecast_steps: int = 0
    n_recent: int = 0
    category_sizes: tuple[int, ...] = ()
    n_timesteps: int = 1

    # What stands in a step ------------------------------------------------------------

    @property
    def step(self) -> StepLayout:
        """Layout of what an LSTM step reads and writes, but for the extra inputs."""
        return self._layout(self.n_timesteps)

    @property
    def recent(self) -> StepLayout:
        """The last time steps, as the forecaster reads them."""
        if not self.category_sizes:
            return StepLayout(self.n_recent)
        return self._layout(self.n_recent // self.step.n_features)

    @property
    def n_packed(self) -> int:
        """Values of a step in memory, extra inputs included."""
        return self.n_inputs + self.n_extra_inputs

    # The layers, in the order of the data ---------------------------------------------

    @property
    def category_layers(self) -> tuple[Embedding, ...]:
        """The table of each column of categories."""
        return tuple(
            Embedding(f"category_{n}", size, vector_size(size))
            for n, size in enumerate(self.category_sizes, 1)
        )

    @property
    def encoder_layers(self) -> tuple[LSTM, ...]:
        layers: list[LSTM] = []
        width = self.step.n_read + self.n_extra_inputs
        for n, units in enumerate(self.hidden_layer_sizes, 1):
            layers.append(LSTM(f"encoder_lstm_{n}", width, units, self.bidirectional))
            width = layers[-1].n_outputs
        return tuple(layers)

    @property
    def pooling_layers(self) -> tuple[dict[str, tuple[Dense, ...]], ...]:
        """Layers of those kinds of pooling that have some, by encoder layer and kind.

        One for each direction.
        """
        found: list[dict[str, tuple[Dense, ...]]] = []
        for n, layer in enumerate(self.encoder_layers):
            n_directions = len(layer.directions)
            numbers = range(n * n_directions + 1, (n + 1) * n_directions + 1)
            found.append(
                {
                    kind: tuple(make(f"{kind}_{i}", layer.units) for i in numbers)
                    for kind in self.pooling
                    if (make := POOLING[kind]) is not None
                }
            )
        return tuple(found)

    @property
    def n_pooled(self) -> int:
        """Numbers that pooling keeps of all states."""
        widths = (layer.n_outputs for layer in self.encoder_layers)
        return sum(widths) * len(self.pooling)

    @property
    def bottleneck_layer(self) -> Dense | None:
        if not self.bottleneck:
            return None
        return Dense("embedding", self.n_pooled, self.embedding_size)

    @property
    def decoder_spec(self) -> DecoderSpec:
        return self._decoder("decoder", "reconstruction", self.decoder, 0)

    @property
    def projection_head(self) -> tuple[Dense, ...]:
        size = self.projection_size
        if not size:
            return ()
        hidden = Dense("projection_hidden", self.n_pooled, size, activation="relu")
        return hidden, Dense("projection", size, size)

    @property
    def log_variance_layer(self) -> Dense | None:
        if not self.variational:
            return None
        return Dense("log_variance", self.n_pooled, self.embedding_size)

    @property
    def forecaster_spec(self) -> DecoderSpec | None:
        """The second decoder: it reads the embedding and the last time steps."""
        if not self.n_forecast_steps:
            return None
        return self._decoder("forecaster", "forecast", "repeat", self.recent.n_read)

    @property
    def embedding_layers(self) -> tuple[Layer, ...]:
        """Every layer between a sequence and its embedding."""
        of_pooling = (
            layer
            for kinds in self.pooling_layers
            for layers in kinds.values()
            for layer in layers
        )
        every = (
            *self.category_layers,
            *self.encoder_layers,
            *of_pooling,
            self.bottleneck_layer,
        )
        return tuple(layer for layer in every if layer is not None)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every layer of the network."""
        forecaster = self.forecaster_spec
        every = (
            *self.embedding_layers,
            *self.decoder_spec.layers,
            *self.projection_head,
            self.log_variance_layer,
            *(forecaster.layers if forecaster else ()),
        )
        return tuple(layer for layer in every if layer is not None)

    @property
    def lstm_layers(self) -> tuple[LSTM, ...]:
        return tuple(layer for layer in self.layers if isinstance(layer, LSTM))

    @property
    def weights(self) -> tuple[Weight, ...]:
        """Every weight of the network, in the order of the layers."""
        return tuple(weight for layer in self.layers for weight in layer.weights)

    def _decoder(self, name: str, output: str, kind: str, n_beside: int) -> DecoderSpec:
        sizes, step = DECODERS[kind], self.step
        n_parts = self.max_steps if sizes.cuts else 0
        n_read = self.embedding_size + n_beside
        width = sizes.reads(step.n_read, n_read, n_parts)
        layers: list[LSTM] = []
        for n, units in enumerate(self.decoder_layer_sizes, 1):
            last = n == len(self.decoder_layer_sizes)
            keep = not (sizes.at_once and last)
            layers.append(LSTM(f"{name}_lstm_{n}", width, units, return_sequences=keep))
            width = units
        n_written = step.n_outputs * (n_parts if sizes.at_once else 1)
        writes = Dense(output, width, n_written, time_distributed=not sizes.at_once)
        tables = self.category_layers if sizes.feeds_back else ()
        return DecoderSpec(kind, tuple(layers), writes, step, n_read, n_parts, tables)

    def _layout(self, n_timesteps: int) -> StepLayout:
        """Return the layout of so many time steps."""
        n_codes = len(self.category_sizes)
        n_numbers = self.n_inputs // self.n_timesteps - n_codes
        return StepLayout(n_timesteps * n_numbers, n_timesteps, self.category_sizes)
