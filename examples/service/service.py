"""A service that embeds sequences, from an ONNX file and without TensorFlow.

Start it with a file that `sklearn_seqae.to_onnx` has written::

    python examples/service/service.py encoder.onnx --port 8000

``POST /embeddings`` takes sequences of time steps of features, null for a missing
value, and returns an embedding for each::

    {"sequences": [[[0.1, 2.0], [0.3, null]], [[0.2, 1.0]]]}
    {"embeddings": [[...], [...]]}

Requests that arrive while others are embedded wait, and are then embedded in one call.
Long ones have a thread of their own, so that short ones do not wait for them. What is
too much is refused before it takes memory: a request, and all that waits.
It needs the extra ``service``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import msgspec
import numpy as np
import uvicorn
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

# Of a request
MAX_BYTES = 2**24
MAX_SEQUENCES = 1_000  # a sequence of a few bytes has an embedding of kilobytes
MAX_STEPS = 100_000  # time steps, of all sequences together
PATIENCE = 30  # seconds in which it has to arrive
# Of all requests
LARGE = 2**16  # bytes; larger ones take memory and time before they are counted
MAX_LARGE = 4  # of these at once; the next ones are refused, and may come again
MAX_WAITING = 2 * MAX_STEPS  # time steps, of short requests and of long ones each
SHORT = 1_000  # time steps of a request that does not wait for longer ones
FEW = 100  # sequences of such a request
MAX_CONNECTIONS = 256
PER_CALL = 8_000  # time steps that are embedded together, unless one request has more

Sequences = list[NDArray[np.float64]]
Embed = Callable[[Sequences], NDArray[Any]]


class Given(msgspec.Struct, forbid_unknown_fields=True):
    sequences: list[list[list[float | None]]]


class RefusedError(Exception):
    """An answer other than embeddings: a status, and why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def read(body: bytearray, n_features: int) -> Sequences:
    """Return the sequences of a request, NaN where a value is missing."""
    _check_size(body, n_features)
    try:
        sequences = msgspec.json.decode(body, type=Given).sequences
    except msgspec.DecodeError as error:  # it may quote the request
        raise RefusedError(400, str(error)[:200]) from error
    if not sequences:
        raise RefusedError(400, "sequences is empty; expected at least one.")
    _check_limit(len(sequences), MAX_SEQUENCES, "sequences")
    _check_limit(sum(map(len, sequences)), MAX_STEPS, "time steps")
    for i, sequence in enumerate(sequences):
        if not sequence:
            raise RefusedError(
                400, f"sequence {i} has 0 time steps; expected at least 1."
            )
        for t, step in enumerate(sequence):
            if len(step) != n_features:
                raise RefusedError(
                    400,
                    f"sequence {i} has {len(step)} features at time step {t}; "
                    f"expected {n_features}.",
                )
    return [np.array(sequence, np.float64) for sequence in sequences]


