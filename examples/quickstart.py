"""Recordings of different lengths to embeddings of one size, to labels, and back.

`make demo` runs this. It trains on the Japanese Vowels recordings, prints scores and
saves two pictures.
"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # pictures go to files; no window is opened

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae.datasets import load_japanese_vowels

# Okabe and Ito's colours, for colour-blind readers. The markers help in grey print
COLOURS = "#0072B2 #E69F00 #009E73 #CC79A7 #56B4E9 #D55E00 #999999 #F0E442 #000000"
MARKERS = "os^vD<>ph"


def main() -> None:
    output = read_output_folder()
    data = load_japanese_vowels()
    lengths = [len(x) for x in data.X_train + data.X_test]
    print(
        f"Japanese Vowels: {len(data.X_train)} training and {len(data.X_test)} test "
        f"utterances of {len(data.target_names)} speakers,\n"
        f"{len(data.feature_names)} features, {min(lengths)} to {max(lengths)} frames\n"
    )

    autoencoder = LSTMAutoencoderTransformer(random_state=0, verbose=1)
    classifier = make_pipeline(autoencoder, StandardScaler(), LogisticRegression())
    classifier.fit(data.X_train, data.y_train)

    accuracy = classifier.score(data.X_test, data.y_test)
    print(f"\nTest accuracy (who is speaking?):  {accuracy:.3f}")
    print_reconstruction_error(autoencoder, data.X_test)
    print_side_by_side(autoencoder, data.X_test[0])

    output.mkdir(parents=True, exist_ok=True)
    Z = autoencoder.transform(data.X_test)
    draw_embedding(Z, data.y_test, data.target_names, output / "embedding.png")
    draw_loss(autoencoder.history_["loss"], output / "loss.png")
    print(f"\nPictures: {output / 'embedding.png'}, {output / 'loss.png'}")


def read_output_folder() -> Path:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("demo_output"),
        help="folder for the pictures (default: %(default)s)",
    )
    return parser.parse_args().output


def print_reconstruction_error(
    autoencoder: LSTMAutoencoderTransformer, X: list[np.ndarray]
) -> None:
    """Print the error, and that of always predicting each feature's training mean."""
    scale = autoencoder.scaler_.transform  # to mean 0 and variance 1 in training
    original = scale(np.vstack(X))
    decoded = scale(np.vstack(autoencoder.reconstruct(X)))
    error = np.mean((decoded - original) ** 2)
    error_of_mean = np.mean(original**2)
    print(
        f"Test reconstruction error:         {error:.3f}\n"
        f"Error of predicting the mean:      {error_of_mean:.3f}"
        "  (mean squared errors, standardised features)"
    )


def print_side_by_side(autoencoder: LSTMAutoencoderTransformer, x: np.ndarray) -> None:
    """Print three features of one utterance, original and decoded."""
    z = autoencoder.transform([x])
    (decoded,) = autoencoder.inverse_transform(z)
    print(
        f"\nOne test utterance of {len(x)} frames (coefficients 1 to 3 of 12), and the "
        f"same\ndecoded from its embedding of {z.shape[1]} numbers:\n"
    )
    numbers = range(1, x.shape[1] + 1)
    table = pd.concat(
        {
            "original": pd.DataFrame(x, columns=numbers),
            "decoded": pd.DataFrame(decoded, columns=numbers),
        },
        axis="columns",
    ).rename_axis("frame")
    shown = table.loc[:, (slice(None), [1, 2, 3])]
    print(shown.to_string(float_format="{:8.2f}".format))


def draw_embedding(
    Z: np.ndarray, y: np.ndarray, target_names: list[str], path: Path
) -> None:
    pca = PCA(n_components=2)
    plane = pca.fit_transform(StandardScaler().fit_transform(Z))
    figure, ax = plt.subplots(figsize=(7, 5), layout="constrained")
    for k, (name, colour, marker) in enumerate(
        zip(target_names, COLOURS.split(), MARKERS, strict=True)
    ):
        ax.scatter(
            *plane[y == k].T,
            c=colour,
            marker=marker,
            s=30,
            edgecolors="black",
            linewidths=0.4,
            label=name,
        )
    share = 100 * pca.explained_variance_ratio_
    ax.set(
        title=f"Embedding of {len(Z)} test utterances, "
        f"{Z.shape[1]} components projected to 2",
        xlabel=f"1st principal component ({share[0]:.0f}% of variance)",
        ylabel=f"2nd principal component ({share[1]:.0f}% of variance)",
    )
    ax.legend(title="Speaker", loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=150)
    plt.close(figure)


def draw_loss(loss: list[float], path: Path) -> None:
    figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
    ax.semilogy(np.arange(1, len(loss) + 1), loss, color="#0072B2")
    ax.set(
        title="Training loss",
        xlabel="Epoch",
        ylabel="Mean squared error (standardised features)",
    )
    ax.grid(alpha=0.3, which="both")
    figure.savefig(path, dpi=150)
    plt.close(figure)


if __name__ == "__main__":
    main()
