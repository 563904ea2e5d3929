"""How much arithmetic the LSTM passes need: what a share of the matmul rate is of.

One step of one LSTM on B sequences multiplies (B, F) by (F, 4U) and (B, U) by
(U, 4U): 2 * B * 4U * (F + U) operations. A backward pass needs the same two products
twice, once for the inputs and once for the weights. Only time steps that exist are
counted (no padding), a repeat decoder's input, the same at every step, once a
sequence, and neither gate activations, Dense layers nor the optimizer: the share says
how near the whole of the training comes to a machine that does nothing but these
matrix products.
"""

from collections.abc import Sequence

N = 1024
MATMUL = 2 * N**3  # operations of a product of two (N, N) matrices


def lstm_forward(
    n_steps: int, n_inputs: int, n_units: int, n_projections: int
) -> float:
    """Operations of one LSTM, one direction, over ``n_steps`` steps in all.

    ``n_projections`` is how often the input is multiplied.
    """
    return 2.0 * 4 * n_units * (n_projections * n_inputs + n_steps * n_units)


def encoder_forward(
    lengths: Sequence[int], n_features: int, n_units: int, bidirectional: bool = True
) -> float:
    """Operations that reading sequences of these lengths once takes."""
    n_steps, directions = sum(lengths), 2 if bidirectional else 1
    return directions * lstm_forward(n_steps, n_features, n_units, n_steps)


def epoch(
    lengths: Sequence[int],
    n_features: int,
    n_units: int,
    n_components: int,
    bidirectional: bool = True,
) -> float:
    """Operations of one epoch, forward and backward, of the one-layer autoencoder."""
    encoder = encoder_forward(lengths, n_features, n_units, bidirectional)
    decoder = lstm_forward(sum(lengths), n_components, n_units, len(lengths))
    return 3 * (encoder + decoder)
