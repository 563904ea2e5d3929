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
from keras.callbacks import BackupAndRestore, Callback, EarlyStopping, LambdaCallback
from sklearn.base import clone

from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae._utils.claim import FILE

EVERYTHING = {
    "n_components": 8,
    "pooling": ("last", "attention"),
    "encoder_inputs": ["differences"],
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
def backup(tmp_path):
    return BackupAndRestore(tmp_path / "backup")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "backup" / FILE


@pytest.fixture
def killed(plain_autoencoder, sequences, backup):
    """An estimator whose fit was killed at the second checkpoint."""
    autoencoder = plain_autoencoder(epochs=20, callbacks=[backup])
    fit_until(autoencoder, sequences, 2)
    return autoencoder


def fit_until(autoencoder, X, n, **given):
    with pytest.raises(Ended), ended_at_checkpoint(n):
        autoencoder.fit(X, **given)


# -- the same bits -------------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters", [pytest.param(EVERYTHING, marks=pytest.mark.slow), MANY_EPOCHS]
)
def test_ended_at_any_checkpoint_a_fit_goes_on_to_the_same_bits(
    plain_autoencoder, sequences, backup, path, parameters
):
    expected = fitted_bits(plain_autoencoder(**parameters).fit(sequences))
    autoencoder, n = plain_autoencoder(callbacks=[backup], **parameters), 0
    while True:
        n += 1
        try:
            with ended_at_checkpoint(n):
                assert fitted_bits(clone(autoencoder).fit(sequences)) == expected
            break
        except Ended:
            assert path.exists()
        assert fitted_bits(clone(autoencoder).fit(sequences)) == expected
        assert not path.parent.exists()
    assert n > 3


@pytest.mark.slow
def test_ended_again_and_again(plain_autoencoder, sequences, backup):
    expected = fitted_bits(plain_autoencoder(**EVERYTHING).fit(sequences))
    autoencoder = plain_autoencoder(callbacks=backup, **EVERYTHING)
    for _ in range(3):  # the first is where it goes on from, so each does an epoch
        fit_until(clone(autoencoder), sequences, 2)
    assert fitted_bits(autoencoder.fit(sequences)) == expected


def test_callbacks_see_the_epochs_that_are_left(plain_autoencoder, sequences, backup):
    seen = []
    callback = LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(epoch))
    parameters = {"epochs": 5, "callbacks": {"see": callback, "back up": backup}}
    fit_until(plain_autoencoder(**parameters), sequences, 4)
    assert seen == [0, 1, 2]
    autoencoder = plain_autoencoder(**parameters).fit(sequences)
    assert seen == [0, 1, 2, 3, 4]
    assert autoencoder.n_iter_ == len(autoencoder.history_["loss"]) == 5


@pytest.mark.slow
def test_a_seed_that_was_drawn_is_kept(plain_autoencoder, sequences, backup, tmp_path):
    parameters = {**EVERYTHING, "random_state": None}
    autoencoder = plain_autoencoder(callbacks=[backup], **parameters)
    fit_until(autoencoder, sequences, 1)
    begun = BackupAndRestore(shutil.copytree(backup.backup_dir, tmp_path / "begun"))
    fit_until(autoencoder, sequences, 3)
    whole = plain_autoencoder(callbacks=[begun], **parameters).fit(sequences)
    assert fitted_bits(autoencoder.fit(sequences)) == fitted_bits(whole)


def test_a_generator_is_left_as_by_a_whole_fit(plain_autoencoder, sequences, backup):
    whole, generator = (np.random.RandomState(3) for _ in range(2))
    plain_autoencoder(epochs=20, random_state=whole).fit(sequences)
    autoencoder = plain_autoencoder(
        epochs=20, random_state=generator, callbacks=[backup]
    )
    fit_until(autoencoder, sequences, 2)
    autoencoder.fit(sequences)
    assert generator.randint(1000) == whole.randint(1000)


