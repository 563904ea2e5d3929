"""The specification of a network: every layer, its sizes and its place.

The order of `layers` is the order in which initial weights are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

from sklearn_seqae._network.decoders import DECODERS
from sklearn_seqae._network.layers import (
    LSTM,
    DecoderSpec,
    Dense,
    Embedding,
    Layer,
    Weight,
)
from sklearn_seqae._network.pooling import WITH_QUERY
from sklearn_seqae._patches.steps import StepLayout
from sklearn_seqae._sequences.vocabulary import Column


@dataclass(frozen=True)
class Architecture:
    """All that decides the shapes of the weights and what is computed from them.

    It holds nothing of the values of the data: equal ones share compiled programs.
    """

    # Values that an LSTM step reads and writes: `patch_size * n_features`
    n_inputs: int
    # Numbers of an embedding that the network makes; the length is not among them
    embedding_size: int
    # LSTM units per encoder and per decoder layer, in the order of the data
    hidden_layer_sizes: tuple[int, ...]
    decoder_layer_sizes: tuple[int, ...]
    bidirectional: bool  # whether the encoder reads both ways
    activation: str  # {"tanh", "relu"}
    # How states are pooled over time, of `POOLING`
    pooling: tuple[str, ...] = ("last",)
    # Whether a layer makes the embedding of the pooled states; without one they are the
    # embedding
    bottleneck: bool = True
    # Width of the projection head, of use in training only; 0 is none
    projection_size: int = 0
    # Values that the encoder reads at a step beyond those that are decoded
    n_extra_inputs: int = 0
    decoder: str = "repeat"  # one of `DECODERS`
    max_steps: int = 0  # LSTM steps that the decoder can write; 0 is no limit
    # Whether a further layer makes the logarithms of variances, and the embedding is
    # the mean of a normal distribution
    variational: bool = False
    # LSTM steps of the forecaster, a second decoder; 0 is none
    n_forecast_steps: int = 0
    # Values that the forecaster reads beside the embedding: the last time steps
    n_recent: int = 0
    # The columns that are no numbers, see `StepLayout`; their values are among the
    # `n_inputs` and the `n_recent` ones
    columns: tuple[Column, ...] = ()
    # Time steps that an LSTM step holds, where there are such columns; else 1, since
    # then only `n_inputs` counts
    n_timesteps: int = 1

    # What stands in a step ------------------------------------------------------------

    @property
    def step(self) -> StepLayout:
        """Layout of what an LSTM step reads and writes, but for the extra inputs."""
        return self._layout(self.n_timesteps)

    @property
    def recent(self) -> StepLayout:
        """The last time steps, as the forecaster reads them."""
        if not self.columns:
            return StepLayout(self.n_recent)
        return self._layout(self.n_recent // self.step.n_features)

    @property
    def n_packed(self) -> int:
        """Values of a step in memory, extra inputs included."""
        return self.n_inputs + self.n_extra_inputs

    # The layers, in the order of the data ---------------------------------------------

    @property
    def category_layers(self) -> tuple[Embedding, ...]:
        """The table of each column that is read from one."""
        heads = [part.head for part in self.step.parts if part.head.is_finite]
        return tuple(
            Embedding(f"category_{n}", head.size, head.n_read)
            for n, head in enumerate(heads, 1)
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
        """Layers of pooling by encoder layer and kind, one for each direction."""
        kinds = [kind for kind in self.pooling if kind in WITH_QUERY]
        found: list[dict[str, tuple[Dense, ...]]] = []
        for n, layer in enumerate(self.encoder_layers):
            n_directions = len(layer.directions)
            numbers = range(n * n_directions + 1, (n + 1) * n_directions + 1)
            sizes = layer.units, 1, False
            found.append(
                {k: tuple(Dense(f"{k}_{i}", *sizes) for i in numbers) for k in kinds}
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
        decoder, step = DECODERS[kind], self.step
        n_parts = self.max_steps if decoder.cuts else 0
        width = decoder.n_read(step.n_read, self.embedding_size + n_beside, n_parts)
        layers: list[LSTM] = []
        for n, units in enumerate(self.decoder_layer_sizes, 1):
            last = n == len(self.decoder_layer_sizes)
            keep = not (decoder.at_once and last)
            layers.append(LSTM(f"{name}_lstm_{n}", width, units, return_sequences=keep))
            width = units
        n_written = step.n_outputs * (n_parts if decoder.at_once else 1)
        writes = Dense(output, width, n_written, time_distributed=not decoder.at_once)
        tables = self.category_layers if decoder.feeds_back or n_beside else ()
        return DecoderSpec(kind, tuple(layers), writes, step, n_parts, tables)

    def _layout(self, n_timesteps: int) -> StepLayout:
        n_numbers = self.n_inputs // self.n_timesteps - len(self.columns)
        return StepLayout(n_timesteps * n_numbers, n_timesteps, self.columns)
