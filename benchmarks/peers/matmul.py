"""What the machine could do: a float32 matrix product on all cores."""

import statistics
import time

import tensorflow as tf

from benchmarks._timing import Round

N = 1024


def rate(repeats: int = 30) -> Round:
    """Operations per second of (1024, 1024) times (1024, 1024) in TensorFlow."""
    a, b = tf.random.normal((N, N)), tf.random.normal((N, N))
    multiply = tf.function(tf.linalg.matmul)
    multiply(a, b).numpy()

    def round_() -> dict[str, float]:
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            multiply(a, b).numpy()
            times.append(time.perf_counter() - start)
        seconds = statistics.median(times)
        return {"seconds": seconds, "flops_per_second": 2 * N**3 / seconds}

    return round_
