"""The parent's side of a contestant's process."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[1]


class MissingPeerError(RuntimeError):
    """A contestant needs a package that is not installed."""


class Process:
    """One contestant at work in a Python of its own.

    Parameters
    ----------
    job : str
        ``"module:function"``; see `benchmarks.peers`.
    parameters : dict
        Keyword arguments of the function; plain JSON values.
    """

    def __init__(self, job: str, parameters: dict[str, Any]) -> None:
        self._job = job
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed by `close`)
        command = [sys.executable, "-m", "benchmarks._worker", job]
        started = time.perf_counter()
        self._child = subprocess.Popen(
            [*command, json.dumps(parameters)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=_environment(),
        )
        self._expect("ready")
        self._startup = time.perf_counter() - started

    def round(self) -> dict[str, float]:
        """Let the child do its work once.

        Adds ``process``: seconds from the start of Python, imports and preparation
        included, to the end of what the child calls ``seconds``.
        """
        assert self._child.stdin is not None
        self._child.stdin.write("\n")
        self._child.stdin.flush()
        measured: dict[str, float] = self._expect("measured")
        return {**measured, "process": self._startup + measured.get("seconds", 0.0)}

    def close(self) -> None:
        """End the child: without input it has nothing left to do."""
        assert self._child.stdin is not None and self._child.stdout is not None
        self._child.stdin.close()
        self._child.stdout.close()
        self._child.wait()
        self._log.close()

    def __enter__(self) -> "Process":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _expect(self, key: str) -> Any:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        reply = json.loads(line) if line else {}
        if key in reply:
            return reply[key]
        message = reply.get("error", self._log_tail())
        self.close()
        if "missing" in reply:
            raise MissingPeerError(reply["missing"])
        raise RuntimeError(f"{self._job} failed:\n{message}")

    def _log_tail(self) -> str:
        self._log.seek(0)
        return self._log.read()[-3000:]


def _environment() -> dict[str, str]:
    """The parent's, on the CPU alone, quiet, with `benchmarks` importable."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {
        **os.environ,
        "PYTHONPATH": path,
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
