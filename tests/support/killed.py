"""Kill a fit at random moments; each goes on from the one before.

Reads an estimator and sequences from the folder that is named, and writes there what
was found. Fits are forked from this process, which only imports TensorFlow. So each
begins at once.
"""

import json
import os
import pickle
import random
import signal
import sys
import time
from pathlib import Path

from helpers import fitted_bits
from internals import checkpoints_at_every_call, epochs_in_checkpoint, xla
from keras.callbacks import BackupAndRestore

from sklearn_seqae._utils.claim import FILE


def begin(estimator, X, out, uses_xla):
    """Fit in another process, which writes to a file what it says; return its id."""
    out.write_text("")
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.dup2(os.open(out, os.O_WRONLY), 1)
        with xla(uses_xla):
            estimator.fit(X)
        out.with_suffix(".json").write_text(json.dumps(fitted_bits(estimator)))
        code = 0
    finally:
        os._exit(code)


def exit_code(child, options=0):
    """Return the exit code of a process that has ended, None if it runs."""
    found, status = os.waitpid(child, options)
    return os.waitstatus_to_exitcode(status) if found else None


def end(child, moment):
    """Kill a process at a moment, unless it ends before; return its exit code."""
    until = time.monotonic() + moment
    while time.monotonic() < until:
        code = exit_code(child, os.WNOHANG)
        if code is not None:
            return code
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    return exit_code(child)


def epochs_said(out):
    """Count the epochs that a fit has said were done."""
    lines = out.read_text().splitlines()
    return int(lines[-1].split()[1].partition("/")[0]) if lines else 0


def main(folder, n_kills, seconds, waits, uses_xla):
    """Kill a number of fits within so many seconds, of training only if it waits."""
    with xla(True):  # imports the Keras part, and runs nothing
        checkpoints_at_every_call(setattr)
    estimator, X = pickle.loads((folder / "given").read_bytes())
    backup, out, rng = folder / "backup", folder / "out", random.Random(0)
    path = backup / FILE
    estimator.set_params(verbose=2, callbacks=[BackupAndRestore(backup)])
    facts = {"kills": [], "bits": [], "files left": []}
    while not facts["bits"] or len(facts["kills"]) < n_kills:
        child = begin(estimator, X, out, uses_xla)
        if len(facts["kills"]) < n_kills:
            while waits and not epochs_said(out):
                time.sleep(0.01)
            moment = rng.uniform(0, seconds)
            code = end(child, moment)
        else:
            code = exit_code(child)
        if code == -signal.SIGKILL:
            kept = epochs_in_checkpoint(path) if path.exists() else None
            facts["kills"].append([moment, epochs_said(out), kept])
        else:
            assert code == 0
            facts["bits"].append(json.loads(out.with_suffix(".json").read_text()))
            facts["files left"] += [str(each) for each in folder.glob("backup*")]
    (folder / "facts").write_text(json.dumps(facts))


if __name__ == "__main__":
    n_kills, seconds, waits, uses_xla = map(json.loads, sys.argv[2:])
    main(Path(sys.argv[1]), n_kills, seconds, waits, uses_xla)
