"""Scaled sequences as the network reads them, and the source of a fit."""
