"""A process of its own for each contestant: execnet starts it and talks to it."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import execnet

ROOT = Path(__file__).parents[1]
# The CPU alone, and no chatter from TensorFlow
ENVIRONMENT = "//env:CUDA_VISIBLE_DEVICES=-1//env:TF_CPP_MIN_LOG_LEVEL=3"


@contextlib.contextmanager
def start(
    job: str, parameters: dict[str, Any], root: Path = ROOT
) -> Iterator[Callable[[], dict[str, Any]]]:
    """Prepare ``module:function`` in a new process; give what runs a round there.

    The process imports the packages of the checkout ``root``. A round has, beside what
    was measured, ``process``: seconds from the start of Python, imports and preparation
    included, to the end of the round's ``seconds``.
    """
    group, started = execnet.Group(), time.perf_counter()
    gateway = group.makegateway(f"popen//chdir={root}{ENVIRONMENT}")
    channel = gateway.remote_exec(_serve, job=job, parameters=parameters)

    def receive() -> Any:
        try:
            reply = channel.receive()
        except EOFError:
            raise RuntimeError(f"{job}: its process died.") from None
        except channel.RemoteError as error:
            raise RuntimeError(f"{job} failed:\n{error.formatted}") from None
        if isinstance(reply, str):
            raise ModuleNotFoundError(f"{reply} is not installed.", name=reply)
        return reply

    def round_() -> dict[str, Any]:
        channel.send(None)
        measured = receive()
        return {**measured, "process": startup + measured.get("seconds", 0.0)}

    try:
        receive()
        startup = time.perf_counter() - started
        yield round_
    finally:
        group.terminate(timeout=1)


def _serve(channel, job, parameters):
    """Run in the child: prepare, say so, then do a round whenever it is asked for.

    execnet sends the source of this function alone: it has no globals, type hints
    included.
    """
    import importlib

    module, _, function = job.partition(":")
    try:
        round_ = getattr(importlib.import_module(module), function)(**parameters)
        channel.send({})
        for _ in channel:
            channel.send(round_())
    except ModuleNotFoundError as error:
        channel.send(error.name)
