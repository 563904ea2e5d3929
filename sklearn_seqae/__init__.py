"""Variable-length sequences to fixed-size vectors and back, as scikit-learn does it."""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn_seqae._estimator import LSTMAutoencoderTransformer
    from sklearn_seqae._inputs import from_channels_first

__version__ = version("sklearn-seqae")

__all__ = ["LSTMAutoencoderTransformer", "__version__", "from_channels_first"]


def __getattr__(name: str) -> Any:
    # Loaded when first asked for (PEP 562): scikit-learn alone takes over a second on
    # some machines, which `import sklearn_seqae` for its version should not cost.
    if name == "LSTMAutoencoderTransformer":
        from sklearn_seqae._estimator import LSTMAutoencoderTransformer

        return LSTMAutoencoderTransformer
    if name == "from_channels_first":
        from sklearn_seqae._inputs import from_channels_first

        return from_channels_first
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
