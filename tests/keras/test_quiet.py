"""Importing and using TensorFlow leaves no trace; real errors are passed on."""

import os
import subprocess
import sys

import pytest

from sklearn_seqae._keras import _quiet


def test_nothing_is_written_by_import_and_fit(fresh_process):
    assert fresh_process["stderr"] == ""


def test_import_leaves_the_environment(fresh_process):
    assert fresh_process["environment_kept_by_import"]


def test_fit_leaves_environment_and_random_states(fresh_process):
    assert fresh_process["global_state_kept_by_fit"]
    assert fresh_process["tensorflow_draw_kept_by_fit"]


NOTES = [
    "I0000 00:00:1795530883.942216   21042 cudart_stub.cc:31] Could not find cuda",
    "WARNING: All log messages before absl::InitializeLog() is called are written",
    "To enable the following instructions: AVX2 FMA, in other operations, rebuild",
    "E0000 00:00:1 2 cuda_platform.cc:51] failed call to cuInit: INTERNAL: no driver",
]
NEWS = [
    "W0000 00:00:1 2 gpu_device.cc:2344] Cannot dlopen some GPU libraries.",
    "E0000 00:00:1 2 something.cc:51] this is broken",
    "F0000 00:00:1 2 something.cc:51] this is the end",
    "ImportError: no such thing",
    "Information without a number",
]


@pytest.mark.parametrize("line", NOTES)
def test_notes_are_kept_back(capfd, line):
    with _quiet._notes_kept_back():
        os.write(2, line.encode() + b"\n")
    assert capfd.readouterr().err == ""


def test_everything_else_is_passed_on_in_its_order(capfd):
    with _quiet._notes_kept_back():
        for note, news in zip([*NOTES, NOTES[0]], NEWS, strict=True):
            os.write(2, f"{note}\n{news}\n".encode())
    assert capfd.readouterr().err.splitlines() == NEWS


def test_what_was_written_before_an_error_is_passed_on(capfd):
    with pytest.raises(ImportError), _quiet._notes_kept_back():
        os.write(2, b"E0000 broken\n")
        raise ImportError
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "E0000 broken\nafter\n"


def test_a_process_without_standard_error(monkeypatch):
    def no_descriptor(_):
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr(_quiet.os, "dup", no_descriptor)
    done = False
    with _quiet._notes_kept_back():
        done = True
    assert done


def test_the_environment_comes_back(monkeypatch):
    monkeypatch.setenv("SEQAE_CHANGED", "before")
    monkeypatch.setenv("SEQAE_DELETED", "before")
    monkeypatch.delenv("SEQAE_NEW", raising=False)
    before = dict(os.environ)
    with _quiet._environment_kept():
        os.environ["SEQAE_CHANGED"] = "after"
        os.environ["SEQAE_NEW"] = "after"
        del os.environ["SEQAE_DELETED"]
    assert dict(os.environ) == before


def test_someone_who_asks_for_everything_gets_it(monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    monkeypatch.delitem(sys.modules, "tensorflow")
    _quiet.import_tensorflow_quietly()
    assert "tensorflow" not in sys.modules


def test_a_level_that_someone_set_stands_and_is_completed():
    code = "import os, sklearn_seqae._keras; print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert (result.stdout, result.stderr) == ("3\n", "")
