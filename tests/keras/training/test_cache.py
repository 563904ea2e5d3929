"""The cache of training programs: who gets which, and what is closed."""

import threading

import keras
import numpy as np
import pytest
from networks import small_architecture

from sklearn_seqae._keras.training import cache
from sklearn_seqae._keras.training.cache import MAX_IDLE_BYTES, borrow
from sklearn_seqae._keras.training.program import Program, ShardShape

MAX_IDLE = 8


class Stub:
    """In the place of a workspace, which takes seconds to make."""

    n_bytes = 0
    is_sound = True
    closed = False

    def __init__(self, program, optimizer):
        self.program, self.optimizer = program, optimizer
        self.vector = np.zeros(3)

    def close(self):
        self.closed = True


@pytest.fixture
def stubs(monkeypatch):
    """An empty cache of stubs; gives programs that differ in their buffers."""
    monkeypatch.setattr(cache, "_idle", [])
    monkeypatch.setattr(cache, "Workspace", Stub)
    monkeypatch.setattr(cache, "MAX_IDLE", MAX_IDLE)
    return lambda n: Program(small_architecture(), ShardShape(1, 4, 16 * n))


def lent(program, optimizer="adam"):
    with borrow(program, optimizer) as space:
        return space


def test_an_idle_workspace_is_lent_again(stubs):
    first = lent(stubs(1))
    assert lent(stubs(1)) is first
    assert lent(stubs(1), "Adam") is first
    assert (first.program, first.optimizer) == (stubs(1), "adam")


def test_another_program_or_optimizer_is_another_workspace(stubs):
    spaces = [
        lent(stubs(1)),
        lent(stubs(2)),
        lent(stubs(1), "sgd"),
        lent(stubs(1), keras.optimizers.SGD(0.1)),
        lent(stubs(1), keras.optimizers.SGD(0.2)),
    ]
    assert len({id(space) for space in spaces}) == 5


def test_the_cache_is_bounded_and_drops_the_least_recently_used(stubs):
    spaces = [lent(stubs(n)) for n in range(MAX_IDLE)]
    lent(stubs(0))  # used again
    lent(stubs(MAX_IDLE))  # one too many
    assert len(cache._idle) == MAX_IDLE
    assert lent(stubs(0)) is spaces[0]
    assert [space.closed for space in spaces[:3]] == [False, True, False]
    assert lent(stubs(1)) is not spaces[1]


def test_the_bound_holds_for_many_of_one_program(stubs):
    def nested(depth):
        with borrow(stubs(1), "adam"):
            if depth:
                nested(depth - 1)

    nested(2 * MAX_IDLE)
    assert len(cache._idle) == MAX_IDLE


def test_large_buffers_are_not_kept_but_for_the_last(stubs, monkeypatch):
    monkeypatch.setattr(Stub, "n_bytes", MAX_IDLE_BYTES // 2)
    first, second = lent(stubs(1)), lent(stubs(2))
    assert lent(stubs(1)) is first  # two just fit
    third = lent(stubs(3))
    assert lent(stubs(2)) is not second
    monkeypatch.setattr(Stub, "n_bytes", 2 * MAX_IDLE_BYTES)
    lent(stubs(3))
    assert (
        lent(stubs(3)) is third
    )  # a grid search over one architecture still reuses it
    assert len(cache._idle) == 1


def test_two_threads_never_share_one(stubs):
    lent(stubs(1))  # one is idle
    both_hold = threading.Barrier(2, timeout=60)
    held = []

    def work():
        with borrow(stubs(1), "adam") as space:
            held.append(space)
            both_hold.wait()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(held) == 2
    assert held[0] is not held[1]


@pytest.mark.parametrize("is_sound", [True, False])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_a_workspace_is_kept_if_it_is_sound(stubs, error, is_sound):
    with pytest.raises(error), borrow(stubs(1), "adam") as space:
        space.is_sound = is_sound
        raise error
    assert space.closed != is_sound
    assert (lent(stubs(1)) is space) == is_sound


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_diverged_workspace_is_not_kept(stubs, value):
    with borrow(stubs(1), "adam") as space:
        space.vector = np.array([0.0, value])
    assert lent(stubs(1)) is not space
