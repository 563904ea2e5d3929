"""Fits that are killed go on, and end at the bits of a fit that was not."""

import json
import os
import pickle
import resource
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from helpers import fitted_bits, run_python
from internals import (
    Ended,
    checkpoints_at_every_call,
    ended_at_checkpoint,
    epochs_in_checkpoint,
)
from sklearn.base import clone

from sklearn_seqae import LSTMAutoencoderTransformer

EVERYTHING = {
    "n_components": 8,
    "pooling": ("last", "attention"),
    "differences": True,
    "decoder": "unfold",
    "noise": 0.1,
    "mask_ratio": 0.3,
    "dropout": 0.2,
    "kl_weight": 1e-3,
    "sparsity_weight": 1e-3,
    "contrastive_weight": 0.3,
    "forecast_horizon": 2,
    "early_stopping": True,
    "validation_fraction": 0.3,
    "n_iter_no_change": 3,
    "epochs": 4,
}
MANY_EPOCHS = {"epochs": 12, "noise": 0.1, "mask_ratio": 0.3}


@pytest.fixture(autouse=True)
def many_checkpoints(monkeypatch):
    checkpoints_at_every_call(monkeypatch.setattr)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "checkpoint"


@pytest.fixture
def killed(plain_autoencoder, sequences, path):
    """An estimator whose fit was killed at the second checkpoint."""
    autoencoder = plain_autoencoder(epochs=20, checkpoint_path=path)
    fit_until(autoencoder, sequences, 2)
    return autoencoder


def fit_until(autoencoder, X, n, **given):
    with pytest.raises(Ended), ended_at_checkpoint(n):
        autoencoder.fit(X, **given)


# -- the same bits ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters", [pytest.param(EVERYTHING, marks=pytest.mark.slow), MANY_EPOCHS]
)
def test_ended_at_any_checkpoint_a_fit_goes_on_to_the_same_bits(
    plain_autoencoder, sequences, path, parameters
):
    expected = fitted_bits(plain_autoencoder(**parameters).fit(sequences))
    autoencoder, n = plain_autoencoder(checkpoint_path=path, **parameters), 0
    while True:
        n += 1
        try:
            with ended_at_checkpoint(n):
                assert fitted_bits(clone(autoencoder).fit(sequences)) == expected
            break
        except Ended:
            assert path.exists()
        assert fitted_bits(clone(autoencoder).fit(sequences)) == expected
        assert not path.exists()
    assert n > 3


@pytest.mark.slow
def test_ended_again_and_again(plain_autoencoder, sequences, path):
    expected = fitted_bits(plain_autoencoder(**EVERYTHING).fit(sequences))
    autoencoder = plain_autoencoder(checkpoint_path=path, **EVERYTHING)
    for _ in range(3):  # the first is where it goes on from, so each does an epoch
        fit_until(clone(autoencoder), sequences, 2)
    assert fitted_bits(autoencoder.fit(sequences)) == expected


def test_callbacks_see_the_epochs_that_are_left(plain_autoencoder, sequences, path):
    from keras.callbacks import LambdaCallback

    seen = []
    callback = LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(epoch))
    parameters = {"epochs": 5, "checkpoint_path": path, "callbacks": [callback]}
    fit_until(plain_autoencoder(**parameters), sequences, 4)
    assert seen == [0, 1, 2]
    autoencoder = plain_autoencoder(**parameters).fit(sequences)
    assert seen == [0, 1, 2, 3, 4]
    assert autoencoder.n_iter_ == len(autoencoder.history_["loss"]) == 5


@pytest.mark.slow
def test_a_seed_that_was_drawn_is_kept(plain_autoencoder, sequences, path, tmp_path):
    parameters = {**EVERYTHING, "random_state": None}
    autoencoder = plain_autoencoder(checkpoint_path=path, **parameters)
    fit_until(autoencoder, sequences, 1)
    begun = shutil.copy(path, tmp_path / "begun")
    fit_until(autoencoder, sequences, 3)
    whole = plain_autoencoder(checkpoint_path=begun, **parameters).fit(sequences)
    assert fitted_bits(autoencoder.fit(sequences)) == fitted_bits(whole)


def test_a_generator_is_left_as_by_a_whole_fit(plain_autoencoder, sequences, path):
    whole, generator = (np.random.RandomState(3) for _ in range(2))
    plain_autoencoder(epochs=20, random_state=whole).fit(sequences)
    autoencoder = plain_autoencoder(
        epochs=20, random_state=generator, checkpoint_path=path
    )
    fit_until(autoencoder, sequences, 2)
    autoencoder.fit(sequences)
    assert generator.randint(1000) == whole.randint(1000)


