"""warm_up: what is compiled before the first request, and nothing after it."""

import numpy as np
import pytest
from internals import count_functions, drop_programs
from numpy.testing import assert_array_equal

from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae.exceptions import InvalidSequenceError

pytestmark = pytest.mark.slow

LENGTHS = [12, 150, 40, 70]


@pytest.fixture(scope="module")
def autoencoder():
    return fitted()


def fitted(**parameters):
    rng = np.random.default_rng(0)
    small = {"hidden_layer_sizes": 3, "epochs": 1, "patch_size": 2, "random_state": 0}
    return LSTMAutoencoderTransformer(**(small | parameters)).fit(
        [rng.normal(size=(n, 2)) for n in LENGTHS]
    )


@pytest.mark.parametrize(("max_length", "n_functions"), [(None, 2), (128, 1), (129, 2)])
def test_no_length_compiles_anything_afterwards(
    autoencoder, max_length, n_functions, rng
):
    X = [rng.normal(size=(n, 2)) for n in (1, 2, 100, max_length or max(LENGTHS))]
    expected = autoencoder.transform(X)
    drop_programs()
    assert autoencoder.warm_up(max_length) is autoencoder
    assert count_functions() == n_functions
    assert_array_equal(autoencoder.transform(X), expected)
    for x in X:
        autoencoder.transform([x])
    assert count_functions() == n_functions


def test_the_decoder_too(autoencoder, rng):
    drop_programs()
    autoencoder.warm_up(decode=True)
    n = count_functions()
    assert n == 4
    autoencoder.score_samples([rng.normal(size=(length, 2)) for length in LENGTHS])
    assert count_functions() == n


def test_what_the_decoder_can_not_write_is_said():
    autoencoder = fitted(decoder="reshape", pooling="last", n_components=75 * 2 + 1)
    autoencoder.warm_up(151)
    with pytest.raises(InvalidSequenceError, match=r"^max_length means .* at most 150"):
        autoencoder.warm_up(151, decode=True)


@pytest.mark.parametrize("max_length", [0, 2.5, "long"])
def test_what_is_no_length_is_refused(autoencoder, max_length):
    with pytest.raises((TypeError, ValueError), match="max_length"):
        autoencoder.warm_up(max_length)
