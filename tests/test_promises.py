"""What the estimator promises, to the bit where it says so."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.preprocessing import StandardScaler

ARCHITECTURES = {
    "default": {},
    "stacked_relu_in_patches": {
        "hidden_layer_sizes": (8, 4),
        "activation": "relu",
        "patch_size": 3,
    },
}


@pytest.fixture(scope="module", params=ARCHITECTURES)
def variant(request, small_autoencoder, sequences):
    return small_autoencoder(**ARCHITECTURES[request.param]).fit(sequences)


def padded(sequences, *, extra=0):
    """The sequences as a 3-D array, padded with NaN."""
    n_timesteps = max(map(len, sequences)) + extra
    X = np.full((len(sequences), n_timesteps, sequences[0].shape[1]), np.nan)
    for row, x in zip(X, sequences, strict=True):
        row[: len(x)] = x
    return X


# -- an embedding depends on its sequence alone ---------------------------------------


def test_alone_and_in_company_is_the_same(variant, sequences):
    Z = variant.transform(sequences)
    for z, x in zip(Z, sequences, strict=True):
        assert_array_equal(variant.transform([x])[0], z)
    for n in (2, 7, 17):
        assert_array_equal(variant.transform(sequences[:n]), Z[:n])
        assert_array_equal(variant.transform(sequences * n)[-len(Z) :], Z)


def test_order_does_not_matter(variant, sequences, rng):
    Z = variant.transform(sequences)
    order = rng.permutation(len(sequences))
    assert_array_equal(variant.transform([sequences[i] for i in order]), Z[order])


@pytest.mark.parametrize("times", [10, 100])
def test_beside_a_much_longer_one_is_the_same(variant, sequences, rng, times):
    Z = variant.transform(sequences)
    long = rng.normal([5, -300], [0.1, 20], size=(times * 16, 2))
    assert_array_equal(variant.transform([*sequences, long])[:-1], Z)
    assert_array_equal(variant.transform([long, sequences[3]])[1], Z[3])


@pytest.mark.parametrize("extra", [0, 1, 100])
def test_padding_does_not_matter(variant, sequences, extra):
    Z = variant.transform(sequences)
    assert_array_equal(variant.transform(padded(sequences, extra=extra)), Z)


def test_the_container_does_not_matter(fitted, sequences):
    Z = fitted.transform(sequences)
    cells = np.empty(len(sequences), dtype=object)
    cells[:] = sequences
    for X in (tuple(sequences), cells, [x.tolist() for x in sequences]):
        assert_array_equal(fitted.transform(X), Z)


def test_decoding_depends_on_the_vector_alone(variant, sequences):
    Z = variant.transform(sequences)
    together = variant.inverse_transform(Z)
    lengths = [*map(len, sequences), 200]
    beside_a_long_one = variant.inverse_transform(np.vstack([Z, Z[:1]]), lengths)
    for z, expected, x in zip(Z, together, beside_a_long_one, strict=False):
        assert_array_equal(x, expected)
        assert_array_equal(variant.inverse_transform(z[np.newaxis])[0], expected)


def test_a_score_depends_on_its_sequence_alone(variant, sequences):
    scores = variant.score_samples(sequences)
    alone = [variant.score_samples([x])[0] for x in sequences]
    assert_array_equal(scores, alone)


# -- padding reaches nothing ----------------------------------------------------------


def test_a_fit_on_padded_data_is_the_same(small_autoencoder, fitted, sequences):
    from_padded = small_autoencoder().fit(padded(sequences, extra=5))
    assert_array_equal(from_padded.scaler_.mean_, fitted.scaler_.mean_)
    assert from_padded.history_ == fitted.history_
    assert from_padded.max_length_ == fitted.max_length_
    Z = fitted.transform(sequences)
    assert_array_equal(from_padded.transform(sequences), Z)


def test_the_scaler_sees_the_time_steps_and_nothing_else(fitted, sequences):
    expected = StandardScaler().fit(np.vstack(sequences))
    assert_allclose(fitted.scaler_.mean_, expected.mean_, rtol=1e-12)
    assert_allclose(fitted.scaler_.scale_, expected.scale_, rtol=1e-12)


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_the_loss_is_the_mean_over_observed_values(
    small_autoencoder, sequences, rng, architecture
):
    X = [np.where(rng.random(x.shape) < 0.3, np.nan, x) for x in sequences]
    for x in X:
        x[0] = 5, -300
    # With steps this small the weights stay what they were, and so does the error.
    autoencoder = small_autoencoder(
        learning_rate=1e-12, epochs=1, **ARCHITECTURES[architecture]
    ).fit(X)
    scale = autoencoder.scaler_.transform
    decoded = np.vstack(autoencoder.reconstruct(X))
    expected = np.nanmean((scale(decoded) - scale(np.vstack(X))) ** 2)
    assert_allclose(autoencoder.history_["loss"], expected, rtol=1e-5)


# -- reproducible, and polite ---------------------------------------------------------


def test_one_seed_one_result(small_autoencoder, fitted, sequences):
    other_data = [x[::-1] for x in sequences[:10]]
    small_autoencoder(random_state=1).fit(other_data)  # uses the kept program
    again = small_autoencoder().fit(sequences)
    assert_array_equal(again.transform(sequences), fitted.transform(sequences))
    assert again.history_ == fitted.history_


def test_another_seed_another_result(small_autoencoder, fitted, sequences):
    for random_state in (1, None):
        other = small_autoencoder(random_state=random_state).fit(sequences)
        difference = other.transform(sequences) - fitted.transform(sequences)
        assert np.abs(difference[:, :-1]).max() > 1e-3


def test_a_generator_is_drawn_from(small_autoencoder, sequences):
    def embed(random_state):
        return small_autoencoder(random_state=random_state).fit_transform(sequences)

    generator = np.random.RandomState(0)
    first, second = embed(generator), embed(generator)
    assert_array_equal(first, embed(np.random.RandomState(0)))
    assert np.abs(first - second).max() > 1e-3


def test_arguments_are_not_written_to(small_autoencoder, sequences, rng):
    X = [np.where(rng.random(x.shape) < 0.1, np.nan, x) for x in sequences]
    Z = rng.normal(size=(5, 4))
    weight, lengths = rng.random(len(X)), np.arange(1, 6)
    before = [x.copy() for x in (*X, Z, weight, lengths)]
    scaler = StandardScaler(copy=False)
    autoencoder = small_autoencoder(scaler=scaler).fit(X, sample_weight=weight)
    autoencoder.fit_transform(X, sample_weight=weight)
    autoencoder.partial_fit(X, sample_weight=weight)
    for use in ("transform", "reconstruct", "score_samples", "score"):
        getattr(autoencoder, use)(X)
    autoencoder.inverse_transform(Z)
    autoencoder.inverse_transform(Z, lengths)
    for x, was in zip((*X, Z, weight, lengths), before, strict=True):
        assert_array_equal(x, was)
    assert vars(scaler) == vars(StandardScaler(copy=False))


def test_results_are_the_callers_to_write_to(fitted, sequences):
    Z = fitted.transform(sequences)
    expected = Z.copy()
    X = fitted.inverse_transform(Z)
    Z[:] = 0
    for x in X:
        x[:] = 0
    assert_array_equal(fitted.transform(sequences), expected)


# Run first in a process: nothing is imported, compiled or drawn before the first look.
FIRST_FIT = """
import json, os, random, sys
import numpy as np
from sklearn_seqae import LSTMAutoencoderTransformer

