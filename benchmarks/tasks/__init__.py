"""What is compared, in the order of the page."""

from benchmarks.tasks import epoch, long_table, ours_alone, tutorial, uses

TASKS = [
    *tutorial.TASKS,
    *epoch.TASKS,
    *uses.TASKS,
    *ours_alone.TASKS,
    *long_table.TASKS,
]