def test_a_warm_start_goes_on(plain_autoencoder, sequences, backup):
    first = plain_autoencoder(warm_start=True, epochs=20).fit(sequences)
    expected = fitted_bits(pickle.loads(pickle.dumps(first)).fit(sequences))
    autoencoder = pickle.loads(pickle.dumps(first)).set_params(callbacks=[backup])
    fit_until(autoencoder, sequences, 2)
    assert fitted_bits(autoencoder.fit(sequences)) == expected


def test_ctrl_c_keeps_the_file(plain_autoencoder, sequences, backup, path):
    class Interrupt(Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    autoencoder = plain_autoencoder(epochs=5, callbacks=[Interrupt(), backup])
    with pytest.raises(KeyboardInterrupt):
        autoencoder.fit(sequences)
    assert autoencoder.n_iter_ == 3
    assert path.exists()
    autoencoder.set_params(callbacks=[backup]).fit(sequences)
    expected = plain_autoencoder(epochs=5).fit(sequences)
    assert fitted_bits(autoencoder) == fitted_bits(expected)


def test_partial_fit_has_nothing_to_do_with_it(killed, sequences, path):
    before = path.read_bytes()
    killed.partial_fit(sequences)
    assert path.read_bytes() == before


def test_a_fit_that_diverges_leaves_no_file(plain_autoencoder, sequences, backup, path):
    autoencoder = plain_autoencoder(
        learning_rate=1e30, activation="relu", callbacks=[backup]
    )
    with pytest.raises(FloatingPointError):
        autoencoder.fit(sequences)
    assert not path.parent.exists()


def test_the_file_is_kept_where_the_callback_asks_for_it(
    plain_autoencoder, sequences, path
):
    kept = BackupAndRestore(path.parent, delete_checkpoint=False)
    autoencoder = plain_autoencoder(epochs=20, callbacks=[kept])
    expected = fitted_bits(autoencoder.fit(sequences))
    assert epochs_in_checkpoint(path) > 1
    assert [each.name for each in path.parent.iterdir()] == [FILE]
    assert fitted_bits(clone(autoencoder).fit(sequences)) == expected


def test_files_of_keras_in_the_folder_stay(plain_autoencoder, sequences, backup, path):
    path.parent.mkdir()
    theirs = path.with_name("latest.weights.h5")
    theirs.write_text("of a model")
    plain_autoencoder(callbacks=[backup]).fit(sequences)
    assert [*path.parent.iterdir()] == [theirs]


class Own(BackupAndRestore):
    """A class of a user's, whose methods are never called."""

    def on_train_begin(self, logs=None):
        raise AssertionError


def test_a_callback_that_is_derived_from_it_is_known(
    plain_autoencoder, sequences, path
):
    autoencoder = plain_autoencoder(epochs=20, callbacks=[Own(path.parent)])
    fit_until(autoencoder, sequences, 2)
    assert epochs_in_checkpoint(path) > 1
    expected = fitted_bits(plain_autoencoder(epochs=20).fit(sequences))
    assert fitted_bits(autoencoder.fit(sequences)) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"save_freq": 100}, "save_freq=100 .*expected one, .*save_freq='epoch'"),
        ({"double_checkpoint": True}, "double_checkpoint=True; expected"),
        ({"backup_dir": "gs://bucket/run"}, "gs://bucket/run'.* a folder of this mach"),
    ],
    ids=str,
)
def test_what_a_checkpoint_can_not_be_is_refused(
    plain_autoencoder, sequences, tmp_path, given, message
):
    backup = BackupAndRestore(**({"backup_dir": str(tmp_path / "backup")} | given))
    with pytest.raises(ValueError, match=message):
        plain_autoencoder(callbacks=[backup]).fit(sequences)
    assert not list(tmp_path.iterdir())


def test_one_fit_has_one_file(plain_autoencoder, sequences, backup):
    with pytest.raises(ValueError, match="callbacks has 2 BackupAndRestore"):
        plain_autoencoder(callbacks=[backup, [backup]]).fit(sequences)


