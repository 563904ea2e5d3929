"""What `verbose` shows."""

import io
import re
import sys
from contextlib import redirect_stdout

import pytest

from sklearn_seqae._keras.training.callbacks import Progress


class Stream(io.StringIO):
    def __init__(self, is_terminal):
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self):
        return self.is_terminal


@pytest.fixture(autouse=True)
def no_notebook(monkeypatch):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)


def printed(epochs, verbose, *, every=1, stop=None, is_terminal=False):
    """What a fit prints that shows every few epochs and closes where it ends."""
    stop = stop or epochs
    with redirect_stdout(Stream(is_terminal)) as stream:
        progress = Progress(epochs, verbose)
        for epoch in range(every, stop + 1, every):
            progress.show(epoch, {"loss": 1 / epoch})
        progress.show(stop, {"loss": 1 / stop}, is_over=True)
    return stream.getvalue()


def redraws(text):
    """Whether there is something that only a terminal understands."""
    return bool(set("\r\b\x1b") & set(text))


@pytest.mark.parametrize("is_terminal", [True, False])
def test_silent_at_zero(capsys, is_terminal):
    assert printed(20, verbose=0, is_terminal=is_terminal) == ""
    assert capsys.readouterr() == ("", "")


def test_about_ten_quiet_lines_in_a_log(capsys):
    text = printed(100, verbose=1)
    lines = text.splitlines()
    assert len(lines) == 10
    assert lines[0] == "epoch 10/100 - loss: 0.1000"
    assert lines[-1] == "epoch 100/100 - loss: 0.0100"
    assert not redraws(text)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("every", [1, 3, 7, 40, 100])
def test_no_line_twice_however_many_epochs_a_call(every):
    lines = printed(100, verbose=1, every=every).splitlines()
    assert len(lines) == len(set(lines)) <= 11
    assert lines[-1].startswith("epoch 100/100 ")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_line_an_epoch_at_two(is_terminal):
    lines = printed(25, verbose=2, is_terminal=is_terminal).splitlines()
    assert [line.split()[1] for line in lines] == [f"{n}/25" for n in range(1, 26)]


def test_few_epochs_in_a_log():
    lines = printed(3, verbose=1).splitlines()
    assert [line.split()[1] for line in lines] == ["1/3", "2/3", "3/3"]


def test_the_last_line_says_where_it_ended():
    assert printed(100, verbose=1, stop=57).splitlines()[-1].startswith("epoch 57/100 ")


def test_every_loss_is_shown():
    with redirect_stdout(Stream(False)) as stream:
        Progress(1, 2).show(1, {"loss": 0.5, "val_loss": 0.25})
    assert stream.getvalue() == "epoch 1/1 - loss: 0.5000 - val_loss: 0.2500\n"


def test_a_bar_where_someone_watches():
    text = printed(20, verbose=1, is_terminal=True)
    assert "20/20" in text
    assert "loss: 0.05" in text
    assert redraws(text)
    assert text.count("\n") == 1  # one line, drawn over and over
    assert text.endswith("\n")


def test_a_bar_in_a_notebook(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    text = printed(20, verbose=1)
    assert "20/20" in text
    assert "epoch 2/20" not in text


def test_a_bar_that_ends_early():
    text = printed(20, verbose=1, stop=7, is_terminal=True)
    assert "7/20" in text
    assert text.endswith("\n")


def test_a_bar_shows_every_loss_as_it_is():
    """No running means: the last numbers are those of the history."""
    with redirect_stdout(Stream(True)) as stream:
        progress = Progress(2, 1)
        for epoch, loss in enumerate([3.0, 1.0], start=1):
            logs = {"loss": loss, "contrastive_loss": 10 * loss, "val_objective": loss}
            progress.show(epoch, logs)
        progress.show(2, logs, is_over=True)
    shown = re.findall(r"(\w+): (\d+\.\d+)", stream.getvalue())[-3:]
    assert [(name, float(value)) for name, value in shown] == list(logs.items())
