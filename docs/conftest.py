"""For the examples of the user guide, which are run as tests."""

import pytest


@pytest.fixture(autouse=True)
def training_without_xla(monkeypatch):
    """Spare the seconds that compiling for training takes; embed as always."""
    from sklearn_seqae._keras import workspace

    monkeypatch.setattr(workspace, "xla_compiles", lambda: False)
