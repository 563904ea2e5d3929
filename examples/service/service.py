"""A service that embeds sequences over HTTP, or predicts, without TensorFlow.

Start it with a file that `sklearn_seqae.to_onnx` has written::

    python examples/service/service.py encoder.onnx --port 8000

``POST /embeddings`` takes sequences of time steps, null for a missing value, and
returns an embedding for each::

    {"sequences": [[[0.1, 2.0], [0.3, null]], [[0.2, 1.0]]]}
    {"embeddings": [[...], [...]]}

If the file is that of a pipeline, of an outlier detector or of an aggregator,
``POST /predictions`` returns all its outputs, those of a classifier or of a detector
for example::

    {"label": ["a", "b"], "probabilities": [[...], [...]]}
    {"label": [1, -1], "scores": [2.1, -0.4], "score_samples": [-0.9, -3.4]}

A time step has the features that are numbers, then those that are text, then its time,
if the file reads times: a number, or ticks. ``GET /`` names them.

Requests that arrive while others are embedded wait, and are then embedded in one call.
Long ones have a thread of their own, so that short ones do not wait for them. What is
too much is refused before it takes memory: a request, and all that waits.
It needs the extra ``service``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import msgspec
import numpy as np
import uvicorn
from messages import (
    MAX_STEPS,
    TIMES,
    RefusedError,
    Sequences,
    Steps,
    content,
    read,
)
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

# Of a request; `messages` has others
MAX_BYTES = 2**24
PATIENCE = 30  # seconds in which it has to arrive
# Of all requests
LARGE = 2**16  # bytes; larger ones take memory and time before they are counted
MAX_LARGE = 4  # of these at once; the next ones are refused, and may come again
MAX_WAITING = 2 * MAX_STEPS  # time steps, of short requests and of long ones each
SHORT = 1_000  # time steps of a request that does not wait for longer ones
FEW = 100  # sequences of such a request
MAX_CONNECTIONS = 256
PER_CALL = 8_000  # time steps that are embedded together, unless one request has more

# What a file may write
OUTPUTS = {f"tensor({kind})" for kind in ("float", "double", "int64", "string")}

Embed = Callable[[Sequences], Sequence[NDArray[Any]]]


class Job(NamedTuple):
    """A request that waits."""

    sequences: Sequences
    n_steps: int
    answer: asyncio.Future[Sequence[NDArray[Any]]]
    is_gone: Callable[[], Awaitable[bool]]  # its client


class Lane:
    """Embeds what several requests ask for in one call, in a thread of its own.

    Parameters
    ----------
    embed : callable
        From a list of arrays to what is answered, arrays with a row for each.
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
    ) -> Sequence[NDArray[Any]]:
        if self._n_steps + n_steps > MAX_WAITING:
            raise RefusedError(503, "too many time steps wait; try again later.")
        answer = asyncio.get_running_loop().create_future()
        self._n_steps += n_steps
        self._waiting.put_nowait(Job(sequences, n_steps, answer, is_gone))
        found: Sequence[NDArray[Any]] = await answer
        return found

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
        ends = np.cumsum([len(job.sequences) for job in jobs])[:-1]
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
        parts = zip(*(np.split(each, ends) for each in found), strict=True)
        for job, own in zip(jobs, parts, strict=True):
            if not job.answer.done():
                job.answer.set_result(own)


class Service:
    """Answers requests.

    Parameters
    ----------
    embed : callable
        As `Lane` takes it.
    steps : Steps
    names : sequence of str
        Of what ``embed`` returns.
    refusals : type
        Errors of ``embed`` that are the client's.
    """

    def __init__(
        self,
        embed: Embed,
        steps: Steps,
        names: Sequence[str],
        refusals: type[Exception],
    ) -> None:
        self._steps, self._names, self._refusals = steps, names, refusals
        self._short, self._long = Lane(embed), Lane(embed)
        self._large = asyncio.Semaphore(MAX_LARGE)

    @contextlib.asynccontextmanager
    async def running(self, _: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(lane.run()) for lane in (self._short, self._long)]
        yield
        for task in tasks:
            task.cancel()

    async def about(self, _: Request) -> Response:
        return _as_json({"time_step": self._steps.about, "answer": [*self._names]})

    async def answer(self, request: Request) -> Response:
        async with contextlib.AsyncExitStack() as held:
            try:
                found = await self._answer(request, held)
            except RefusedError as refused:
                return _as_json({"error": str(refused)}, refused.status)
            except self._refusals as error:
                return _as_json({"error": str(error)}, 400)
            except ClientDisconnect:
                return Response(status_code=400)  # nobody reads it
        return Response(found, media_type="application/json")

    async def _answer(self, request: Request, held: contextlib.AsyncExitStack) -> bytes:
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
            sequences = await self._long.compute(read, body, self._steps)
        else:  # a thread would cost more
            sequences = read(body, self._steps)
        n_steps = sum(map(len, sequences))
        if n_steps <= SHORT and len(sequences) <= FEW:
            found = await self._short.embed(sequences, n_steps, request.is_disconnected)
            return content(self._names, found)
        found = await self._long.embed(sequences, n_steps, request.is_disconnected)
        answer: bytes = await self._long.compute(content, self._names, found)
        return answer

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


def make_app(
    embed: Embed,
    steps: Steps,
    names: Sequence[str] = ("embeddings",),
    refusals: type[Exception] = ValueError,
) -> Starlette:
    """Return the application of a `Service`."""
    service = Service(embed, steps, names, refusals)
    path = "/embeddings" if names == ("embeddings",) else "/predictions"
    routes = [
        Route("/", service.about),
        Route(path, service.answer, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=service.running)


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
    steps = _steps_of(session, path)
    outputs = {output.name: output.type for output in session.get_outputs()}
    if not set(outputs.values()) <= OUTPUTS:
        raise ValueError(
            f"{path} writes {', '.join(outputs)} as {', '.join(outputs.values())}; "
            f"expected each to be one of {', '.join(sorted(OUTPUTS))}."
        )
    is_ours = list(outputs) == ["embedding"]
    names = ("embeddings",) if is_ours else tuple(outputs)
    give_back = onnxruntime.RunOptions()  # memory, which the session would keep
    give_back.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

    def embed(sequences: Sequences) -> Sequence[NDArray[Any]]:
        given = steps.tensors(sequences)
        run_options = give_back if given["lengths"].sum() > SHORT else None
        found: Sequence[NDArray[Any]] = session.run([*outputs], given, run_options)
        return found

    return make_app(embed, steps, names, InvalidArgument)


def _steps_of(session: Any, path: str) -> Steps:
    """Return what a file reads, as its metadata name it."""
    inputs = {given.name: given for given in session.get_inputs()}
    texts = session.get_modelmeta().custom_metadata_map
    notes = {name: msgspec.json.decode(text) for name, text in texts.items()}
    if inputs.keys() != notes.keys() | {"lengths"}:
        raise ValueError(
            f"{path} reads {', '.join(inputs)}; expected what to_onnx writes of a "
            "transformer, a pipeline or a detector, which reads lengths, and values, "
            "categories or times, with a note on each in its metadata."
        )
    times = inputs.get("times")
    return Steps(
        notes.get("values", ()),
        notes.get("categories", ()),
        notes.get("times"),
        TIMES[times.type] if times else None,
    )


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
