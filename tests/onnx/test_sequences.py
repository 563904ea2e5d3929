"""Categories and times in files for onnxruntime."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from helpers import some_slow
from numpy.testing import assert_allclose, assert_array_equal
from onnx_input import everything, pages_alone, run, tensors, times_alone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

pytest.importorskip("onnxruntime", reason="an option of ours")

TOLERANCE = 1e-5
CATEGORIES = ["page", "floor"]


EVERYTHING = {
    "categorical_features": CATEGORIES,
    "max_categories": 4,
    "n_components": 640,
    "patch_size": 3,
    "encoder_inputs": ["differences"],
    "exact_components": ["instance_norm", "ngrams", "category_means", "length"],
    "pooling": ("last", "mean", "max"),
    "decoder": "unfold",
}
KINDS = {
    "everything": (everything, EVERYTHING),
    "dates": (
        everything,
        {
            "categorical_features": CATEGORIES,
            "decoder": "reshape",
            "n_components": 18,
            "exact_components": ["length"],
        },
    ),
    "pages alone": (
        pages_alone,
        {
            "patch_size": 2,
            "n_components": None,
            "exact_components": ["ngrams", "length"],
        },
    ),
    "times alone": (times_alone, {"time": True}),
}
EACH = some_slow(KINDS, KINDS.keys() - {"everything"})


@pytest.fixture(scope="module")
def fitted(plain_autoencoder, log):
    """Return sequences of a kind, and an estimator of them, fitted once."""
    made = {}

    def get(name):
        if name not in made:
            kind, parameters = KINDS[name]
            X = kind(log)
            made[name] = X, plain_autoencoder(epochs=1, **parameters).fit(X)
        return made[name]

    return get


@pytest.mark.parametrize("name", EACH)
def test_embeddings_are_those_of_transform(fitted, session, name):
    """In any company, and alone."""
    X, estimator = fitted(name)
    expected = estimator.transform(X)
    encoder = session(estimator)
    given = tensors(X)
    together = run(encoder, given)["embedding"]
    assert_allclose(together, expected, rtol=TOLERANCE, atol=TOLERANCE)
    stops = np.cumsum(given["lengths"])
    for i, (n, stop) in enumerate(zip(given["lengths"][:4], stops[:4], strict=True)):
        rows = {key: tensor[stop - n : stop] for key, tensor in given.items()}
        (alone,) = run(encoder, rows | {"lengths": np.array([n])})["embedding"]
        assert_allclose(alone, expected[i], rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("name", EACH)
def test_decoded_are_the_sequences_of_inverse_transform(fitted, session, name):
    X, estimator = fitted(name)
    Z = estimator.transform(X).astype(np.float32)
    found = run(session(estimator, "decoder"), {"embedding": Z})
    expected = tensors(estimator.inverse_transform(Z))
    assert {key: x.dtype for key, x in tensors(X).items()} == {
        key: found[key].dtype for key in expected
    }
    for key, tensor in expected.items():
        if key in ("values", "times"):
            spread = np.nanstd(tensors(X)[key].astype(float), axis=0)
            difference = (found[key] - tensor) / spread
            assert_array_equal(np.isnan(difference), np.isnan(tensor.astype(float)))
            assert np.nanmax(np.abs(difference)) < TOLERANCE
        else:
            assert_array_equal(found[key], tensor)
    probabilities = []
    if any(names is not None for names in estimator.categories_):
        probabilities = [p for p in estimator.inverse_transform_proba(Z) if p]
    names = [key for key in found if key.startswith("probabilities_")]
    for key, proba in zip(names, probabilities, strict=True):
        assert_allclose(found[key], np.concatenate(proba), atol=TOLERANCE)


def test_what_fit_did_not_see(fitted, session, log):
    """New categories, infrequent or none; a text that is missing; a long sequence."""
    changed = log.assign(page="new", floor=7.0, session=0)
    changed.loc[::3, "page"] = None
    for name in ("everything", "dates"):
        X, (_, estimator) = everything(changed.sort_values("when")), fitted(name)
        (found,) = run(session(estimator), tensors(X))["embedding"]
        with pytest.warns(UserWarning, match="has none of the categories in f"):
            (expected,) = estimator.transform(X)
        assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)


def test_the_file_tells_what_it_takes_and_gives(fitted, session):
    _, estimator = fitted("dates")
    encoder = session(estimator)
    assert {i.name: (i.type, i.shape) for i in encoder.get_inputs()} == {
        "values": ("tensor(double)", ["n_timesteps", 2]),
        "categories": ("tensor(string)", ["n_timesteps", 1]),
        "times": ("tensor(int64)", ["n_timesteps"]),
        "lengths": ("tensor(int64)", ["n_samples"]),
    }
    notes = encoder.get_modelmeta().custom_metadata_map
    when = {"name": "when", "dtype": "datetime64[us]", "time_zone": None}
    expected = {"values": ["amount", "floor"], "categories": ["page"], "times": when}
    assert {name: json.loads(note) for name, note in notes.items()} == expected
    decoder = session(estimator, "decoder")
    notes = decoder.get_modelmeta().custom_metadata_map
    assert {name: json.loads(note) for name, note in notes.items()} == expected | {
        f"probabilities_{name}": categories.tolist()
        for name, categories in zip(CATEGORIES, estimator.categories_[::2], strict=True)
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: {"times": x["times"][:-1]}, "number_of_rows_of_times"),
        (lambda x: {"categories": x["categories"][1:]}, "number_of_rows_of_categories"),
        (
            lambda x: {"times": x["times"][::-1].copy()},
            "times_of_a_sequence_do_not_fall",
        ),
        (
            lambda x: {"times": np.full_like(x["times"], np.iinfo("i8").min)},
            "every_time_is_finite",
        ),
    ],
)
def test_what_is_refused(fitted, session, change, message):
    X, estimator = fitted("dates")
    given = tensors(X)
    with pytest.raises(Exception, match=message):
        run(session(estimator), given | change(given))


def test_a_sequence_in_which_everything_is_missing(fitted, session):
    """Its times count for nothing; a single value of any kind is enough."""
    X, estimator = fitted("dates")
    encoder, given = session(estimator), tensors(X)
    n = given["lengths"][0]
    given["values"][:n], given["categories"][:n] = np.nan, ""
    with pytest.raises(Exception, match="every_sequence_has_an_observed_value"):
        run(encoder, given)
    for name, place, value in [
        ("values", (0, 0), 5.0),
        ("values", (n - 1, 1), 2.0),
        ("categories", (1, 0), "home"),
    ]:
        one = {key: tensor.copy() for key, tensor in given.items()}
        one[name][place] = value
        assert np.isfinite(run(encoder, one)["embedding"]).all()


def test_an_empty_text_that_is_a_category_is_a_value(fitted, session):
    _, estimator = fitted("pages alone")
    assert "" in estimator.categories_[0]
    given = {"categories": np.full((2, 1), "", object), "lengths": np.array([2])}
    found = run(session(estimator), given)["embedding"]
    expected = estimator.transform([["", ""]])
    assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)


def test_a_pipeline_predicts_alike(fitted, session, tmp_path):
    import skl2onnx

    X, estimator = fitted("everything")
    y = np.arange(len(X)) % 2
    classifier = LogisticRegression().fit(estimator.transform(X), y)
    pipeline = make_pipeline(estimator, classifier)
    model = session(pipeline)
    assert "categories" in model.get_modelmeta().custom_metadata_map
    found = run(model, tensors(X))
    expected = pipeline.predict_proba(X)
    assert_allclose(found["probabilities"], expected, atol=TOLERANCE)
    types = [("values", skl2onnx.common.data_types.DoubleTensorType([None, 2]))]
    with pytest.raises(
        ValueError, match="1 inputs, but it reads values, categories, t"
    ):
        skl2onnx.convert_sklearn(pipeline, initial_types=types, target_opset=18)


# Moments ------------------------------------------------------------------------------


def nanoseconds(log):
    when = log["when"].astype("datetime64[ns]") + np.timedelta64(1, "ns")
    return everything(log.assign(when=when))


def of_small_numbers(log):
    table = times_alone(log)
    ids = table.index.get_level_values(0)
    when = pd.Series(1, range(len(table))).groupby(ids).cumsum().to_numpy() ** 2
    index = [ids, when.astype(np.uint16)]
    index = pd.MultiIndex.from_arrays(index, names=["session", "when"])
    return table.set_index(index)


@pytest.fixture(scope="module")
def of_moments(plain_autoencoder, log):
    """Return sequences of a kind, and an estimator of them, fitted once."""
    made = {}

    def get(kind):
        if kind not in made:
            X = kind(log)
            made[kind] = X, plain_autoencoder(epochs=1, time=True).fit(X)
        return made[kind]

    return get


def exact(x):
    """Times as the file has them."""
    return x["when"].view("i8")


def test_nanoseconds_start_alike_to_the_tick_in_any_company(of_moments, session):
    X, estimator = of_moments(nanoseconds)
    decoder, encoder = session(estimator, "decoder"), session(estimator)
    given = tensors(X) | {"times": np.concatenate([exact(x) for x in X])}
    Z = estimator.transform(X).astype(np.float32)
    embedding = run(encoder, given)["embedding"]
    assert_allclose(embedding[:, -1], Z[:, -1], rtol=1e-6)
    found = run(decoder, {"embedding": Z})
    stops = np.cumsum(found["lengths"])
    starts = found["times"][stops - found["lengths"]]
    expected = [exact(x)[0] for x in estimator.inverse_transform(Z)]
    assert_array_equal(starts, expected)
    for i, (n, stop) in enumerate(zip(found["lengths"][:5], stops[:5], strict=True)):
        alone = run(decoder, {"embedding": Z[i : i + 1]})["times"]
        # the network's last bits, which shapes decide, are all that may differ
        passed = np.diff(found["times"][stop - n : stop])
        assert alone[0] == expected[i]
        assert_allclose(np.diff(alone), passed, rtol=1e-4, atol=2)


def test_a_broken_clock_beside_others(of_moments, session):
    """The end of int64 after its begin: no difference wraps round."""
    X, estimator = of_moments(nanoseconds)
    encoder, given = session(estimator), tensors(X)
    times = np.concatenate([exact(x) for x in X])
    expected = run(encoder, given | {"times": times})["embedding"]
    n = given["lengths"][0]
    times[:n] = np.sort(np.linspace(-1, 1, n) * 9e18).astype(np.int64)
    found = run(encoder, given | {"times": times})["embedding"]
    assert_allclose(found[1:], expected[1:], rtol=TOLERANCE, atol=TOLERANCE)
    broken = X.copy()
    broken.iloc[0] = broken.iloc[0].copy()
    broken.iloc[0]["when"] = times[:n].view("M8[ns]")
    own = estimator.transform(broken)
    assert_allclose(found, own, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize(
    ("kind", "component", "dtype"),
    [
        (nanoseconds, 1e9, "datetime64[ns]"),
        (nanoseconds, -1e9, "datetime64[ns]"),
        (of_small_numbers, -1e3, "uint16"),
        (of_small_numbers, 1e38, "uint16"),
    ],
)
def test_moments_out_of_range_are_refused(of_moments, session, kind, component, dtype):
    X, estimator = of_moments(kind)
    Z = estimator.transform(X).astype(np.float32)
    Z[2, -1] = component
    with pytest.raises(ValueError, match=r"sequence 2 .*out of the range of"):
        estimator.inverse_transform(Z)
    name = f"every_moment_is_in_the_range_of_{dtype}"
    with pytest.raises(Exception, match=re.escape(name)):
        run(session(estimator, "decoder"), {"embedding": Z})
