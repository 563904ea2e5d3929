"""The queues of the service in the examples, in a loop of this process."""

import asyncio
import threading

import numpy as np
import pytest
import serving
from serving import PATIENCE

for library in ("msgspec", "starlette", "uvicorn"):
    pytest.importorskip(library, reason="an option of ours")


@pytest.fixture(scope="module")
def code():
    return serving.code()


async def not_gone():
    return False


def in_lane(code, embed, use):
    """Return what a coroutine returns that is given a running lane."""

    async def main():
        lane = code.Lane(embed)
        task = asyncio.create_task(lane.run())
        try:
            return await use(lane)
        finally:
            task.cancel()

    return asyncio.run(main())


class Held:
    """An embedding function that waits in its first call; the lengths of each call."""

    def __init__(self):
        self.calls, self.open, self.began = [], threading.Event(), threading.Event()

    def __call__(self, sequences):
        self.calls.append([len(x) for x in sequences])
        self.began.set()
        assert self.open.wait(PATIENCE)
        return [np.array(self.calls[-1])[:, None]]

    async def use(self, lane, lengths, is_gone=not_gone):
        """Ask for sequences while another one is embedded."""

        def ask_for(n, is_gone=not_gone):
            asked = lane.embed([np.zeros((n, 1))], n, is_gone)
            return asyncio.ensure_future(asked)

        first = ask_for(1)
        await asyncio.to_thread(self.began.wait, PATIENCE)
        others = [ask_for(n, is_gone) for n in lengths]
        await asyncio.sleep(0)  # they wait now
        self.open.set()
        return await asyncio.gather(first, *others, return_exceptions=True)


def test_calls_are_bounded_by_time_steps(code):
    held = Held()
    lengths = [code.PER_CALL // 2, code.PER_CALL // 2, 1, 3 * code.PER_CALL, 2, 3]
    found = in_lane(code, held, lambda lane: held.use(lane, lengths))
    assert [int(Z[0, 0]) for (Z,) in found] == [1, *lengths]
    assert held.calls == [[1], lengths[:2], [1], [lengths[3]], [2, 3]]


def test_too_many_time_steps_that_wait_are_refused(code):
    held, most = Held(), code.MAX_WAITING
    found = in_lane(code, held, lambda lane: held.use(lane, [most - 1, 2, 1]))
    refused = found.pop(2)
    assert isinstance(refused, code.RefusedError)
    assert refused.status == 503
    assert [int(Z[0, 0]) for (Z,) in found] == [1, most - 1, 1]


def test_nothing_is_embedded_for_a_client_that_has_gone(code):
    async def gone():
        return True

    held = Held()
    found = in_lane(code, held, lambda lane: held.use(lane, [5000, 6000], gone))
    assert held.calls == [[1]]
    assert [type(each).__name__ for each in found[1:]] == 2 * ["ClientDisconnect"]


def test_an_embedding_that_is_not_finite_is_refused(code):
    with pytest.raises(code.RefusedError, match="embeddings of sequence 1 are not fi"):
        code.content(["embeddings"], [np.array([[1.0], [np.inf]])])


# What arrives -------------------------------------------------------------------------


def test_a_request_that_does_not_arrive(code, monkeypatch):
    async def never():
        await asyncio.Event().wait()

    monkeypatch.setitem(code.make_app.__globals__, "PATIENCE", 0.01)
    request = code.Request({"type": "http", "headers": []}, never)
    service = code.Service(len, code.Steps("ab"), ["embeddings"], ValueError)
    answer = asyncio.run(service.answer(request))
    assert answer.status_code == 408
    assert b"seconds to arrive" in answer.body
