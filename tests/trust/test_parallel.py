"""Parallel use: an answer or an error within a time limit, never a hang."""

import subprocess
import sys
import textwrap

import pytest

SECONDS = 240
PRELUDE = """
import multiprocessing, sys, threading
import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn_seqae import LSTMAutoencoderTransformer

rng = np.random.default_rng(0)
X = [rng.normal(size=(n, 2)) for n in rng.integers(3, 16, size=24)]
estimator = LSTMAutoencoderTransformer(hidden_layer_sizes=4, epochs=2, random_state=0)


def embed(fitted):
    return fitted.transform(X)


def fit(seed):
    return embed(clone(estimator).set_params(random_state=seed).fit(X))


def search(backend):
    from joblib import parallel_config
    grid = {"learning_rate": [1e-3, 1e-2]}
    with parallel_config(backend, n_jobs=2):
        return GridSearchCV(estimator, grid, cv=2).fit(X).cv_results_["mean_test_score"]


if __name__ == "__main__":
    fitted = estimator.fit(X)
    expected = embed(fitted)  # TensorFlow was used
"""
CASES = {
    "loky": """
        alone = GridSearchCV(estimator, {"learning_rate": [1e-3, 1e-2]}, cv=2).fit(X)
        assert np.array_equal(search("loky"), alone.cv_results_["mean_test_score"])
    """,
    "threading": """
        alone = GridSearchCV(estimator, {"learning_rate": [1e-3, 1e-2]}, cv=2).fit(X)
        found = search("threading")
        assert np.array_equal(found, alone.cv_results_["mean_test_score"])
    """,
    "spawn": """
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            for found in pool.map(embed, [fitted] * 4):
                assert np.array_equal(found, expected)
    """,
    "fork": """
        with multiprocessing.get_context("fork").Pool(2) as pool:
            try:
                pool.map(embed, [fitted] * 4)
            except RuntimeError as error:
                assert "fork" in str(error)
            else:
                raise AssertionError("a fork after use was not refused")
    """,
    "eight threads, one estimator": """
        found = [None] * 8
        def run(n):
            for _ in range(5):
                found[n] = embed(fitted)
        threads = [threading.Thread(target=run, args=[n]) for n in range(8)]
        [t.start() for t in threads], [t.join() for t in threads]
        assert all(np.array_equal(z, expected) for z in found)
    """,
    "four fits in threads": """
        alone, found = [fit(n) for n in range(4)], [None] * 4
        def run(n):
            found[n] = fit(n)
        threads = [threading.Thread(target=run, args=[n]) for n in range(4)]
        [t.start() for t in threads], [t.join() for t in threads]
        assert all(map(np.array_equal, found, alone))
    """,
}


@pytest.mark.parametrize("case", CASES)
def test_an_answer_in_time(case, tmp_path, report):
    script = tmp_path / "script.py"
    body = textwrap.indent(textwrap.dedent(CASES[case]), "    ")
    script.write_text(PRELUDE + body)
    result = subprocess.run(
        [sys.executable, "-W", "ignore", script],
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert result.returncode == 0, result.stderr
    report(f"parallel use, {case}", "refused" if case == "fork" else "the bits of one")