# -- other fits, other files ---------------------------------------------------------


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
    assert "delete it, or set another backup_dir" in str(error.value)
    assert path.read_bytes() == before


def test_another_start_is_refused(killed, plain_autoencoder, sequences, backup):
    other = plain_autoencoder(epochs=20, warm_start=True).fit(sequences)
    with pytest.raises(ValueError, match="something else: the fit before"):
        other.set_params(callbacks=[backup]).fit(sequences)


def test_what_decides_nothing_may_change(killed, sequences, backup, capsys):
    others = [Callback(), backup]
    killed.set_params(verbose=1, hidden_layer_sizes=(8,), callbacks=others)
    assert killed.fit(sequences).n_iter_ == 20
    assert "epoch 20/20" in capsys.readouterr().out


def test_optimizers_and_schedules_of_keras_are_told_apart(
    plain_autoencoder, sequences, backup
):
    from keras.optimizers import Adam
    from keras.optimizers.schedules import CosineDecay

    def fit(decay_steps):
        optimizer = Adam(CosineDecay(1e-3, decay_steps))
        return plain_autoencoder(epochs=4, optimizer=optimizer, callbacks=[backup]).fit(
            sequences
        )

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
    plain_autoencoder, sequences, backup, path
):
    path.parent.mkdir()
    path.write_text("my notes")
    with pytest.raises(ValueError, match="is no checkpoint that this release can read"):
        plain_autoencoder(callbacks=[backup]).fit(sequences)
    assert path.read_text() == "my notes"


def test_callbacks_that_remember_are_refused(
    plain_autoencoder, sequences, backup, path
):
    autoencoder = plain_autoencoder(callbacks=[EarlyStopping("loss"), backup])
    with pytest.raises(ValueError, match=r"an? EarlyStopping beside BackupAndRestore"):
        autoencoder.fit(sequences)
    assert not path.parent.exists()


# -- the disk ------------------------------------------------------------------------


@pytest.fixture
def refitted(fitted_plain):
    """A fitted one that may be fitted again."""
    return pickle.loads(pickle.dumps(fitted_plain))


PLACES = {
    "a file": ("file", NotADirectoryError),
    "below a file": ("file/c", NotADirectoryError),
    "a folder in place of the file": ("taken", IsADirectoryError),
    "a link to nowhere": ("link", FileExistsError),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_cannot_be_written_ends_the_fit_before_it_begins(
    refitted, sequences, tmp_path, place
):
    (tmp_path / "file").write_text("")
    (tmp_path / "taken" / FILE).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    where, error = PLACES[place]
    before = fitted_bits(refitted)
    backup = BackupAndRestore(tmp_path / where)
    refitted.set_params(callbacks=[backup], verbose=1, epochs=50)
    with pytest.raises(error, match="set its backup_dir to a folder that"):
        refitted.fit(sequences)
    refitted.set_params(verbose=0, epochs=2)
    assert fitted_bits(refitted) == before


@pytest.mark.parametrize("device", ["/dev/full", "/dev/zero", "/dev/null", "a pipe"])
@pytest.mark.parametrize("suffix", ["", ".lock"])
def test_what_is_no_ordinary_file_is_refused_at_once(
    refitted, sequences, tmp_path, device, suffix
):
    """Reading some of them never ends, or takes all memory."""
    found = tmp_path / f"{FILE}{suffix}"
    if device == "a pipe":
        os.mkfifo(found)
    else:
        found.symlink_to(device)
    before = fitted_bits(refitted)
    refitted.set_params(callbacks=[BackupAndRestore(tmp_path)])
    with pytest.raises(OSError, match=r"no ordinary file, .*; set its backup_dir to a"):
        refitted.fit(sequences)
    assert fitted_bits(refitted) == before
    assert [each.name for each in tmp_path.iterdir()] == [found.name]


def test_a_disk_that_gets_full_during_a_fit(plain_autoencoder, sequences, backup, path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(epoch, logs):
        if epoch == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))

    filling = LambdaCallback(on_epoch_begin=fill)
    autoencoder = plain_autoencoder(epochs=5, callbacks=[backup, filling])
    try:
        with pytest.raises(OSError, match=r"can't be written \(File too large\); set"):
            autoencoder.fit(sequences)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert epochs_in_checkpoint(path) == 2
    found = fitted_bits(autoencoder.set_params(callbacks=[backup]).fit(sequences))
    assert found == fitted_bits(plain_autoencoder(epochs=5).fit(sequences))


