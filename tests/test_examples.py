"""The code that newcomers run first runs.

With two epochs instead of a hundred: what comes out of a hundred is tested elsewhere.
"""

import io
import re
import runpy
import sys
from contextlib import chdir, redirect_stdout
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from internals import xla

from sklearn_seqae import LSTMAutoencoderTransformer

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
QUICKSTART = ROOT / "examples" / "quickstart.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("examples")


@pytest.fixture(scope="module")
def outputs(folder):
    """What the README's code prints, and what the quickstart prints."""
    defaults = LSTMAutoencoderTransformer.__init__.__kwdefaults__
    readme, quickstart = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, chdir(folder), xla(False):
        patch.setitem(defaults, "epochs", 2)
        patch.setattr(sys, "argv", [str(QUICKSTART), "--output=p"])
        with redirect_stdout(readme):
            exec("\n".join(BLOCKS), {})
        with redirect_stdout(quickstart):
            runpy.run_path(str(QUICKSTART), run_name="__main__")
    plt.close("all")
    return readme.getvalue(), quickstart.getvalue()


@pytest.mark.slow
def test_readme(outputs):
    assert BLOCKS
    assert re.fullmatch(r"0\.\d+", outputs[0].strip())


@pytest.mark.slow
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
