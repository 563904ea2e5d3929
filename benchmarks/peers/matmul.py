"""What the machine could do: a float32 matrix product on all cores."""

import statistics

import tensorflow as tf

from benchmarks._flops import MATMUL, N
from benchmarks._timing import Round, timed


def rate(repeats: int = 30) -> Round:
    """Operations per second of (1024, 1024) times (1024, 1024) in TensorFlow."""
    a, b = tf.random.normal((N, N)), tf.random.normal((N, N))
    multiply = tf.function(tf.linalg.matmul)
    multiply(a, b).numpy()

    def round_() -> dict[str, float]:
        times = [timed(lambda: multiply(a, b).numpy()) for _ in range(repeats)]
        seconds = statistics.median(times)
        return {"seconds": seconds, "flops_per_second": MATMUL / seconds}

    return round_
