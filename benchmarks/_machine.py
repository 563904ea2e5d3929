"""What the figures were measured on."""

import platform
import re
from importlib.metadata import distributions
from pathlib import Path

PACKAGES = (
    *("numpy", "pandas", "polars", "scikit-learn"),
    *("tensorflow", "keras", "scikeras", "torch", "aeon"),
)


def describe() -> dict[str, str]:
    """Processor, cores, memory, operating system and versions, for people to read."""
    import psutil

    installed = {found.name: found.version for found in distributions()}
    return {
        "processor": _processor(),
        "cores": str(psutil.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: installed.get(name, "not installed") for name in PACKAGES},
    }


def measured_with(program: str) -> str:
    """Begin the text above a table: by which program, on what machine."""
    machine = describe()
    return (
        f"Measured with ``python -m {program}`` on {machine['cores']} cores of "
        f"{machine['processor']}, TensorFlow {machine['tensorflow']}"
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():  # not Linux
        return platform.processor()
    found = re.findall(
        r"^(model name|cpu family|model)\s*: (.*)$", cpuinfo.read_text(), re.M
    )
    known = dict.fromkeys(("model name", "cpu family", "model"), "?") | dict(found)
    return "{model name} (family {cpu family}, model {model})".format(**known)
