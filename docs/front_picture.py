"""Draw the picture of the README and of the start page, from a real fit.

    python docs/front_picture.py

writes docs/_static/front_light.svg and front_dark.svg. Sequences of different lengths
are on the left, their embeddings in the middle, and what is decoded from them on the
right.
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae.datasets import load_japanese_vowels

FOLDER = Path(__file__).parent / "_static"
# Of four speakers, the test utterance whose length comes nearest: (speaker, length)
SHOWN = (0, 24), (3, 12), (5, 18), (8, 29)
MARKERS = "osD^"
# Near Okabe and Ito's colours, for colour-blind readers; lighter on a dark background
INK = {"light": "#1f2328", "dark": "#e6edf3"}
# The light one is also shown where a page can't choose, on any background
PAPER = {"light": "white", "dark": "none"}
COLOURS = {
    "light": ("#0072B2", "#D55E00", "#009E73", "#AA4499"),
    "dark": ("#56B4E9", "#E69F00", "#2BC49A", "#E58FC1"),
}
FEATURES = slice(0, 3)  # of 12: more lines would hide each other
STYLE = {
    "font.size": 16,
    "svg.hashsalt": "sklearn_seqae",  # the same names of parts each time
    "svg.fonttype": "path",  # the same letters on every machine
    "path.simplify_threshold": 0.5,
}


def main():
    data = load_japanese_vowels()
    autoencoder = LSTMAutoencoderTransformer(random_state=0).fit(data.X_train)
    chosen = [nearest(data, speaker, length) for speaker, length in SHOWN]
    of_four = [i for i, y in enumerate(data.y_test) if y in dict(SHOWN)]
    plane = make_pipeline(StandardScaler(), PCA(2))
    points = plane.fit_transform(
        autoencoder.transform([data.X_test[i] for i in of_four])
    )
    sequences = [data.X_test[i][:, FEATURES] for i in chosen]
    decoded = [
        x[:, FEATURES]
        for x in autoencoder.reconstruct([data.X_test[i] for i in chosen])
    ]
    clouds = [points[data.y_test[of_four] == speaker] for speaker, _ in SHOWN]
    marked = [points[of_four.index(i)] for i in chosen]
    for theme in COLOURS:
        with plt.rc_context({**STYLE, "text.color": INK[theme]}):
            draw(theme, sequences, clouds, marked, decoded)


def nearest(data, speaker, length):
    """Return the number of the speaker's test utterance of about this length."""
    own = (data.y_test == speaker).nonzero()[0]
    return min(own, key=lambda i: abs(len(data.X_test[i]) - length))


def draw(theme, sequences, clouds, marked, decoded):
    figure = plt.figure(figsize=(6.4, 3.0))
    grid = {"bottom": 0.02, "top": 0.8}
    left = figure.add_gridspec(4, 1, left=0.01, right=0.27, **grid)
    middle = figure.add_gridspec(1, 1, left=0.35, right=0.65, **grid)
    right = figure.add_gridspec(4, 1, left=0.73, right=0.99, **grid)
    longest = max(map(len, sequences))
    for k, (x, back) in enumerate(zip(sequences, decoded, strict=True)):
        colour = COLOURS[theme][k]
        for cell, shown in (left[k], x), (right[k], back):
            ax = figure.add_subplot(cell)
            ax.plot(shown, color=colour, linewidth=1.6)
            ax.set(xlim=(-0.5, longest - 0.5), ylim=(x.min() - 0.2, x.max() + 0.2))
            ax.axis("off")
        ax.plot(x, color=INK[theme], linewidth=0.8, linestyle=":")
    ax = figure.add_subplot(middle[0])
    for k, (cloud, point) in enumerate(zip(clouds, marked, strict=True)):
        look = {"marker": MARKERS[k], "color": COLOURS[theme][k], "linestyle": ""}
        ax.plot(*cloud.T, markersize=3.5, alpha=0.7, markeredgewidth=0, **look)
        ax.plot(*point, markersize=11, markeredgecolor=INK[theme], **look)
    ax.axis("off")
    for x, title in (0.14, "sequences"), (0.5, "embeddings"), (0.86, "decoded back"):
        figure.text(x, 0.9, title, ha="center", weight="bold")
    for x in 0.31, 0.69:
        figure.text(x, 0.41, "\N{RIGHTWARDS ARROW}", ha="center", va="center", size=28)
    path = FOLDER / f"front_{theme}.svg"
    metadata = {"Date": None, "Creator": None}
    figure.savefig(path, facecolor=PAPER[theme], metadata=metadata)
    plt.close(figure)


if __name__ == "__main__":
    main()
