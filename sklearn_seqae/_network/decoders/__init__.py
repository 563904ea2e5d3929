"""From an embedding to a sequence: each kind of decoder in a module of its name.

A decoder writes a sequence from its last LSTM step to its first. What the encoder read
last is then what the decoder needs first (Srivastava, Mansimov and Salakhutdinov,
2015).
"""

from __future__ import annotations

from importlib import import_module

from sklearn_seqae._network.architecture import DecoderSpec
from sklearn_seqae._network.decoders._base import DecoderBase

LARGEST = 1e30  # a wild vector saturates the network before it overflows float32


def make_decoder(spec: DecoderSpec) -> DecoderBase:
    """Return the decoder of a specification."""
    module = import_module(f"{__name__}.{spec.kind}")
    decoder: DecoderBase = module.Decoder(spec)
    return decoder
