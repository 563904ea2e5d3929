"""The trained state of a network, as it is kept in a fitted estimator."""

import numpy as np
import pytest

from sklearn_seqae._network.layers import OptimizerState, State

ADAM = OptimizerState("Adam", '{"beta_1": 0.9}', [np.zeros(3)])


def test_a_state_fits_the_same_optimizer_whatever_its_variables():
    assert ADAM.fits(OptimizerState("Adam", '{"beta_1": 0.9}', [np.ones(5)]))


@pytest.mark.parametrize(
    ("kind", "config"), [("Nadam", '{"beta_1": 0.9}'), ("Adam", '{"beta_1": 0.5}')]
)
def test_a_state_fits_no_other_kind_and_no_other_configuration(kind, config):
    other = OptimizerState(kind, config, ADAM.variables)
    assert not ADAM.fits(other)
    assert not other.fits(ADAM)


def test_a_start_has_a_fresh_optimizer():
    assert State({}).optimizer is None
