"""Variable-length sequences to fixed-size vectors and back, as scikit-learn does it."""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn_seqae._aggregator import SequenceAggregator
    from sklearn_seqae._containers.chunks import SequenceChunks
    from sklearn_seqae._containers.parquet.sequences import ParquetSequences
    from sklearn_seqae._containers.readers import from_channels_first
    from sklearn_seqae._containers.tables.to_frame import to_frame
    from sklearn_seqae._containers.tables.to_sequences import to_sequences
    from sklearn_seqae._estimator import LSTMAutoencoderTransformer
    from sklearn_seqae._onnx.export import to_onnx
    from sklearn_seqae._outlier.detector import LSTMAutoencoderOutlierDetector
    from sklearn_seqae._outlier.explanation import Explanation
    from sklearn_seqae._outlier.window_detector import WindowOutlierDetector
    from sklearn_seqae._outlier.windows import from_windows, to_windows

__version__ = version("sklearn-seqae")

__all__ = [
    "Explanation",
    "LSTMAutoencoderOutlierDetector",
    "LSTMAutoencoderTransformer",
    "ParquetSequences",
    "SequenceAggregator",
    "SequenceChunks",
    "WindowOutlierDetector",
    "__version__",
    "from_channels_first",
    "from_windows",
    "to_frame",
    "to_onnx",
    "to_sequences",
    "to_windows",
]

# Loaded when first asked for (PEP 562): scikit-learn alone takes over a second on some
# machines, which `import sklearn_seqae` for its version should not cost.
_HOMES = {
    "Explanation": "sklearn_seqae._outlier.explanation",
    "LSTMAutoencoderOutlierDetector": "sklearn_seqae._outlier.detector",
    "LSTMAutoencoderTransformer": "sklearn_seqae._estimator",
    "ParquetSequences": "sklearn_seqae._containers.parquet.sequences",
    "SequenceAggregator": "sklearn_seqae._aggregator",
    "SequenceChunks": "sklearn_seqae._containers.chunks",
    "WindowOutlierDetector": "sklearn_seqae._outlier.window_detector",
    "from_channels_first": "sklearn_seqae._containers.readers",
    "from_windows": "sklearn_seqae._outlier.windows",
    "to_frame": "sklearn_seqae._containers.tables.to_frame",
    "to_onnx": "sklearn_seqae._onnx.export",
    "to_sequences": "sklearn_seqae._containers.tables.to_sequences",
    "to_windows": "sklearn_seqae._outlier.windows",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
