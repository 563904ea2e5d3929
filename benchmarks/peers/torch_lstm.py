"""The same autoencoder in PyTorch: `nn.LSTM` on packed sequences, batches by length."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence

from benchmarks import _data
from benchmarks._timing import Round, epoch_by_difference, timing


class Autoencoder(nn.Module):
    """Bidirectional LSTM, Linear, repeat, LSTM, Linear."""

    def __init__(self, n_features: int, n_units: int, n_components: int) -> None:
        super().__init__()
        self.encoder = nn.LSTM(n_features, n_units, bidirectional=True)
        self.head = nn.Linear(2 * n_units, n_components)
        self.decoder = nn.LSTM(n_components, n_units)
        self.out = nn.Linear(n_units, n_features)

    def encode(self, x: Tensor | PackedSequence) -> Tensor:
        """Embed a (time, batch, features) tensor or packed sequences."""
        _, (state, _) = self.encoder(x)
        return self.head(torch.cat([state[0], state[1]], -1))

    def loss(self, x: Tensor | PackedSequence) -> Tensor:
        """Mean squared error over the time steps there are."""
        embedding = self.encode(x)
        if isinstance(x, Tensor):
            repeated = embedding.expand(len(x), *embedding.shape)
            return nn.functional.mse_loss(self.out(self.decoder(repeated)[0]), x)
        rows = torch.cat([torch.arange(n) for n in x.batch_sizes.tolist()])
        repeated = PackedSequence(embedding[rows], x.batch_sizes)
        return nn.functional.mse_loss(self.out(self.decoder(repeated)[0].data), x.data)


def warm_epoch(
    data: dict[str, Any], few: int, many: int, packed: bool, **model: Any
) -> Round:
    """Not packed: for sequences of one length, which need no packing."""
    return epoch_by_difference(
        _training(_data.make(**data), packed, **model), few, many
    )


def cold_fit(data: dict[str, Any], epochs: int, packed: bool, **model: Any) -> Round:
    sequences = _data.make(**data)
    return timing(seconds=lambda: _training(sequences, packed, **model)(epochs))


def _training(
    sequences: list[np.ndarray], packed: bool, batch_size: int, **model: Any
) -> Callable[[int], None]:
    """Build batches and a network; return what trains it for so many epochs."""
    batches = _batches(sequences, batch_size, packed)
    network = Autoencoder(sequences[0].shape[1], **model)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, fused=True)

    def train(epochs: int) -> None:
        for _ in range(epochs):
            for batch in random.sample(batches, len(batches)):
                optimizer.zero_grad()
                network.loss(batch).backward()
                optimizer.step()

    return train


def transform(data: dict[str, Any], batch_size: int, **model: Any) -> Round:
    """Embeddings in the order of the input, of batches packed before and of a list."""
    sequences = _data.make(**data)
    network = Autoencoder(sequences[0].shape[1], **model).eval()
    prepared = _batches(sequences, batch_size, packed=True)
    order = np.concatenate(_groups(sequences, batch_size))

    def encode(batches: list[Any]) -> np.ndarray:
        with torch.inference_mode():
            rows = torch.cat([network.encode(batch) for batch in batches]).numpy()
        result = np.empty_like(rows)
        result[order] = rows
        return result

    encode(prepared)
    return timing(
        seconds=lambda: encode(prepared),
        from_list=lambda: encode(_batches(sequences, batch_size, packed=True)),
    )


def _batches(sequences: list[np.ndarray], batch_size: int, packed: bool) -> list[Any]:
    together = pack_sequence if packed else partial(torch.stack, dim=1)
    return [
        together([torch.from_numpy(sequences[k]) for k in group])
        for group in _groups(sequences, batch_size)
    ]


def _groups(sequences: list[np.ndarray], batch_size: int) -> list[np.ndarray]:
    """Indices of batches, longest first, as packing wants it."""
    return [group[::-1] for group in _data.batches_by_length(sequences, batch_size)]
