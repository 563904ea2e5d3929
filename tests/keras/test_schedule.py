import numpy as np
import pytest
from sklearn_seqae._keras.schedule import warm_cosine


@pytest.mark.parametrize("n_updates", [1, 2, 19, 20, 21, 1000])
def test_the_rate_rises_and_falls_within_bounds(n_updates):
    factor = warm_cosine(np.arange(n_updates), n_updates)
    assert ((factor > 0) & (factor <= 1)).all()
    top = int(np.argmax(factor))
    assert top <= max(1, round(0.05 * n_updates))
    assert (np.diff(factor[: top + 1]) > 0).all()
    assert (np.diff(factor[top:]) <= 0).all()


def test_it_goes_from_all_to_almost_nothing():
    factor = warm_cosine(np.arange(1000), 1000)
    assert factor[49] == 1
    assert factor[-1] == pytest.approx(0.01)
    assert factor[0] == pytest.approx(1 / 50)
    assert factor[524] == pytest.approx(0.505, abs=0.01)  # half way down
