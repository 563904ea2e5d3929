"""A service that embeds sequences, from an ONNX file and without TensorFlow.

Start it with a file that `sklearn_seqae.to_onnx` has written::

    python examples/service/service.py encoder.onnx --port 8000

``POST /embeddings`` takes sequences of time steps of features, null for a missing
value, and returns an embedding for each::

    {"sequences": [[[0.1, 2.0], [0.3, null]], [[0.2, 1.0]]]}
    {"embeddings": [[...], [...]]}

Requests that arrive while others are embedded wait, and are then embedded in one call.
It needs the extra ``service``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import numpy as np
import uvicorn
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

MAX_BYTES = 2**24  # of a request
MAX_WAITING = 256  # requests; the next ones are refused, and may come again
PER_CALL = 64  # sequences of about one length, which are padded to the longest
MAX_STEPS = 100_000  # time steps of a sequence
Sequences = list[NDArray[np.float64]]
Embed = Callable[[Sequences], NDArray[Any]]


class Given(msgspec.Struct, forbid_unknown_fields=True):
    sequences: list[list[list[float | None]]]


class RefusedError(Exception):
    """An answer other than embeddings: a status, and why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def read(body: bytes, n_features: int) -> Sequences:
    """Return the sequences of a request, NaN where a value is missing."""
    try:
        sequences = msgspec.json.decode(body, type=Given).sequences
    except msgspec.DecodeError as error:
        raise RefusedError(400, str(error)) from error
    if not sequences:
        raise RefusedError(400, "sequences is empty; expected at least one.")
    for i, sequence in enumerate(sequences):
        if not 1 <= len(sequence) <= MAX_STEPS:
            raise RefusedError(
                400,
                f"sequence {i} has {len(sequence)} time steps; expected 1 to "
                f"{MAX_STEPS}.",
            )
        for t, step in enumerate(sequence):
            if len(step) != n_features:
                raise RefusedError(
                    400,
                    f"sequence {i} has {len(step)} features at time step {t}; "
                    f"expected {n_features}.",
                )
    return [np.array(sequence, np.float64) for sequence in sequences]


class Batches:
    """Embeds what several requests ask for in one call.

    Parameters
    ----------
    embed : callable
        From a list of arrays of shape (n_timesteps_i, n_features) to embeddings. It
        runs in a thread.
    """

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._waiting: asyncio.Queue[Any] = asyncio.Queue(MAX_WAITING)

    async def embed(self, sequences: Sequences) -> NDArray[Any]:
        answer = asyncio.get_running_loop().create_future()
        try:
            self._waiting.put_nowait((sequences, answer))
        except asyncio.QueueFull:
            raise RefusedError(
                503, "too many requests wait; try again later."
            ) from None
        embeddings: NDArray[Any] = await answer
        return embeddings

    async def run(self) -> None:
        while True:
            requests = [await self._waiting.get()]
            while not self._waiting.empty():
                requests.append(self._waiting.get_nowait())
            await self._answer(requests)

    async def _answer(self, requests: list[Any]) -> None:
        every = [x for sequences, _ in requests for x in sequences]
        ends = np.cumsum([len(sequences) for sequences, _ in requests])
        try:
            found = await asyncio.to_thread(self._by_length, every)
        except Exception as error:
            if len(requests) == 1:
                _settle(requests[0][1], error)
            else:  # one of them is to blame
                for request in requests:
                    await self._answer([request])
            return
        for (_, answer), Z in zip(requests, np.split(found, ends)[:-1], strict=True):
            _settle(answer, Z)

    def _by_length(self, sequences: Sequences) -> NDArray[Any]:
        order = np.argsort([len(x) for x in sequences], kind="stable")
        parts = [order[n : n + PER_CALL] for n in range(0, len(order), PER_CALL)]
        found = np.concatenate(
            [self._embed([sequences[i] for i in part]) for part in parts]
        )
        return found[np.argsort(order)]


def _settle(answer: asyncio.Future[Any], found: Any) -> None:
    if answer.done():  # the client has gone
        return
    if isinstance(found, Exception):
        answer.set_exception(found)
    else:
        answer.set_result(found)


def make_app(embed: Embed, n_features: int, refusals: type[Exception]) -> Starlette:
    """Return the service.

    Parameters
    ----------
    embed : callable
        As `Batches` takes it.
    n_features : int
    refusals : type
        Errors of ``embed`` that are the client's.
    """
    batches = Batches(embed)

    @contextlib.asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(batches.run())
        yield
        task.cancel()

    async def embeddings(request: Request) -> Response:
        try:
            body = await _body(request)
            sequences = await asyncio.to_thread(read, body, n_features)
            Z = await batches.embed(sequences)
        except RefusedError as refused:
            return _json({"error": str(refused)}, refused.status)
        except refusals as error:
            return _json({"error": str(error)}, 400)
        return _json({"embeddings": Z.tolist()})

    async def about(_: Request) -> Response:
        return _json({"n_features": n_features})

    routes = [
        Route("/", about),
        Route("/embeddings", embeddings, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=running)


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise RefusedError(
                413, f"the request has over {MAX_BYTES} bytes; send less."
            )
    return body


def _json(content: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, None, "application/json")


def from_file(path: str) -> Starlette:
    """Return the service of a file that `to_onnx` has written."""
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # for so little work, threads cost more than help
    options.log_severity_level = 4  # what is refused goes to the client
    session = onnxruntime.InferenceSession(path, options)
    names = [given.name for given in session.get_inputs()]
    if names != ["values", "lengths"]:
        raise ValueError(
            f"{path} reads {', '.join(names)}; expected values and lengths alone, of a "
            "network that was fitted to numbers."
        )
    n_features = session.get_inputs()[0].shape[1]

    def embed(sequences: Sequences) -> NDArray[Any]:
        lengths = np.array([len(x) for x in sequences])
        given = {"values": np.concatenate(sequences), "lengths": lengths}
        embeddings: NDArray[Any] = session.run(["embedding"], given)[0]
        return embeddings

    return make_app(embed, n_features, InvalidArgument)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", help="a file that to_onnx has written")
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    app = from_file(arguments.path)
    uvicorn.run(app, host="127.0.0.1", port=arguments.port, log_level="warning")


if __name__ == "__main__":
    main()
