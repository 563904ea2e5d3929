"""Variable-length sequences to fixed-size vectors and back, as scikit-learn does it."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn_seqae._estimator import LSTMAutoencoderTransformer

__version__ = version("sklearn-seqae")

__all__ = ["LSTMAutoencoderTransformer", "__version__"]


def __getattr__(name: str) -> Any:
    # Loaded when first asked for (PEP 562): scikit-learn alone takes over a second on
    # some machines, which `import sklearn_seqae` for its version should not cost.
    if name == "LSTMAutoencoderTransformer":
        from sklearn_seqae._estimator import LSTMAutoencoderTransformer

        return LSTMAutoencoderTransformer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
