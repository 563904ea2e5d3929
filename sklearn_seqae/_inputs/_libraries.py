"""Libraries that are there only if the user has them."""

from importlib import import_module
from types import ModuleType
from typing import Any


def comes_from(X: Any, library: str, *names: str) -> bool:
    """Tell whether `X` is an instance of a library's class, without importing it.

    Parameters
    ----------
    X : object
        Anything.

    library : str
        Top-level module, such as "polars".

    *names : str
        Of the classes; subclasses count.

    Returns
    -------
    bool

    Examples
    --------
    >>> from sklearn_seqae._inputs._libraries import comes_from
    >>> import pandas as pd
    >>> comes_from(pd.Series([1]), "pandas", "Series", "DataFrame")
    True
    """
    return any(
        cls.__name__ in names and cls.__module__.partition(".")[0] == library
        for cls in type(X).__mro__
    )


def require(library: str, purpose: str) -> ModuleType:
    """Import an optional library, or say how to get it.

    Parameters
    ----------
    library : str
        Its name, which is that of the package, too.

    purpose : str
        What it is needed for, to begin the message with.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        Saying what to install.
    """
    try:
        return import_module(library)
    except ImportError as error:
        raise ImportError(
            f"{purpose} needs {library}, which is not installed; install it, for "
            f"instance with: pip install {library}"
        ) from error
