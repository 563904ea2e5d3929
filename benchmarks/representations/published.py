"""Accuracies that others published, on the same split into training and test.

T-Loss: Franceschi, Dieuleveut and Jaggi (NeurIPS 2019), as stored with its code, and
the nearest neighbours by dynamic time warping that stand beside it there. TS2Vec: Yue
et al. (AAAI 2022); all but Japanese Vowels and BasicMotions as Sun et al. (ICLR 2024)
print them again. A missing figure is no zero: a row takes part in a ranking only where
it has all figures.
"""

DTW = "1-NN DTW (published)"
SETS = (
    "JapaneseVowels",
    "BasicMotions",
    "ItalyPowerDemand",
    "ArrowHead",
    "OSULeaf",
    "PickupGestureWiimoteZ",
    "PLAID",
    "GunPoint",
    "ACSF1",
)


def _row(*figures: float) -> dict[str, float]:
    return dict(zip(SETS, figures, strict=True))


PUBLISHED: dict[str, dict[str, float]] = {
    "T-Loss (published)": _row(
        0.989, 1.0, 0.954, 0.766, 0.760, 0.740, 0.555, 0.980, 0.900
    ),
    "TS2Vec (published)": _row(
        0.984, 0.975, 0.925, 0.857, 0.851, 0.820, 0.561, 0.980, 0.910
    ),
    DTW: _row(0.949, 0.975, 0.950, 0.703, 0.591, 0.660, 0.840, 0.907, 0.640),
}
