"""Run in a process of its own by the fixture of that name; prints JSON.

XLA writes each program that it compiles into the folder given as the first argument.
"""

import json
import os
import random
import re
import sys
import warnings

environment = dict(os.environ)
facts = {}

import sklearn_seqae._keras  # noqa: E402, F401

facts["environment_kept_by_import"] = dict(os.environ) == environment

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from sklearn_seqae._keras.architecture import Architecture  # noqa: E402
from tensorflow.python.framework.config import is_op_determinism_enabled  # noqa: E402

from sklearn_seqae._batching import to_patches  # noqa: E402
from sklearn_seqae._keras import training, workspace  # noqa: E402
from sklearn_seqae._keras.inference import decode, encode  # noqa: E402
from sklearn_seqae._ragged import RaggedArray  # noqa: E402

ARCHITECTURE = Architecture(2, 3, (3,), (3,), False, "tanh")


def n_compiled():
    names = os.listdir(sys.argv[1])
    return len({m[0] for name in names if (m := re.match(r"module_\d+", name))})


def random_patches(lengths, seed):
    rng = np.random.default_rng(seed)
    sequences = [rng.normal(size=(n, 2)) for n in lengths]
    return to_patches(RaggedArray.from_list(sequences), 1)


def fit(patches, seed):
    n = len(patches)
    data = np.ones(n, np.float32), np.arange(n), np.arange(0)
    return training.train(
        ARCHITECTURE,
        training.Data(patches, *data),
        training.Settings(2, 4, "adam", 1e-3, False, 10, 1e-4, None, 0),
        np.random.RandomState(seed),
    ).state.weights


def use(weights, patches):
    codes = encode(ARCHITECTURE, weights, patches)
    decode(ARCHITECTURE, weights, codes, patches.lengths)


def fit_and_use(lengths, seed):
    patches = random_patches(lengths, seed)
    weights = fit(patches, seed)
    use(weights, patches)
    return weights


def global_state():
    return (
        dict(os.environ),
        random.getstate(),
        [np.asarray(part).tolist() for part in np.random.get_state()],
        is_op_determinism_enabled(),
    )


tf.random.set_seed(3)
expected_draw = tf.random.uniform([2]).numpy().tolist()
tf.random.set_seed(3)
before = global_state()
fit_and_use([3, 5, 9, 16], seed=0)
facts["global_state_kept_by_fit"] = global_state() == before
facts["tensorflow_draw_kept_by_fit"] = (
    tf.random.uniform([2]).numpy().tolist() == expected_draw
)
facts["compiled_by_first_fit"] = n_compiled()
fit_and_use([3, 5, 9, 16], seed=1)
facts["compiled_by_second_fit"] = n_compiled()
weights = fit_and_use([1, 2, 13, 14], seed=2)
facts["compiled_by_new_lengths"] = n_compiled()
facts["idle_in_parent"] = len(workspace._cache._idle)

if hasattr(os, "fork"):
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads
        child = os.fork()
    if child == 0:
        os.write(write, str(len(workspace._cache._idle)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    facts["idle_in_child"] = int(os.read(read, 10))

use(weights, random_patches([3, 5, 9, 65], seed=0))  # more than the buffers hold
facts["compiled_by_larger_buffer"] = n_compiled()
print(json.dumps(facts))