def test_a_warm_start_goes_on(plain_autoencoder, sequences, path):
    first = plain_autoencoder(warm_start=True, epochs=20).fit(sequences)
    expected = fitted_bits(pickle.loads(pickle.dumps(first)).fit(sequences))
    autoencoder = pickle.loads(pickle.dumps(first)).set_params(checkpoint_path=path)
    fit_until(autoencoder, sequences, 2)
    assert fitted_bits(autoencoder.fit(sequences)) == expected


def test_ctrl_c_keeps_the_file(plain_autoencoder, sequences, path):
    from keras.callbacks import Callback

    class Interrupt(Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    autoencoder = plain_autoencoder(
        epochs=5, checkpoint_path=path, callbacks=[Interrupt()]
    )
    with pytest.raises(KeyboardInterrupt):
        autoencoder.fit(sequences)
    assert autoencoder.n_iter_ == 3
    autoencoder.set_params(callbacks=None).fit(sequences)
    expected = plain_autoencoder(epochs=5).fit(sequences)
    found, known = fitted_bits(autoencoder), fitted_bits(expected)
    assert found["_fitted"] == known["_fitted"]


def test_partial_fit_has_nothing_to_do_with_it(killed, sequences, path):
    before = path.read_bytes()
    killed.partial_fit(sequences)
    assert path.read_bytes() == before


def test_a_fit_that_diverges_leaves_no_file(plain_autoencoder, sequences, path):
    autoencoder = plain_autoencoder(
        learning_rate=1e30, activation="relu", checkpoint_path=path
    )
    with pytest.raises(FloatingPointError):
        autoencoder.fit(sequences)
    assert not path.exists()


# -- other fits, other files -----------------------------------------------------------


OTHERS = {
    "sequences": ({"X": slice(1, None)}, "else: sequences, sample_weight. To go on"),
    "weights": (
        {"sample_weight": [2] + 23 * [1]},
        r"else: (sequences, )?sample_weight\.",
    ),
    "rate": ({"learning_rate": 0.5}, r"learning_rate \(now 0\.5, then 0\.001\)"),
    "seed": ({"random_state": 1}, r"random_state \(now 1, then 0\)"),
    "generator": ({"random_state": np.random.RandomState(0)}, "else: random_state"),
    "units": ({"hidden_layer_sizes": [9]}, r"now \(9,\), then \(8,\)"),
    "optimizer": ({"optimizer": "sgd"}, r"optimizer \(now 'sgd', then 'adam'\)"),
    "held out": ({"early_stopping": True}, "validation_set"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_fit_is_refused(killed, sequences, path, other):
    given, message = OTHERS[other]
    given, before = dict(given), path.read_bytes()
    X = sequences[given.pop("X", slice(None))]
    weight = given.pop("sample_weight", None)
    with pytest.raises(ValueError, match=message) as error:
        killed.set_params(**given).fit(X, sample_weight=weight)
    assert "delete it, or set another path" in str(error.value)
    assert path.read_bytes() == before


def test_another_start_is_refused(killed, plain_autoencoder, sequences, path):
    other = plain_autoencoder(epochs=20, warm_start=True).fit(sequences)
    with pytest.raises(ValueError, match="something else: the fit before"):
        other.set_params(checkpoint_path=path).fit(sequences)


def test_what_decides_nothing_may_change(killed, sequences, capsys):
    killed.set_params(verbose=1, hidden_layer_sizes=(8,), callbacks=[])
    assert killed.fit(sequences).n_iter_ == 20
    assert "epoch 20/20" in capsys.readouterr().out


def test_optimizers_and_schedules_of_keras_are_told_apart(
    plain_autoencoder, sequences, path
):
    from keras.optimizers import Adam
    from keras.optimizers.schedules import CosineDecay

    def fit(decay_steps):
        optimizer = Adam(CosineDecay(1e-3, decay_steps))
        return plain_autoencoder(
            epochs=4, optimizer=optimizer, checkpoint_path=path
        ).fit(sequences)

    with pytest.raises(Ended), ended_at_checkpoint(2):
        fit(100)
    with pytest.raises(ValueError, match="else: optimizer"):
        fit(200)
    fit(100)


@pytest.mark.parametrize("share", np.linspace(0.001, 0.999, 9))
def test_a_damaged_file_is_refused(killed, sequences, path, share):
    data = bytearray(path.read_bytes())
    data[int(share * len(data))] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"damaged; delete it|no checkpoint .* delete"):
        killed.fit(sequences)
    assert not hasattr(killed, "n_iter_")
    assert path.read_bytes() == data


@pytest.mark.parametrize("n", [0, 10, 40, 500, -1])
def test_a_truncated_file_is_refused(killed, sequences, path, n):
    path.write_bytes(path.read_bytes()[:n])
    with pytest.raises(ValueError, match=r"damaged|no checkpoint"):
        killed.fit(sequences)


def test_a_file_of_something_else_is_never_overwritten(
    plain_autoencoder, sequences, path
):
    path.write_text("my notes")
    with pytest.raises(ValueError, match="is no checkpoint that this release can read"):
        plain_autoencoder(checkpoint_path=path).fit(sequences)
    assert path.read_text() == "my notes"


def test_callbacks_that_remember_are_refused(plain_autoencoder, sequences, path):
    from keras.callbacks import EarlyStopping

    autoencoder = plain_autoencoder(
        checkpoint_path=path, callbacks=[EarlyStopping("loss")]
    )
    with pytest.raises(ValueError, match=r"an? EarlyStopping, .*checkpoint_path=None"):
        autoencoder.fit(sequences)
    assert not path.exists()


# -- the disk --------------------------------------------------------------------------


@pytest.fixture
def refitted(fitted_plain):
    """A fitted one that may be fitted again."""
    return pickle.loads(pickle.dumps(fitted_plain))


PLACES = {
    "no folder": (lambda folder: folder / "none" / "c", FileNotFoundError),
    "a folder": (lambda folder: folder, IsADirectoryError),
    "no name": (lambda folder: "", IsADirectoryError),
    "the root": (lambda folder: "/", IsADirectoryError),
    "below a file": (lambda folder: folder / "file" / "c", NotADirectoryError),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_cannot_be_written_ends_the_fit_before_it_begins(
    refitted, sequences, tmp_path, place
):
    (tmp_path / "file").write_text("")
    where, error = PLACES[place]
    before = fitted_bits(refitted)
    refitted.set_params(checkpoint_path=where(tmp_path), verbose=1, epochs=50)
    with pytest.raises(error, match="set checkpoint_path to a file in a folder that"):
        refitted.fit(sequences)
    refitted.set_params(verbose=0, epochs=2)
    assert fitted_bits(refitted) == before


@pytest.mark.parametrize("device", ["/dev/full", "/dev/zero", "/dev/null", "a pipe"])
@pytest.mark.parametrize("suffix", ["", ".lock"])
def test_what_is_no_ordinary_file_is_refused_at_once(
    refitted, sequences, tmp_path, device, suffix
):
    """Reading some of them never ends, or takes all memory."""
    found = tmp_path / f"checkpoint{suffix}"
    if device == "a pipe":
        os.mkfifo(found)
    else:
        found.symlink_to(device)
    before = fitted_bits(refitted)
    refitted.set_params(checkpoint_path=tmp_path / "checkpoint")
    with pytest.raises(
        OSError, match=r"no ordinary file, .*; set checkpoint_path to a"
    ):
        refitted.fit(sequences)
    assert fitted_bits(refitted) == before
    assert [each.name for each in tmp_path.iterdir()] == [found.name]


def test_a_disk_that_gets_full_during_a_fit(plain_autoencoder, sequences, path):
    from keras.callbacks import LambdaCallback

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(epoch, logs):
        if epoch == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))

    autoencoder = plain_autoencoder(
        epochs=5, checkpoint_path=path, callbacks=[LambdaCallback(on_epoch_begin=fill)]
    )
    try:
        with pytest.raises(OSError, match=r"can't be written \(File too large\); set"):
            autoencoder.fit(sequences)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert epochs_in_checkpoint(path) == 2
    found = fitted_bits(autoencoder.set_params(callbacks=None).fit(sequences))
    assert found == fitted_bits(plain_autoencoder(epochs=5).fit(sequences))


# -- several fits ----------------------------------------------------------------------


def fit_beside(autoencoder, sequences, act):
    """Fit, and call a function at the begin of an epoch; return what it returns."""
    from keras.callbacks import LambdaCallback

    said = []
    callback = LambdaCallback(
        on_epoch_begin=lambda epoch, logs: said.append(act()) if epoch == 1 else None
    )
    autoencoder.set_params(callbacks=[callback]).fit(sequences)
    return said[0]


@pytest.mark.parametrize("other", [{}, {"epochs": 3}, {"learning_rate": 0.1}], ids=str)
def test_two_fits_at_a_time_can_not_have_one_path(
    plain_autoencoder, sequences, path, other
):
    first = plain_autoencoder(epochs=4, checkpoint_path=path)
    second = clone(first).set_params(**other)

    def try_second():
        before = path.read_bytes()
        for fit in (second.fit, second.fit_transform):
            with pytest.raises(OSError, match="another fit is using the file") as error:
                fit(sequences)
        assert "a path of its own, or wait" in str(error.value)
        assert error.value.filename == str(path)
        return path.read_bytes() == before

    assert fit_beside(first, sequences, try_second)
    expected = plain_autoencoder(epochs=4).fit(sequences)
    assert fitted_bits(first.set_params(callbacks=None)) == fitted_bits(expected)
    assert not list(path.parent.iterdir())
    second.fit(sequences)  # it is free again


def test_another_process_can_not_have_it_either(plain_autoencoder, sequences, path):
    code = """
import sys
from sklearn_seqae._utils.claim import claimed
try:
    with claimed(sys.argv[1]):
        print("free")
except OSError as error:
    print(error)
"""
    autoencoder = plain_autoencoder(epochs=2, checkpoint_path=path)
    said, _ = fit_beside(autoencoder, sequences, lambda: run_python(code, path))
    assert "another fit is using the file at checkpoint_path" in said
    said, _ = run_python(code, path)
    assert said == "free\n"


def test_what_a_killed_fit_left_beside_is_no_hindrance(
    plain_autoencoder, sequences, path
):
    for suffix in (".lock", ".partial"):
        path.with_name(path.name + suffix).touch()
    plain_autoencoder(checkpoint_path=path).fit(sequences)
    assert not list(path.parent.iterdir())


def test_a_lock_of_somebody_else_stays(plain_autoencoder, sequences, path):
    theirs = path.with_name(f"{path.name}.lock")
    theirs.write_text("theirs")
    plain_autoencoder(checkpoint_path=path).fit(sequences)
    assert theirs.read_text() == "theirs"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(refitted, sequences, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match="set checkpoint_path to a file"):
        refitted.set_params(checkpoint_path=tmp_path / "c").fit(sequences)


def test_a_full_disk_keeps_what_was_fitted_and_the_last_checkpoint(
    killed, plain_autoencoder, refitted, sequences, path
):
    """By the system's limit on the size of files."""
    before, kept = fitted_bits(refitted), path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    refitted.set_params(epochs=20, checkpoint_path=path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(kept) // 2, limits[1]))
    try:
        with pytest.raises(OSError, match=r"can't be written \(File too large\)"):
            refitted.fit(sequences)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == kept
    expected = plain_autoencoder(epochs=20).fit(sequences)
    assert fitted_bits(refitted.set_params(epochs=2)) == before
    assert fitted_bits(killed.fit(sequences)) == fitted_bits(expected)


def test_a_path_is_saved_as_text(plain_autoencoder, tmp_path):
    autoencoder = plain_autoencoder(checkpoint_path=tmp_path)
    assert clone(autoencoder).checkpoint_path == tmp_path
    saved = pickle.loads(pickle.dumps(autoencoder))
    assert saved.checkpoint_path == str(tmp_path)


# -- by real signals -------------------------------------------------------------------


def check_kills(estimator, X, folder, n_kills, seconds, waits, xla):
    """Check what `killed.py` finds against a fit in this process; return it."""
    (folder / "given").write_bytes(pickle.dumps((estimator, X)))
    script = Path(__file__).parents[1] / "support" / "killed.py"
    asked = [json.dumps(each) for each in (n_kills, seconds, waits, xla)]
    run_python(script, folder, *asked)
    facts = json.loads((folder / "facts").read_text())
    assert len(facts["kills"]) == n_kills
    assert facts["files left"] == []
    expected = fitted_bits(clone(estimator).set_params(verbose=2).fit(X))
    assert all(found == expected for found in facts.pop("bits"))
    for _, said, kept in facts["kills"]:
        assert (kept or 0) >= said
    return facts


@pytest.mark.trust
def test_killed_at_random_moments(plain_autoencoder, sequences, tmp_path):
    autoencoder = plain_autoencoder(**MANY_EPOCHS).set_params(epochs=150)
    check_kills(autoencoder, sequences, tmp_path, 3, 0.4, waits=True, xla=False)


@pytest.mark.trust
@pytest.mark.xla
def test_killed_at_twenty_random_moments(few_sequences, tmp_path):
    """Of the true defaults; in tracing and compiling, too."""
    autoencoder = LSTMAutoencoderTransformer(random_state=0)
    began = time.monotonic()
    autoencoder.fit(few_sequences)
    seconds = time.monotonic() - began
    facts = check_kills(
        autoencoder, few_sequences, tmp_path, 20, seconds, waits=False, xla=True
    )
    print(json.dumps(facts))
