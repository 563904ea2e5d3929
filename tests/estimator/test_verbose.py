"""What a fit shows."""

import pytest


def test_silent_by_default(plain_autoencoder, sequences, capfd):
    plain_autoencoder().fit(sequences).transform(sequences)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("verbose", "n_lines"), [(1, 10), (True, 10), (2, 30)])
def test_a_line_now_and_then(plain_autoencoder, sequences, capsys, verbose, n_lines):
    # With early stopping, each epoch is an event of its own.
    autoencoder = plain_autoencoder(
        verbose=verbose, epochs=30, early_stopping=True, n_iter_no_change=100
    ).fit(sequences)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == n_lines
    assert lines[-1].startswith("epoch 30/30 - loss: ")
    assert f"val_loss: {autoencoder.history_['val_loss'][-1]:.4f}" in lines[-1]
