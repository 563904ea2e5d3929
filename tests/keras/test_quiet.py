"""Importing TensorFlow leaves no trace; real errors are passed on.

What the real one does in a fresh process is tested in tests/test_promises.py.
"""

import os
import subprocess
import sys
import tempfile
import time

import pytest

from sklearn_seqae._keras import _quiet

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


TRACE = "=== Source Location Trace: ===\nexternal/xla/cuda_status.cc:50\n\n"


def test_a_trace_belongs_to_the_message_before(capfd):
    with _quiet._notes_kept_back():
        for message in (NOTES[3], NEWS[1], NOTES[0], NEWS[2]):
            os.write(2, f"{message}\n{TRACE}".encode())
    assert capfd.readouterr().err == f"{NEWS[1]}\n{TRACE}{NEWS[2]}\n{TRACE}"


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


def wait_for(capfd, text):
    """Read standard error until it is there; fail after a minute."""
    read, until = "", time.monotonic() + 60
    while text not in read and time.monotonic() < until:
        read += capfd.readouterr().err
        time.sleep(0.01)
    assert read == text


def test_others_are_heard_meanwhile(capfd):
    with _quiet._notes_kept_back():
        os.write(2, b"of another thread\n")
        wait_for(capfd, "of another thread\n")


def test_a_line_without_an_end_is_passed_on(capfd):
    with _quiet._notes_kept_back():
        os.write(2, b"50%")
    assert capfd.readouterr().err == "50%"


def test_a_process_that_is_started_meanwhile_keeps_its_standard_error(capfd):
    with _quiet._notes_kept_back():
        code = "import sys; sys.stdin.read(); sys.stderr.write('late\\n')"
        child = subprocess.Popen([sys.executable, "-Sc", code], stdin=subprocess.PIPE)
    child.communicate()
    assert child.returncode == 0
    wait_for(capfd, "late\n")


def test_no_temporary_folder_is_needed(monkeypatch, tmp_path, capfd):
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
        with _quiet._notes_kept_back():
            os.write(2, f"{NOTES[0]}\n".encode())
    assert capfd.readouterr().err == ""


def test_the_environment_is_as_before_but_for_what_others_set(monkeypatch):
    monkeypatch.setenv("TF2_BEHAVIOR", "before")
    monkeypatch.delenv("KMP_INIT_AT_FORK", raising=False)
    monkeypatch.setenv("SEQAE_OF_ANOTHER_THREAD", "before")
    monkeypatch.setenv("SEQAE_DELETED_BY_ANOTHER_THREAD", "before")
    before = dict(os.environ)
    with _quiet._environment_kept():
        os.environ["KMP_INIT_AT_FORK"] = "FALSE"
        os.environ["SEQAE_OF_ANOTHER_THREAD"] = "after"
        del os.environ["SEQAE_DELETED_BY_ANOTHER_THREAD"]
    del before["SEQAE_DELETED_BY_ANOTHER_THREAD"]
    assert dict(os.environ) == before | {"SEQAE_OF_ANOTHER_THREAD": "after"}


# What is imported ---------------------------------------------------------------------

TENSORFLOW = """
import os
import types

level = os.environ.get("TF_CPP_MIN_LOG_LEVEL")
os.environ["TF2_BEHAVIOR"] = "1"
os.write(2, b"I0000 a note\\nW0000 a warning\\n")
config = types.SimpleNamespace(
    list_physical_devices=lambda: os.write(2, b"I0000 there is no GPU\\n")
)
"""


@pytest.fixture
def import_quietly(monkeypatch, tmp_path):
    """Import a TensorFlow that notes the level and says something; return the level."""
    (tmp_path / "tensorflow.py").write_text(TENSORFLOW)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "tensorflow")
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)

    def run():
        before = dict(os.environ)
        _quiet.import_tensorflow_quietly()
        assert dict(os.environ) == before
        return getattr(sys.modules.get("tensorflow"), "level", "not imported")

    return run


def test_it_is_told_to_be_quiet_and_leaves_no_trace(import_quietly, capfd):
    assert import_quietly() == "2"
    assert capfd.readouterr().err == "W0000 a warning\n"


@pytest.mark.parametrize("level", ["0", "3"])
def test_someone_who_has_set_a_level_gets_what_tensorflow_says(
    import_quietly, monkeypatch, capfd, level
):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", level)
    monkeypatch.setenv("TF2_BEHAVIOR", "1")
    assert import_quietly() == level
    assert capfd.readouterr().err == "I0000 a note\nW0000 a warning\n"


def test_what_is_imported_already_is_left_alone(import_quietly, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", object())
    assert import_quietly() == "not imported"