def _check_size(body: bytearray, n_features: int) -> None:
    """Refuse by brackets and commas what would take seconds and a gigabyte to parse."""
    n_lists, most = body.count(b"[") - 1, MAX_SEQUENCES + MAX_STEPS
    _check_limit(n_lists, most, "sequences and time steps")
    n_steps = -(-(body.count(b",") + 1) // n_features)
    _check_limit(n_steps, MAX_STEPS, "time steps, by its number of values")


def _check_limit(found: int, limit: int, what: str) -> None:
    if found > limit:
        raise RefusedError(
            413, f"the request has {found} {what}; send at most {limit} in one."
        )


class Job(NamedTuple):
    """A request that waits."""

    sequences: Sequences
    n_steps: int
    answer: asyncio.Future[NDArray[Any]]
    is_gone: Callable[[], Awaitable[bool]]  # its client


class Lane:
    """Embeds what several requests ask for in one call, in a thread of its own.

    Parameters
    ----------
    embed : callable
        From a list of arrays of shape (n_timesteps_i, n_features) to embeddings.
    """

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._thread = ThreadPoolExecutor(1)
        self._waiting: asyncio.Queue[Job] = asyncio.Queue()
        self._n_steps = 0  # of what waits

    async def compute(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function in the thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, function, *arguments)

    async def embed(
        self, sequences: Sequences, n_steps: int, is_gone: Callable[..., Any]
    ) -> NDArray[Any]:
        if self._n_steps + n_steps > MAX_WAITING:
            raise RefusedError(503, "too many time steps wait; try again later.")
        answer = asyncio.get_running_loop().create_future()
        self._n_steps += n_steps
        self._waiting.put_nowait(Job(sequences, n_steps, answer, is_gone))
        embeddings: NDArray[Any] = await answer
        return embeddings

    async def run(self) -> None:
        following = None
        while True:
            jobs = [following or await self._waiting.get()]
            n_steps, following = jobs[0].n_steps, None
            while following is None and not self._waiting.empty():
                job = self._waiting.get_nowait()
                n_steps += job.n_steps
                if n_steps > PER_CALL:
                    following = job
                else:
                    jobs.append(job)
            self._n_steps -= sum(job.n_steps for job in jobs)
            for job in jobs:  # of a short one, asking takes as long as answering
                if job.n_steps > SHORT and await job.is_gone():
                    job.answer.set_exception(ClientDisconnect())
            await self._answer([job for job in jobs if not job.answer.done()])

    async def _answer(self, jobs: list[Job]) -> None:
        if not jobs:
            return
        every = [x for job in jobs for x in job.sequences]
        ends = np.cumsum([len(job.sequences) for job in jobs])
        try:
            found = await self.compute(self._embed, every)
        except Exception as error:
            if len(jobs) == 1:
                if not jobs[0].answer.done():
                    jobs[0].answer.set_exception(error)
            else:  # one of them is to blame
                for job in jobs:
                    await self._answer([job])
            return
        for job, Z in zip(jobs, np.split(found, ends)[:-1], strict=True):
            if not job.answer.done():
                job.answer.set_result(Z)


class Service:
    """Answers requests.

    Parameters
    ----------
    embed : callable
        As `Lane` takes it.
    n_features : int
    refusals : type
        Errors of ``embed`` that are the client's.
    """

    def __init__(
        self, embed: Embed, n_features: int, refusals: type[Exception]
    ) -> None:
        self._n_features, self._refusals = n_features, refusals
        self._short, self._long = Lane(embed), Lane(embed)
        self._large = asyncio.Semaphore(MAX_LARGE)

    @contextlib.asynccontextmanager
    async def running(self, _: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(lane.run()) for lane in (self._short, self._long)]
        yield
        for task in tasks:
            task.cancel()

    async def about(self, _: Request) -> Response:
        return _as_json({"n_features": self._n_features})

    async def embeddings(self, request: Request) -> Response:
        async with contextlib.AsyncExitStack() as held:
            try:
                content = await self._embeddings(request, held)
            except RefusedError as refused:
                return _as_json({"error": str(refused)}, refused.status)
            except self._refusals as error:
                return _as_json({"error": str(error)}, 400)
            except ClientDisconnect:
                return Response(status_code=400)  # nobody reads it
        return Response(content, media_type="application/json")

    async def _embeddings(
        self, request: Request, held: contextlib.AsyncExitStack
    ) -> bytes:
        if request.headers.get("content-encoding", "identity") != "identity":
            raise RefusedError(415, "the request is compressed; send plain JSON.")
        try:
            async with asyncio.timeout(PATIENCE):
                body = await self._body(request, held)
        except TimeoutError:
            raise RefusedError(
                408, f"the request took over {PATIENCE} seconds to arrive."
            ) from None
        if len(body) > LARGE:
            sequences = await self._long.compute(read, body, self._n_features)
        else:  # a thread would cost more
            sequences = read(body, self._n_features)
        n_steps = sum(map(len, sequences))
        if n_steps <= SHORT and len(sequences) <= FEW:
            Z = await self._short.embed(sequences, n_steps, request.is_disconnected)
            return _content(Z)
        Z = await self._long.embed(sequences, n_steps, request.is_disconnected)
        content: bytes = await self._long.compute(_content, Z)
        return content

    async def _body(
        self, request: Request, held: contextlib.AsyncExitStack
    ) -> bytearray:
        said = request.headers.get("content-length", "0")
        body, is_large = bytearray(), False
        n_bytes = int(said[:20]) if said.isdecimal() else 0
        chunks = request.stream()
        while True:
            if n_bytes > MAX_BYTES:
                raise RefusedError(
                    413, f"the request has over {MAX_BYTES} bytes; send less."
                )
            if n_bytes > LARGE and not is_large:
                is_large = True
                if self._large.locked():
                    raise RefusedError(503, "too many large requests; try again later.")
                await held.enter_async_context(self._large)
            chunk = await anext(chunks, None)
            if chunk is None:
                return body
            body += chunk
            n_bytes = max(n_bytes, len(body))


def make_app(embed: Embed, n_features: int, refusals: type[Exception]) -> Starlette:
    """Return the application of a `Service`."""
    service = Service(embed, n_features, refusals)
    routes = [
        Route("/", service.about),
        Route("/embeddings", service.embeddings, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=service.running)


def _content(Z: NDArray[Any]) -> bytes:
    """Return an answer, row by row: other threads run in between."""
    wild = np.flatnonzero(~np.isfinite(Z).all(axis=1))
    if len(wild):
        raise RefusedError(
            400,
            f"the embedding of sequence {wild[0]} is not finite: its values are too "
            "far from those of fit; scale or remove them.",
        )
    rows = b",".join(msgspec.json.encode(row.tolist()) for row in Z)
    return b'{"embeddings":[%b]}' % rows


def _as_json(content: Any, status: int = 200) -> Response:
    headers = {"Retry-After": "1"} if status == 503 else None
    encoded = msgspec.json.encode(content)
    return Response(encoded, status, headers, "application/json")


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
    give_back = onnxruntime.RunOptions()  # memory, which the session would keep
    give_back.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

    def embed(sequences: Sequences) -> NDArray[Any]:
        values, lengths = np.concatenate(sequences), [len(x) for x in sequences]
        given = {"values": values, "lengths": np.array(lengths)}
        run_options = give_back if len(values) > SHORT else None
        embeddings: NDArray[Any] = session.run(["embedding"], given, run_options)[0]
        return embeddings

    return make_app(embed, n_features, InvalidArgument)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", help="a file that to_onnx has written")
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    app = from_file(arguments.path)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=arguments.port,
        log_level="warning",
        limit_concurrency=MAX_CONNECTIONS,  # it answers 503 to the next ones
    )


if __name__ == "__main__":
    main()
