"""What the figures were measured on."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "numpy",
    "pandas",
    "polars",
    "scikit-learn",
    "tensorflow",
    "keras",
    "scikeras",
    "torch",
    "aeon",
)


def describe() -> dict[str, str]:
    """Processor, cores, memory, operating system and versions, for people to read."""
    versions = {name: _version(name) for name in PACKAGES}
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **versions,
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    fields = dict(
        (key.strip(), value.strip())
        for key, found, value in (line.partition(":") for line in lines)
        if found
    )
    if "cpu family" not in fields:
        return fields.get("model name", platform.machine())
    return (
        f"{fields.get('model name', 'unknown')} "
        f"(family {fields['cpu family']}, model {fields.get('model', '?')})"
    )


def _memory() -> str:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not POSIX
        return "unknown"
    return f"{total / 2**30:.0f} GiB"
