"""Kinds of columns of a time step: a file and a line of the table for each."""

from collections.abc import Mapping
from types import MappingProxyType

from sklearn_seqae._patches.heads.category import Category
from sklearn_seqae._patches.heads.head import Head

HEADS: Mapping[str, type[Head]] = MappingProxyType(
    {"number": Head, "category": Category}
)
