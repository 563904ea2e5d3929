"""The file of a fit: one fit at a time may use it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # on Windows, nothing keeps two fits apart
    fcntl = None  # type: ignore[assignment]


@contextmanager
def claimed(path: str | os.PathLike[str] | None) -> Iterator[None]:
    """Keep other fits from a file meanwhile, and remove it if the block ends well.

    A file of the same name and ``.lock`` is there meanwhile. The system frees it when
    the process ends, however that is.

    Parameters
    ----------
    path : str, path or None
        `checkpoint_path`. None does nothing.

    Raises
    ------
    OSError
        If another fit has it, in any process, or it can't be a file of a fit.
    """
    if path is None:
        yield
        return
    file = Path(path)
    try:
        _check_regular(file)
        lock = file.with_name(f"{file.name}.lock")
        _check_regular(lock)
        held = _locked(lock)
    except BlockingIOError as error:
        raise OSError(
            errno.EBUSY,
            "another fit is using the file at checkpoint_path now; give each fit a "
            "path of its own, or wait until that one has ended",
            str(file),
        ) from error
    except OSError as error:
        raise failure(file, "used", error) from error
    try:
        yield
        file.unlink(missing_ok=True)
    finally:
        if not os.fstat(held).st_size:  # else it is somebody's
            with suppress(OSError):
                lock.unlink()
        os.close(held)


def failure(path: Path, done: str, error: OSError) -> OSError:
    """Return an error of the same class that says what to do."""
    return OSError(
        error.errno,
        f"the file at checkpoint_path can't be {done} ({error.strerror}); set "
        "checkpoint_path to a file in a folder that exists, can be written to and has "
        "room, or to None",
        str(path),
    )


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
    """Return the descriptor of a file that nobody else has locked."""
    while True:
        held = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
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
