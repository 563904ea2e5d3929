"""A process of its own for each contestant: both of its ends, and the lines between.

The child is ``python -m benchmarks._worker MODULE:JOB PARAMETERS``. It prepares, says
so, then does one round for each line on standard input, and answers every time with one
line of JSON.
"""

import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(__file__).parents[1]


class MissingPeerError(RuntimeError):
    """A contestant needs a package that is not installed."""


@contextlib.contextmanager
def start(
    job: str, parameters: dict[str, Any], root: Path = ROOT
) -> Iterator[Callable[[], dict[str, Any]]]:
    """Start a child in the checkout ``root``; give the function that runs a round.

    A round has, beside what the child measured, ``process``: seconds from the start of
    Python, imports and preparation included, to the end of the child's ``seconds``.
    """
    command = [sys.executable, "-m", "benchmarks._worker", job, json.dumps(parameters)]
    with tempfile.TemporaryFile("w+") as log:
        started = time.perf_counter()
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=_environment(root),
            cwd=root,
        ) as child:

            def reply(key: str) -> Any:
                line = child.stdout.readline()
                message = json.loads(line) if line else {}
                if "missing" in message:
                    raise MissingPeerError(message["missing"])
                if key not in message:
                    log.seek(0)
                    last_words = message.get("error", log.read()[-3000:])
                    raise RuntimeError(f"{job} failed:\n{last_words}")
                return message[key]

            def round_() -> dict[str, Any]:
                print(file=child.stdin, flush=True)
                measured = reply("measured")
                return {**measured, "process": startup + measured.get("seconds", 0.0)}

            reply("ready")
            startup = time.perf_counter() - started
            yield round_  # afterwards the child's input ends, and with it the child


def _environment(root: Path) -> dict[str, str]:
    """The parent's, on the CPU alone, quiet, with this checkout's packages first."""
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    quiet = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    return {**os.environ, "PYTHONPATH": path, **quiet}


def main() -> None:
    replies = _private_stdout()
    try:
        module, _, function = sys.argv[1].partition(":")
        job = getattr(importlib.import_module(module), function)
        round_ = job(**json.loads(sys.argv[2]))
        _say(replies, {"ready": True})
        for _ in sys.stdin:
            _say(replies, {"measured": round_()})
    except ModuleNotFoundError as error:
        _say(replies, {"missing": error.name})
    except Exception:
        _say(replies, {"error": traceback.format_exc()})


def _private_stdout() -> TextIO:
    """Standard output for replies alone: what libraries print goes to stderr."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return replies


def _say(replies: TextIO, message: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):  # the parent has gone: nothing to tell
        print(json.dumps(message), file=replies, flush=True)


if __name__ == "__main__":
    main()
