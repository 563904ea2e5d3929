"""Example sequences: real recordings and seeded generators."""

from sklearn_seqae.datasets._generators import make_events, make_sequences
from sklearn_seqae.datasets._japanese_vowels import load_japanese_vowels

__all__ = ["load_japanese_vowels", "make_events", "make_sequences"]
