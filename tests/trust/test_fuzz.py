"""5,000 random containers, and 100 machines of random calls; see tests/test_fuzz.py."""

import pytest
from fuzzing import FAULTY, SAME, SEQUENCES, check_refused, check_same, machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

N_SAME, N_FAULTY, N_MACHINES, N_CALLS = 3500, 1500, 60, 15
LONG = {
    "suppress_health_check": list(HealthCheck),
    "deadline": None,
    "derandomize": False,
    "print_blob": True,
}


@pytest.mark.filterwarnings("ignore:X has feature names:UserWarning")
def test_what_holds_the_same_is_embedded_alike(fitted_plain, report):
    @settings(max_examples=N_SAME, **LONG)
    @given(X=SEQUENCES, kind=st.sampled_from(sorted(SAME)))
    def run(X, kind):
        check_same(fitted_plain, X, kind)

    run()
    report("containers of all kinds, embedded to the bits of a list", f"{N_SAME:,}")


def test_what_can_not_be_used_is_refused(fitted_plain, report):
    @settings(max_examples=N_FAULTY, **LONG)
    @given(X=SEQUENCES, row=st.integers(0, 4), fault=st.sampled_from(sorted(FAULTY)))
    def run(X, row, fault):
        check_refused(fitted_plain, X, row, fault)

    run()
    report("faulty sequences, refused with nothing changed", f"{N_FAULTY:,}")


def test_any_calls_in_any_order(plain_autoencoder, sequences, report):
    run_state_machine_as_test(
        machine(plain_autoencoder(), sequences),
        settings=settings(max_examples=N_MACHINES, stateful_step_count=N_CALLS, **LONG),
    )
    calls = f"{N_MACHINES} runs of up to {N_CALLS} calls"
    report("fits, pickles, clones and errors in any order", calls)
