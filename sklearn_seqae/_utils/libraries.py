"""Optional libraries: recognised without an import, imported with a helpful error."""

from importlib import import_module
from types import ModuleType
from typing import Any


def comes_from(X: Any, library: str, *names: str) -> bool:
    """Return whether `X` is an instance of a library's class, without importing it.

    Parameters
    ----------
    X : object
        Any object.

    library : str
        Top-level module, such as "polars".

    *names : str
        Names of the classes. Subclasses count.

    Returns
    -------
    bool

    Examples
    --------
    >>> from sklearn_seqae._utils.libraries import comes_from
    >>> import pandas as pd
    >>> comes_from(pd.Series([1]), "pandas", "Series", "DataFrame")
    True
    """
    return any(
        cls.__name__ in names and cls.__module__.partition(".")[0] == library
        for cls in type(X).__mro__
    )


def require(library: str, purpose: str) -> ModuleType:
    """Import an optional library, or raise an error that says how to install it.

    Parameters
    ----------
    library : str
        Name of the module and of the package.

    purpose : str
        Purpose of the library, which begins the message.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If the library is not installed.
    """
    try:
        return import_module(library)
    except ImportError as error:
        raise ImportError(
            f"{purpose} needs {library}, which is not installed; install it with: "
            f"pip install {library}"
        ) from error
