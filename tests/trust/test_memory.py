"""Memory is set by the data, and does not remember."""

import json
import textwrap

import pytest
from helpers import run_python

GIB = 2**30
PRELUDE = """
import gc, json, resource, sys
import numpy as np
from sklearn_seqae import LSTMAutoencoderTransformer
from pathlib import Path

def now():
    return 4096 * int(Path("/proc/self/statm").read_text().split()[1])

def n_maps():
    return len(Path("/proc/self/maps").read_text().splitlines())

def short(n, n_features=2, longest=30):
    lengths = rng.integers(5, longest + 1, size=n)
    return [rng.normal(size=(k, n_features)).astype("float32") for k in lengths]

rng = np.random.default_rng(0)
"""


def measured(code):
    """Run code that prints one line of JSON in a process of its own."""
    out, _ = run_python(PRELUDE + textwrap.dedent(code))
    return json.loads(out)


@pytest.mark.parametrize(("n", "units"), [(500, 8), (30_000, 64)])
def test_one_sequence_of_20_000_steps_among_short_ones(n, units, report):
    bytes_ = measured(f"""
        X = short({n})
        X.insert({n} // 2, rng.normal(size=(20_000, 2)).astype("float32").cumsum(0))
        LSTMAutoencoderTransformer(hidden_layer_sizes=4, epochs=1).fit(X[:5])
        before = now()
        autoencoder = LSTMAutoencoderTransformer(
            hidden_layer_sizes={units}, patch_size=1, epochs=1, random_state=0
        ).fit(X)
        Z = autoencoder.transform(X)
        assert np.isfinite(Z).all()
        assert len(autoencoder.inverse_transform(Z)[{n} // 2]) == 20_000
        autoencoder.score_samples(X)
        print(json.dumps(1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                         - before))
    """)
    report(
        f"{n:,} short sequences and one of 20,000 steps, {units} units",
        f"{bytes_ / GIB:.2f} GiB above the data",
    )
    assert bytes_ < 2 * GIB


SMALL = "hidden_layer_sizes=2, pooling='last', contrastive_weight=0.0, epochs=1"


def test_300_fits_of_different_shapes(report):
    found = measured(f"""
        facts = []
        for n in range(300):
            n_features, longest = 1 + n % 6, (8, 20, 40, 70, 130)[n // 6 % 5]
            parameters = dict(n_components=4 + n // 30, random_state=n)
            X = short(12, n_features, longest)
            LSTMAutoencoderTransformer({SMALL}, **parameters).fit(X).transform(X)
            if n in (19, 299):
                gc.collect()
                facts.append([now(), n_maps()])
        print(json.dumps(facts))
    """)
    (before, maps_before), (after, maps_after) = found
    report(
        "300 fits and embeddings of different shapes, memory after 300 over after 20",
        f"{after / before:.2f}; memory maps {maps_before:,}, then {maps_after:,}",
    )
    assert after < 1.3 * before
    assert maps_after < 30_000


def test_500_fits_of_one_shape(report):
    before, after = measured(f"""
        X, facts = short(12), []
        for n in range(500):
            autoencoder = LSTMAutoencoderTransformer({SMALL}, random_state=n).fit(X)
            if n in (19, 499):
                gc.collect()
                facts.append(now())
        print(json.dumps(facts))
    """)
    report("500 fits of one shape, memory over after 20", f"{after / before:.3f}")
    assert after < 1.05 * before
