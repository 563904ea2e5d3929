"""Is ``epochs="auto"`` right from 20 sequences to 100,000?

Held-out error and accuracy with half of what it chooses, with it, and with twice as
much. ``python -m benchmarks.budget`` writes the table of the user guide's page on
choosing parameters.
"""

import sys
import time
from typing import Any

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks._process import ROOT
from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae.datasets import make_sequences

TABLE = ROOT / "docs" / "user_guide" / "budget_table.txt"
SIZES = (20, 100, 1_000, 10_000, 100_000)
SHARES = (0.5, 1.0, 2.0)
N_HELD_OUT = 1_000
MAX_LABELLED = 1_000
# Small, so that a hundred thousand sequences can be fitted for 20 epochs; else defaults
PARAMETERS: dict[str, Any] = {"hidden_layer_sizes": 16, "random_state": 0}
SEQUENCES: dict[str, Any] = {"noise": 0.3, "class_sep": 1.2}


def main() -> None:
    lines = [
        '.. list-table:: Held-out error / accuracy, by the share of ``epochs="auto"``',
        "   :header-rows: 1",
        "",
        *_row("sequences", "epochs", "half", '"auto"', "twice"),
    ]
    X_test, y_test = make_sequences(N_HELD_OUT, random_state=1, **SEQUENCES)
    for n in SIZES:
        X, y = make_sequences(n, random_state=0, **SEQUENCES)
        chosen, cells = 0, {}
        for share in (1.0, *(s for s in SHARES if s != 1.0)):
            epochs = round(chosen * share) if chosen else "auto"
            model = LSTMAutoencoderTransformer(epochs=epochs, **PARAMETERS)
            start = time.perf_counter()
            model.fit(X)
            seconds = time.perf_counter() - start
            chosen = chosen or model.n_iter_
            error = -model.score(X_test)
            classifier = make_pipeline(
                StandardScaler(), LogisticRegression(max_iter=10_000)
            ).fit(model.transform(X[:MAX_LABELLED]), y[:MAX_LABELLED])
            accuracy = classifier.score(model.transform(X_test), y_test)
            cells[share] = f"{error:.3f} / {accuracy:.3f}"
            print(n, epochs, cells[share], f"{seconds:.0f} s", file=sys.stderr)
        lines += _row(f"{n:,}", chosen, *(cells[s] for s in SHARES))
        TABLE.write_text("\n".join(lines) + "\n")
    print(f"written to {TABLE.relative_to(ROOT)}")


def _row(*cells: object) -> list[str]:
    return [f"   {'* -' if n == 0 else '  -'} {c}" for n, c in enumerate(cells)]


if __name__ == "__main__":
    main()
