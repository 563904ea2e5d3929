"""The code that newcomers run first runs, in a process of its own.

With two epochs instead of a hundred: what comes out of a hundred is tested elsewhere.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
RUN_ALL = """
import runpy, sys
from sklearn_seqae import LSTMAutoencoderTransformer

LSTMAutoencoderTransformer.__init__.__kwdefaults__["epochs"] = 2
exec(sys.argv.pop(1), {})
print("-- quickstart --")
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("examples")


@pytest.fixture(scope="module")
def outputs(folder):
    """What the README's code prints, and what the quickstart prints."""
    quickstart = ROOT / "examples" / "quickstart.py"
    code = "\n".join(BLOCKS)
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN_ALL, code, quickstart, "--output=p"],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"MPLBACKEND": "Agg"},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split("-- quickstart --")


def test_readme(outputs):
    assert BLOCKS
    assert re.fullmatch(r"0\.\d+", outputs[0].strip())


def test_quickstart(outputs, folder):
    assert "Test accuracy" in outputs[1]
    assert "epoch 2/2 - loss: " in outputs[1]
    pictures = {"p/embedding.png", "p/loss.png"}
    assert {str(path.relative_to(folder)) for path in folder.glob("*/*")} == pictures


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples").glob("plot_*.py")), ids=lambda path: path.name
)
def test_gallery_scripts_compile(path):
    # They run when the documentation is built.
    compile(path.read_text(encoding="utf-8"), path, "exec")
