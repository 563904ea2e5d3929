"""Example sequences: real recordings and a seeded generator."""

from sklearn_seqae.datasets._japanese_vowels import load_japanese_vowels
from sklearn_seqae.datasets._make_sequences import make_sequences

__all__ = ["load_japanese_vowels", "make_sequences"]
