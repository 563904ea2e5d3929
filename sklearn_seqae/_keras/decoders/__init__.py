"""How a vector becomes a sequence: one kind of decoder a file.

A decoder writes a sequence from its last step to its first. What the encoder read last
is then what the decoder needs first (Srivastava, Mansimov and Salakhutdinov, 2015).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn_seqae._keras.decoders._base import Decoder, DecoderWeights
from sklearn_seqae._keras.decoders.repeat import Repeat
from sklearn_seqae._keras.decoders.reshape import Reshape
from sklearn_seqae._keras.decoders.single_shot import SingleShot
from sklearn_seqae._keras.decoders.unfold import Unfold

if TYPE_CHECKING:
    from sklearn_seqae._keras.architecture import Architecture

__all__ = ["KINDS", "Decoder", "DecoderWeights", "decoder_of"]

KINDS: dict[str, type[Decoder]] = {
    "repeat": Repeat,
    "unfold": Unfold,
    "reshape": Reshape,
    "single_shot": SingleShot,
}


def decoder_of(architecture: Architecture) -> Decoder:
    """Return the decoder of an architecture."""
    return KINDS[architecture.decoder](architecture)
