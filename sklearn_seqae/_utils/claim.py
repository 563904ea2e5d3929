"""The file of a fit that may be killed: where it is, and one fit at a time may use it.

Keras's callback `BackupAndRestore` asks for it. The callback itself would save half a
fit: neither the learning rate, nor the batches to come.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sklearn_seqae._utils import comes_from

try:
    import fcntl
except ImportError:  # on Windows, nothing keeps two fits apart
    fcntl = None  # type: ignore[assignment]


FILE = "fit.checkpoint"  # no name that Keras uses


def is_backup(callback: Any) -> bool:
    """Whether a callback is Keras's `BackupAndRestore`, told without Keras."""
    return comes_from(callback, "keras", "BackupAndRestore")


@contextmanager
def claimed(callbacks: Any) -> Iterator[Path | None]:
    """Keep other fits from the file of a fit meanwhile, and remove it if all is well.

    Yields where it is, None without `BackupAndRestore` among the callbacks. A file of
    the same name and ``.lock`` is there meanwhile. The system frees it when the process
    ends, however that is. Raise an OSError if another fit has it, in any process.
    """
    found = [callback for callback in _each(callbacks) if is_backup(callback)]
    if not found:
        yield None
        return
    file = _folder(found) / FILE
    lock = file.with_name(f"{file.name}.lock")
    try:
        _check_regular(file)
        _check_regular(lock)
        held = _locked(lock)
    except BlockingIOError as error:
        raise OSError(
            errno.EBUSY,
            "another fit is using the backup_dir of BackupAndRestore now; give each "
            "fit a folder of its own, or wait until that one has ended",
            str(file),
        ) from error
    except OSError as error:
        raise failure(file, "used", error) from error
    try:
        yield file
        if found[0].delete_checkpoint:
            file.unlink(missing_ok=True)
    finally:
        with suppress(OSError):
            if not os.fstat(held).st_size:  # else it is somebody's
                lock.unlink()
            file.parent.rmdir()  # if nothing else is there
        os.close(held)


def failure(path: Path, done: str, error: OSError) -> OSError:
    """Return an error of the same class that says what to do."""
    return OSError(
        error.errno,
        f"the checkpoint of BackupAndRestore can't be {done} ({error.strerror}); set "
        "its backup_dir to a folder that can be written to and has room, or leave it "
        "out of callbacks",
        str(path),
    )


def _each(callbacks: Any) -> Iterator[Any]:
    """Yield callbacks, however they are nested."""
    if isinstance(callbacks, Mapping):
        callbacks = list(callbacks.values())
    if not isinstance(callbacks, list | tuple):
        yield callbacks
        return
    for callback in callbacks:
        yield from _each(callback)


def _folder(found: list[Any]) -> Path:
    """Return the folder of the one `BackupAndRestore`; raise if it asks for more."""
    folder, save_freq = os.fspath(found[0].backup_dir), found[0].save_freq
    double = getattr(found[0], "double_checkpoint", False)  # not in all of Keras
    if len(found) > 1 or save_freq != "epoch" or double or "://" in folder:
        raise ValueError(
            f"callbacks has {len(found)} BackupAndRestore, with "
            f"backup_dir={folder!r}, save_freq={save_freq!r} and "
            f"double_checkpoint={double!r}; expected one, with a folder of this "
            "machine, save_freq='epoch' and double_checkpoint=False: a checkpoint is "
            "of the end of an epoch, and never half written."
        )
    return Path(folder)


def _check_regular(file: Path) -> None:
    """Check that it is an ordinary file or none: a device may never end."""
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "It is no ordinary file, but a device or a pipe")


def _locked(lock: Path) -> int:
    """Return the descriptor of a file that nobody else has locked; make its folder."""
    while True:
        try:
            lock.parent.mkdir(parents=True, exist_ok=True)
            held = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:
            if lock.parent.is_dir():  # the file is a link to nowhere
                raise
            continue  # the fit before removed the folder meanwhile
        try:
            if fcntl is not None:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found = lock.stat()
        except FileNotFoundError:
            pass
        except BlockingIOError:
            os.close(held)
            raise
        except OSError:  # some network drives have no locks
            return held
        else:
            if os.path.samestat(found, os.fstat(held)):
                return held
        os.close(held)  # the fit before removed it meanwhile
