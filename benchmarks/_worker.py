"""The child process: ``python -m benchmarks._worker MODULE:JOB PARAMETERS``.

Prepares, says so, then does one round for each line on standard input, and answers
every time with one line of JSON.
"""

import contextlib
import importlib
import json
import os
import sys
import traceback
from typing import Any, TextIO


def main() -> None:
    replies = _private_stdout()
    job, parameters = sys.argv[1], json.loads(sys.argv[2])
    try:
        round_ = _prepare(job, parameters)
        _say(replies, {"ready": True})
        for _ in sys.stdin:
            _say(replies, {"measured": round_()})
    except ModuleNotFoundError as error:
        _say(replies, {"missing": error.name})
    except Exception:
        _say(replies, {"error": traceback.format_exc()})


def _prepare(job: str, parameters: dict[str, Any]) -> Any:
    module, _, function = job.partition(":")
    return getattr(importlib.import_module(module), function)(**parameters)


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
