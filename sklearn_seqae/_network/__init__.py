"""The forward pass, written once, in calls of an engine; no library of its own."""