# -- several fits --------------------------------------------------------------------


def fit_beside(autoencoder, sequences, act):
    """Fit, and call a function at the begin of an epoch; return what it returns."""
    said = []
    callback = LambdaCallback(
        on_epoch_begin=lambda epoch, logs: said.append(act()) if epoch == 1 else None
    )
    autoencoder.set_params(callbacks=[*autoencoder.callbacks, callback]).fit(sequences)
    return said[0]


@pytest.mark.parametrize("other", [{}, {"epochs": 3}, {"learning_rate": 0.1}], ids=str)
def test_two_fits_at_a_time_can_not_have_one_folder(
    plain_autoencoder, sequences, backup, path, other
):
    first = plain_autoencoder(epochs=4, callbacks=[backup])
    second = clone(first).set_params(**other)

    def try_second():
        before = path.read_bytes()
        for fit in (second.fit, second.fit_transform):
            with pytest.raises(OSError, match="another fit is using the ba") as error:
                fit(sequences)
        assert "a folder of its own, or wait" in str(error.value)
        assert error.value.filename == str(path)
        return path.read_bytes() == before

    assert fit_beside(first, sequences, try_second)
    expected = plain_autoencoder(epochs=4).fit(sequences)
    assert fitted_bits(first.set_params(callbacks=None)) == fitted_bits(expected)
    assert not path.parent.exists()
    second.fit(sequences)  # it is free again


def test_another_process_can_not_have_it_either(plain_autoencoder, sequences, backup):
    code = """
import sys
from keras.callbacks import BackupAndRestore
from sklearn_seqae._utils.claim import claimed
try:
    with claimed([BackupAndRestore(sys.argv[1])]):
        print("free")
except OSError as error:
    print(error)
"""
    autoencoder, folder = plain_autoencoder(epochs=2), backup.backup_dir
    autoencoder.set_params(callbacks=[backup])
    said, _ = fit_beside(autoencoder, sequences, lambda: run_python(code, folder))
    assert "another fit is using the backup_dir of BackupAndRestore" in said
    said, _ = run_python(code, folder)
    assert said == "free\n"


def test_what_a_killed_fit_left_beside_is_no_hindrance(
    plain_autoencoder, sequences, backup, path
):
    path.parent.mkdir()
    for suffix in (".lock", ".partial"):
        path.with_name(path.name + suffix).touch()
    plain_autoencoder(callbacks=[backup]).fit(sequences)
    assert not path.parent.exists()


def test_a_lock_of_somebody_else_stays(plain_autoencoder, sequences, backup, path):
    path.parent.mkdir()
    theirs = path.with_name(f"{path.name}.lock")
    theirs.write_text("theirs")
    plain_autoencoder(callbacks=[backup]).fit(sequences)
    assert theirs.read_text() == "theirs"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder(refitted, sequences, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError, match="set its backup_dir to a folder"):
        refitted.set_params(callbacks=[BackupAndRestore(tmp_path)]).fit(sequences)


def test_a_full_disk_keeps_what_was_fitted_and_the_last_checkpoint(
    killed, plain_autoencoder, refitted, sequences, backup, path
):
    """By the system's limit on the size of files."""
    before, kept = fitted_bits(refitted), path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    refitted.set_params(epochs=20, callbacks=[backup])
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


# -- by real signals -----------------------------------------------------------------


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
