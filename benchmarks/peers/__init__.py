"""The contestants that are not ours. Each runs in a process of its own.

A job is a function that prepares (imports, data, models, warm-up; not timed) and
returns the round: a function without arguments that does the work once and returns
what it measured.
"""
