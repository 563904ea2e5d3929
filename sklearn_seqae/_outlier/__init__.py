"""The outlier detector, and what it measures."""
