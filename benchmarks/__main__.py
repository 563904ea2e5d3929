"""Run every benchmark: ``python -m benchmarks``."""

from benchmarks._cli import main

main()
