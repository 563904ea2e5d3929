"""Optional libraries: recognised without an import, imported with a helpful error."""

from importlib import import_module
from types import ModuleType
from typing import Any


def comes_from(X: Any, library: str, *names: str) -> bool:
    """Return whether `X` is an instance of a library's class, without importing it.

    Of a subclass, too. The library is a module of the top level, such as "polars".
    """
    return any(
        cls.__name__ in names and cls.__module__.partition(".")[0] == library
        for cls in type(X).__mro__
    )


def require(library: str, purpose: str) -> ModuleType:
    """Import an optional library, or raise an error that says how to install it.

    The purpose of the library begins the message.
    """
    try:
        return import_module(library)
    except ImportError as error:
        raise ImportError(
            f"{purpose} needs {library}, which is not installed; install it with: "
            f"pip install {library}"
        ) from error
