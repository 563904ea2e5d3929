"""Accuracies that others published, on the same split into training and test.

T-Loss: Franceschi, Dieuleveut and Jaggi (NeurIPS 2019). TS2Vec: Yue et al. (AAAI 2022).
DTW: a nearest neighbour, as the TS2Vec paper reports it. A missing figure is no zero: a
row takes part in a ranking only where it has all figures.
"""

DTW = "1-NN DTW (published)"

PUBLISHED: dict[str, dict[str, float]] = {
    "T-Loss (published)": {
        "JapaneseVowels": 0.989,
        "ArrowHead": 0.766,
        "OSULeaf": 0.760,
    },
    "TS2Vec (published)": {
        "JapaneseVowels": 0.984,
        "ArrowHead": 0.857,
        "OSULeaf": 0.851,
    },
    DTW: {
        "JapaneseVowels": 0.949,
        "ArrowHead": 0.703,
        "OSULeaf": 0.591,
    },
}
