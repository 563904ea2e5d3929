"""One module a task; each has ``task(quick)`` and runs alone with ``-m``."""