parameters = json.loads(sys.argv[1])
X = [np.array(x) for x in json.loads(sys.argv[2])]

def state():
    draws = np.random.get_state()
    return (
        dict(os.environ), os.getcwd(), random.getstate(),
        [np.asarray(part).tolist() for part in draws], np.geterr(),
    )

before = state()
embeddings, kept = [], []
for random_state in (0, None):
    autoencoder = LSTMAutoencoderTransformer(
        **{**parameters, "random_state": random_state}
    )
    Z = autoencoder.fit_transform(X)
    embeddings.append(Z.tobytes().hex())
    kept.append(state() == before)
autoencoder.inverse_transform(Z), autoencoder.score(X), autoencoder.encoder_
print(json.dumps({"embeddings": embeddings, "kept": kept}))
"""


@pytest.fixture(scope="module")
def first_fit(fitted, sequences, tmp_path_factory):
    """What a first fit in a process of its own does, says and leaves."""
    folder = tmp_path_factory.mktemp("first_fit")
    (folder / "cwd").mkdir()
    (folder / "temporary").mkdir()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_")}
    for variable in ("TMPDIR", "TEMP", "TMP"):
        environment[variable] = str(folder / "temporary")
    result = subprocess.run(
        [
            sys.executable,
            "-B",
            "-c",
            FIRST_FIT,
            json.dumps(fitted.get_params()),
            json.dumps([x.tolist() for x in sequences]),
        ],
        capture_output=True,
        text=True,
        cwd=folder / "cwd",
        env=environment,
    )
    assert result.returncode == 0, result.stderr
    # Not the home folder: Keras keeps its own settings there, from its first import on.
    left = [str(path) for path in Path(folder).rglob("*") if path.is_file()]
    return {"files": left, "stderr": result.stderr, **json.loads(result.stdout)}


def test_a_fresh_process_gives_the_same_bits(first_fit, fitted, sequences):
    Z = fitted.transform(sequences)
    assert first_fit["embeddings"][0] == Z.tobytes().hex()


def test_nothing_global_is_changed_by_the_first_fit(first_fit):
    assert first_fit["kept"] == [True, True]


def test_no_seed_is_a_new_seed(first_fit):
    assert first_fit["embeddings"][0] != first_fit["embeddings"][1]


def test_no_file_is_left(first_fit):
    assert first_fit["files"] == []


def test_nothing_is_said_on_standard_error(first_fit):
    assert first_fit["stderr"] == ""


def test_many_lengths_are_no_news(without_xla, fitted, caplog, capfd):
    # TensorFlow takes a new shape for a mistake if they come too fast, and says so.
    for n in (16, 32, 64, 128, 256, 512, 1024, 2048):
        fitted.inverse_transform(np.zeros((1, 4)), lengths=[n])
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


# -- there and back -------------------------------------------------------------------


def test_each_comes_back_at_its_own_length(variant, sequences):
    X = variant.inverse_transform(variant.transform(sequences))
    assert [x.shape for x in X] == [x.shape for x in sequences]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_lengths_never_seen_come_back_too(fitted, rng, dtype):
    lengths = [1, 2, 17, 31, 100, 999, 1000, 4097, 99_999]
    X = [rng.normal([5, -300], [0.1, 20], size=(n, 2)).astype(dtype) for n in lengths]
    Z = fitted.transform(X)
    assert Z.dtype == dtype
    assert [len(x) for x in fitted.inverse_transform(Z)] == lengths


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "seen", [[3, 16], [99_999, 100_000], [1, 2], [1, 100_000], [5, *[4] * 999]]
)
def test_every_length_to_100000_survives_as_a_component(dtype, seen):
    # Decoding 5e9 time steps takes too long: this is the code that transform and
    # inverse_transform use for the last component.
    from sklearn_seqae._lengths import LengthCode

    code = LengthCode.fit(np.array(seen), np.ones(len(seen)))
    lengths = np.arange(1, 100_001)
    assert_array_equal(code.decode(code.encode(lengths).astype(dtype)), lengths)


def test_the_units_are_those_of_the_data(fitted, sequences):
    # Far off after two epochs, but by the scale of a feature and not by its offset.
    values = np.vstack(fitted.inverse_transform(fitted.transform(sequences)))
    truth = np.vstack(sequences)
    assert np.all(np.abs(values - truth.mean(axis=0)) < 3 * truth.std(axis=0))


# -- cost -----------------------------------------------------------------------------


@pytest.fixture
def packed(monkeypatch):
    """Steps that are run, row by row, in training and in inference."""
    from sklearn_seqae._keras import feeding, inference

    n_steps = {"fit": 0, "transform": 0, "rows of fit": 0, "rows of transform": 0}

    def counting(pack, what):
        def pack_and_count(*args, **kwargs):
            stream = pack(*args, **kwargs)
            n_rows = stream.lengths.shape[-1]
            n_steps[what] += int(stream.lengths.max(axis=-1).sum()) * n_rows
            n_steps[f"rows of {what}"] = n_rows
            return stream

        return pack_and_count

    monkeypatch.setattr(feeding, "pack", counting(feeding.pack, "fit"))
    monkeypatch.setattr(inference, "pack", counting(inference.pack, "transform"))
    return n_steps


def test_cost_grows_with_time_steps_and_not_with_the_longest(
    without_xla, packed, small_autoencoder, rng
):
    short = [rng.normal(size=(n, 2)) for n in np.resize(np.arange(1, 17), 400)]
    long = rng.normal(size=(400, 2))
    total = sum(map(len, short))

    # One epoch: each batch of 8 has about equal lengths, so little is wasted ...
    autoencoder = small_autoencoder(epochs=1, patch_size=1).fit(short)
    autoencoder.transform(short)
    alone = dict(packed)
    for what in ("fit", "transform"):
        assert total <= alone[what] <= 1.1 * total

    # ... and a long one adds what it costs itself, with the rows beside it.
    packed.update(fit=0, transform=0)
    small_autoencoder(epochs=1, patch_size=1).fit([*short, long])
    autoencoder.transform([*short, long])
    for what in ("fit", "transform"):
        rows = packed[f"rows of {what}"]
        assert packed[what] <= alone[what] + rows * (len(long) + 16)
        assert packed[what] < 0.15 * len(short) * len(long)
