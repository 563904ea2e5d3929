"""The service in the examples, in a process of its own."""

import json
import runpy
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

SERVICE = Path(__file__).parents[2] / "examples" / "service" / "service.py"
sys.path.append(str(SERVICE.parent))  # where Python looks if the service is started
PATIENCE = 60  # seconds until it answers


def code():
    """The names in the code of the service."""
    return SimpleNamespace(**runpy.run_path(str(SERVICE)))


@contextmanager
def serving(path):
    """A running service: its port, and the number of its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "error", SERVICE, path, f"--port={port}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for(port, process)
            yield SimpleNamespace(port=port, pid=process.pid)
        finally:
            process.terminate()
            _, said = process.communicate(timeout=PATIENCE)
    assert said == ""


def wait_for(port, process):
    for _ in range(20 * PATIENCE):
        assert process.poll() is None, process.stderr.read()
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise TimeoutError("the service does not answer")


def ask(connection, body, path="/embeddings"):
    try:
        connection.request("POST", path, body)
        answer = connection.getresponse()
    except ConnectionError:  # the service closes one that was idle for seconds
        connection.close()
        connection.request("POST", path, body)
        answer = connection.getresponse()
    return answer.status, json.loads(answer.read())
