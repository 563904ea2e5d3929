"""Example sequences: real recordings and seeded generators."""

from sklearn_seqae.datasets._japanese_vowels import load_japanese_vowels
from sklearn_seqae.datasets._make_events import make_events
from sklearn_seqae.datasets._make_sequences import make_sequences

__all__ = ["load_japanese_vowels", "make_events", "make_sequences"]
