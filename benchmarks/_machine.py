"""What the figures were measured on."""

import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    *("numpy", "pandas", "polars", "scikit-learn"),
    *("tensorflow", "keras", "scikeras", "torch", "aeon"),
)


def describe() -> dict[str, str]:
    """Processor, cores, memory, operating system and versions, for people to read."""
    import psutil

    return {
        "processor": _processor(),
        "cores": str(psutil.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    known = dict(re.findall(r"^(model name|cpu family|model)\s*: (.*)$", text, re.M))
    if "cpu family" not in known:
        return known.get("model name", platform.machine())
    family, model = known["cpu family"], known.get("model", "?")
    return f"{known.get('model name', 'unknown')} (family {family}, model {model})"
