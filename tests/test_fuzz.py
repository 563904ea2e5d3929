"""Random containers and random calls: some hundreds here, more in tests/trust."""

import pytest
from fuzzing import FAULTY, SAME, SEQUENCES, check_refused, check_same, machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from random_fits import check, write

QUICK = {"suppress_health_check": list(HealthCheck), "deadline": None}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:X has feature names:UserWarning")
@settings(max_examples=150, **QUICK)
@given(X=SEQUENCES, kind=st.sampled_from(sorted(SAME)))
def test_what_holds_the_same_is_embedded_alike(fitted_plain, X, kind):
    check_same(fitted_plain, X, kind)


@settings(max_examples=100, **QUICK)
@given(X=SEQUENCES, row=st.integers(0, 4), fault=st.sampled_from(sorted(FAULTY)))
def test_what_can_not_be_used_is_refused(fitted_plain, X, row, fault):
    check_refused(fitted_plain, X, row, fault)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(1, 4))
def test_any_fit_loads_embeds_alike_and_goes_on(seed, tmp_path):
    """Of random parameters on random data; more of them in tests/trust."""
    assert write(seed, tmp_path)
    check(tmp_path)


@pytest.mark.slow
def test_any_calls_in_any_order(plain_autoencoder, sequences):
    run_state_machine_as_test(
        machine(plain_autoencoder(), sequences),
        settings=settings(max_examples=12, stateful_step_count=10, **QUICK),
    )
