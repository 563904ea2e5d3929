"""Logs of an id and a time, without a feature; numbers that are never negative."""

import pickle

import numpy as np
import pandas as pd
import pytest
from helpers import fitted_bits
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_seqae import (
    ParquetSequences,
    SequenceAggregator,
    SequenceChunks,
    to_frame,
    to_onnx,
    to_sequences,
)

START = pd.Timestamp("2024-05-01")


@pytest.fixture(scope="module")
def log():
    """Thirty series of 1 to 8 moments; one in two waits a hundred times as long."""
    rng, rows = np.random.default_rng(0), []
    for i, n in enumerate(rng.integers(1, 9, 30)):
        waits = rng.exponential(10.0 * 100 ** (i % 2), n).cumsum()
        rows += [(i, START + pd.Timedelta(round(s), "s")) for s in waits]
    return pd.DataFrame(rows, columns=["id", "when"])


@pytest.fixture(scope="module")
def X(log):  # noqa: N802
    return to_sequences(log, by="id", order="when", duplicates="keep")


@pytest.fixture(scope="module")
def fitted(plain_autoencoder, X):
    return plain_autoencoder(forecast_horizon=2).fit(X)


def test_sequences_hold_times_alone(log, X):
    assert X[0].dtype.names == ("when",)
    assert_array_equal(np.concatenate([x["when"] for x in X]), log["when"])
    back = to_frame(X)
    assert back.columns.tolist() == ["id", "when"]
    assert_array_equal(back, log)


def test_waits_are_the_feature(fitted, X):
    Z = fitted.transform(X)
    assert np.isfinite(Z).all(axis=None)
    assert fitted.get_feature_names_out()[-2:].tolist() == ["length", "start"]
    assert fitted.history_["loss"]
    back = fitted.inverse_transform(Z)
    for found, expected in zip(back, X, strict=True):
        assert found.dtype == expected.dtype
        assert found["when"][0] == expected["when"][0]
        assert len(found) == len(expected)
        assert (np.diff(found["when"]) >= np.timedelta64(0, "us")).all()
    assert np.isfinite(fitted.score_samples(X)).all()
    assert fitted.score_features(X).shape == (1,)


def test_forecasts_go_on_from_the_last_moment(fitted, X):
    for ahead, x in zip(fitted.forecast(X, 3), X, strict=True):
        assert len(ahead) == 3
        assert ahead["when"][0] >= x["when"][-1]


def test_a_table_with_times_in_its_index_is_the_same(plain_autoencoder, fitted, log, X):
    table = log.set_index(["id", "when"])
    own = plain_autoencoder(forecast_horizon=2).fit(table)
    assert_array_equal(own.transform(table), fitted.transform(X))
    back = own.reconstruct(table)
    assert back.shape == table.shape
    assert back.index.names == table.index.names


def test_chunks_and_files_have_the_same_bits(plain_autoencoder, log, X, tmp_path):
    log.to_parquet(tmp_path / "log.parquet", row_group_size=40)
    file = ParquetSequences(
        tmp_path, by="id", order="when", duplicates="keep", chunk_size=50
    )
    expected = fitted_bits(plain_autoencoder().fit(X))
    for chunks in (file, SequenceChunks(lambda: iter([X[:9], X[9:]]))):
        assert fitted_bits(plain_autoencoder().fit(chunks)) == expected


def test_it_is_saved(fitted, X):
    loaded = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(loaded.transform(X), fitted.transform(X))


def test_onnx_files_read_and_write_times(fitted, X, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    Z = np.asarray(fitted.transform(X))
    given = {
        "times": np.concatenate([x["when"] for x in X]).view(np.int64),
        "lengths": np.array([len(x) for x in X]),
    }
    to_onnx(fitted, tmp_path / "encoder.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "encoder.onnx")
    assert_allclose(session.run(["embedding"], given)[0], Z, atol=1e-5)
    to_onnx(fitted, tmp_path / "decoder.onnx", part="decoder")
    session = onnxruntime.InferenceSession(tmp_path / "decoder.onnx")
    ticks, lengths = session.run(["times", "lengths"], {"embedding": Z.astype("f4")})
    assert_array_equal(lengths, given["lengths"])
    expected = fitted.inverse_transform(Z.astype("f4"))
    expected = np.concatenate([x["when"] for x in expected]).view(np.int64)
    assert_allclose(ticks - ticks[0], expected - ticks[0], rtol=1e-5, atol=1e6)


def test_aggregates_of_times(X):
    found = SequenceAggregator().set_output(transform="pandas").fit_transform(X)
    assert found.columns[:3].tolist() == ["n_timesteps", "duration", "when_mean"]


@pytest.mark.parametrize("parameters", [{"time": False}, {}], ids=str)
def test_nothing_to_learn(plain_autoencoder, X, parameters):
    regular = [START + np.arange(len(x)) * pd.Timedelta(1, "s") for x in X]
    table = pd.DataFrame({"id": np.repeat(X.index, X.map(len))})
    table["when"] = np.concatenate(regular)
    given = X if parameters else to_sequences(table, by="id", order="when")
    with pytest.raises(ValueError, match="times alone, of which nothing is to be lear"):
        plain_autoencoder(**parameters).fit(given)


# Numbers that are never negative ------------------------------------------------------


@pytest.fixture(scope="module")
def bought(log):
    rng, n = np.random.default_rng(1), len(log)
    return log.assign(
        amount=np.where(rng.random(n) < 0.8, 0, rng.exponential(50, n)),
        change=rng.normal(size=n),
    )


def low_vectors(estimator, X):
    """Vectors whose means of numbers are far below those in `fit`."""
    Z, names = np.array(estimator.transform(X)), estimator.get_feature_names_out()
    Z[:, [name.endswith("_mean") for name in names]] = -9
    return Z


NORM = {"n_components": 9, "exact_components": ["instance_norm", "length"]}


def test_what_is_never_negative_is_not_decoded_as_negative(
    plain_autoencoder, bought, tmp_path
):
    onnxruntime = pytest.importorskip("onnxruntime")
    X = to_sequences(bought, by="id", order="when", duplicates="keep", keep_times=True)
    for given in (X, SequenceChunks(lambda: iter([X[:9], X[9:]]), buffer_size=99)):
        found = plain_autoencoder(**NORM, forecast_horizon=2).fit(given)
        Z = low_vectors(found, X)
        frames = [found.inverse_transform(Z), found.forecast(X), found.reconstruct(X)]
        for frame in map(to_frame, frames):
            assert (frame["amount"] >= 0).all()
        assert (to_frame(frames[0])["amount"] == 0).all()
        assert (to_frame(frames[0])["change"] < 0).all()
    to_onnx(found, tmp_path / "decoder.onnx", part="decoder")
    session = onnxruntime.InferenceSession(tmp_path / "decoder.onnx")
    (values,) = session.run(["values"], {"embedding": Z.astype("f4")})
    expected = to_frame(frames[0])[["amount", "change"]]
    assert_allclose(values, expected, rtol=1e-3, atol=1e-3)


def test_one_negative_number_lets_others_be(plain_autoencoder, bought):
    bought = bought.assign(amount=bought["amount"].where(bought.index != 3, -1.0))
    X = [x[["amount", "change"]].to_numpy() for _, x in bought.groupby("id")]
    found = plain_autoencoder(**NORM).fit(X)
    decoded = found.inverse_transform(low_vectors(found, X))
    assert max(x.max() for x in decoded) < 0
