"""`partial_fit` and `warm_start` compare what is asked for with what was asked for."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from helpers import long_frame


@pytest.fixture(scope="module")
def log():
    """Ten sessions of text, at irregular times."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 1)) for n in rng.integers(3, 9, size=10)]
    frame = long_frame(X, range(10), "x")
    times = np.cumsum(rng.exponential(size=len(frame)))
    index = pd.MultiIndex.from_arrays([frame.index.get_level_values(0), times])
    return pd.DataFrame({"page": rng.choice(["a", "b"], len(frame))}, index)


@pytest.fixture
def alike():
    """Sequences of one mean and one scale: there are no units to tell apart."""
    x = np.column_stack([np.arange(6.0) % 2, np.arange(6.0) % 3])
    return [x] * 4


def go_on(autoencoder, X, way):
    if way == "loaded":
        autoencoder = pickle.loads(pickle.dumps(autoencoder))
    if way == "warm_start":
        return autoencoder.set_params(warm_start=True).fit(X)
    return autoencoder.partial_fit(X)


WAYS = pytest.mark.parametrize("way", ["partial_fit", "warm_start", "loaded"])
UNCHANGED = "is .*, but the fit to go on from had .*; set it back"


@WAYS
def test_kernels_that_text_has_no_use_for(plain_autoencoder, log, way):
    asked = {"encoder_inputs": ("differences", "kernels"), "time": False, "epochs": 1}
    autoencoder = plain_autoencoder(**asked).fit(log)
    assert go_on(autoencoder, log, way).n_iter_ == 2
    assert autoencoder.encoder_inputs_ == ()
    assert autoencoder.n_kernels_ == 0
    autoencoder.set_params(encoder_inputs=["kernels"])
    with pytest.raises(ValueError, match=f"encoder_inputs {UNCHANGED}"):
        go_on(autoencoder, log, way)


@WAYS
def test_units_that_are_all_alike(plain_autoencoder, alike, way):
    autoencoder = plain_autoencoder(exact_components=["instance_norm"], epochs=1)
    assert autoencoder.fit(alike).exact_components_ == ()
    assert go_on(autoencoder, alike, way).n_iter_ == 2
    autoencoder.set_params(exact_components=())
    with pytest.raises(ValueError, match=f"exact_components {UNCHANGED}"):
        go_on(autoencoder, alike, way)


@WAYS
def test_components_are_counted_with_the_moment(plain_autoencoder, log, way):
    autoencoder = plain_autoencoder(n_components=5, epochs=1).fit(log)
    assert go_on(autoencoder, log, way).n_iter_ == 2
    for other in (8, 4, 1):
        autoencoder.set_params(n_components=other)
        message = f"n_components is {other}, but the fit to go on from had 5; set it"
        with pytest.raises(ValueError, match=message):
            go_on(autoencoder, log, way)


@pytest.mark.parametrize(
    ("parameter", "chosen", "other"),
    [
        ("patch_size", 1, 2),
        ("exact_components", ("instance_norm", "length"), ["length"]),
        ("encoder_inputs", ("differences",), ["kernels"]),
    ],
)
def test_what_auto_chose_may_be_asked_for(
    plain_autoencoder, sequences, parameter, chosen, other
):
    auto = {"n_components": 10, "epochs": 1, parameter: "auto"}
    autoencoder = plain_autoencoder(**auto).fit(sequences)
    assert getattr(autoencoder, f"{parameter}_") == chosen
    in_any_order = chosen if isinstance(chosen, int) else [*reversed(chosen)]
    autoencoder.set_params(**{parameter: in_any_order}).partial_fit(sequences)
    autoencoder.set_params(**{parameter: other})
    match = re.escape(f"had 'auto', which chose {chosen}; set it")
    with pytest.raises(ValueError, match=match):
        autoencoder.partial_fit(sequences)


def test_integers_of_numpy(plain_autoencoder, sequences):
    sizes = {"n_components": np.int64(4), "patch_size": np.int64(2)}
    autoencoder = plain_autoencoder(**sizes, epochs=1).fit(sequences)
    assert go_on(autoencoder, sequences, "loaded").n_iter_ == 2


def test_a_sequence_of_weight_zero_may_be_longer_than_the_decoder_writes(
    plain_autoencoder, sequences
):
    X = [*sequences, np.concatenate([sequences[0]] * 3)]
    weight = np.append(np.ones(len(sequences)), 0)
    autoencoder = plain_autoencoder(decoder="reshape", n_components=17, epochs=1)
    autoencoder.fit(X, sample_weight=weight).partial_fit(X, sample_weight=weight)
    with pytest.raises(ValueError, match=r"sequence 24 has .* writes at most"):
        autoencoder.partial_fit(X)
