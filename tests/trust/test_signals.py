"""SIGINT at random moments of a fit and what follows: nothing is lost."""

import json
from pathlib import Path

from helpers import run_python

SUPPORT = Path(__file__).parents[1] / "support"
N = 30
CODE = """
import json, os, random, signal, sys, threading, time
sys.path.insert(0, sys.argv[2])
import numpy as np
from internals import drop_programs
from sklearn_seqae import LSTMAutoencoderTransformer

# A process started in the background may ignore the signal; here it is heard.
signal.signal(signal.SIGINT, signal.default_int_handler)
rng = np.random.default_rng(0)
X = [rng.normal(size=(n, 2)) for n in rng.integers(3, 16, size=24)]
parameters = dict(hidden_layer_sizes=4, epochs=30, contrastive_weight=0.0,
                  pooling="last", batch_size=8)
made = {seed: LSTMAutoencoderTransformer(**parameters, random_state=seed).fit(X)
        for seed in (0, 1)}
expected = {seed: fitted.transform(X) for seed, fitted in made.items()}
drop_programs()
start = time.perf_counter()
LSTMAutoencoderTransformer(**parameters, random_state=1).fit(X).transform(X)
whole = time.perf_counter() - start  # tracing and compiling included

estimator, seed, found = made[0], 0, []
draw = random.Random(0)
for n in range(int(sys.argv[1])):
    drop_programs()
    other = 1 - seed
    estimator.set_params(random_state=other)
    moment = draw.uniform(0, whole)
    timer = threading.Timer(moment, os.kill, [os.getpid(), signal.SIGINT])
    timer.start()
    try:
        estimator.fit(X)
        Z = estimator.transform(X)
        timer.join()
        time.sleep(0.1)
        outcome = "finished"
    except KeyboardInterrupt:
        outcome = "interrupted"
    timer.join()
    # What is fitted is the old, the new or the new up to some epoch, and it is whole
    Z = estimator.transform(X)
    if outcome == "finished" or estimator.n_iter_ == 30 and not np.array_equal(
        Z, expected[seed]
    ):
        assert np.array_equal(Z, expected[other]), "another result"
    assert np.isfinite(Z).all()
    again = LSTMAutoencoderTransformer(**parameters, random_state=other).fit(X)
    assert np.array_equal(again.transform(X), expected[other]), "the next fit differs"
    estimator, seed = again, other
    found.append([round(moment / whole, 2), outcome])
print(json.dumps(found))
"""


def test_sigint_at_random_moments(report):
    environment = {"PYTHONWARNINGS": "ignore"}
    out, _ = run_python(CODE, N, SUPPORT, environment=environment)
    outcomes = json.loads(out)
    assert len(outcomes) == N
    n = sum(outcome == "interrupted" for _, outcome in outcomes)
    report(
        "SIGINT at random moments, the next fit has the bits of a fresh one",
        f"{N} signals, {n} of them within a fit or an embedding",
    )
    assert n
