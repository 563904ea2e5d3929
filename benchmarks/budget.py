"""Is ``epochs="auto"`` right from 20 sequences to 100,000?

Held-out error and accuracy with half of what it chooses, with it, and with twice as
much. ``python -m benchmarks.budget`` writes the table of the user guide's page on
choosing parameters.
"""

import sys
from typing import Any

import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks._page import write_tables
from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae.datasets import make_sequences

SIZES = (20, 100, 1_000, 10_000, 100_000)
N_HELD_OUT = 1_000
MAX_LABELLED = 1_000
# Small, so that a hundred thousand sequences can be fitted for 20 epochs; else defaults
PARAMETERS: dict[str, Any] = {"hidden_layer_sizes": 16, "random_state": 0}
SEQUENCES: dict[str, Any] = {"noise": 0.3, "class_sep": 1.2}


def main() -> None:
    title = 'Held-out error / accuracy, by the share of ``epochs="auto"``'
    rows = []
    for n in SIZES:
        epochs, auto = _judged(n, "auto")
        half, twice = (_judged(n, round(epochs * share))[1] for share in (0.5, 2))
        cells = {"sequences": f"{n:,}", "epochs": epochs}
        rows.append({**cells, "half": half, '"auto"': auto, "twice": twice})
        write_tables("budget_table.txt", {title: pd.DataFrame(rows)})


def _judged(n: int, epochs: int | str) -> tuple[int, str]:
    """Epochs run, and error and accuracy of a fit on ``n`` sequences."""
    X, y = make_sequences(n, random_state=0, **SEQUENCES)
    X_test, y_test = make_sequences(N_HELD_OUT, random_state=1, **SEQUENCES)
    model = LSTMAutoencoderTransformer(epochs=epochs, **PARAMETERS).fit(X)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=10_000))
    classifier.fit(model.transform(X[:MAX_LABELLED]), y[:MAX_LABELLED])
    accuracy = classifier.score(model.transform(X_test), y_test)
    judged = f"{-model.score(X_test):.3f} / {accuracy:.3f}"
    print(n, epochs, judged, file=sys.stderr)
    return model.n_iter_, judged


if __name__ == "__main__":
    main()
