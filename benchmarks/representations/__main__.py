"""``python -m benchmarks.representations``: see README.md beside this file."""

from benchmarks.representations._cli import main

main()
