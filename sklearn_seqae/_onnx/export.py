"""Files that onnxruntime runs where neither this package nor TensorFlow is."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._aside import snapshot
from sklearn_seqae._estimator import LSTMAutoencoderTransformer
from sklearn_seqae._libraries import require

if TYPE_CHECKING:
    import onnx

    from sklearn_seqae._onnx.fitted import Fitted

PURPOSE = "writing an ONNX file"


def to_onnx(estimator: Any, path: str | PathLike[str]) -> None:
    """Write what turns sequences into embeddings, or into predictions, to an ONNX file.

    The file needs a runtime for ONNX, for example onnxruntime, and no TensorFlow. Its
    inputs are all time steps of all sequences, one sequence after the other, and the
    lengths:

    - ``values``, float64 of shape (n_timesteps, n_features), in the units of the input
      of `fit`, with NaN for a missing value;
    - ``lengths``, int64 of shape (n_samples,), at least 1 each.

    Of a transformer the output is ``embedding``, float32 of shape (n_samples,
    n_components): that of `transform`, but for rounding of float32. Of a pipeline the
    outputs are those that skl2onnx gives its last step; of a classifier ``label`` and
    ``probabilities``.

    Parameters
    ----------
    estimator : LSTMAutoencoderTransformer or Pipeline
        Fitted. The first step of a pipeline is the transformer; skl2onnx, which then
        has to be installed, converts the others.
    path : str or path-like
        The file; one that is there is replaced.

    Raises
    ------
    TypeError
        If the estimator is neither.
    ValueError
        If its scaler is not one of scikit-learn's that shift and divide:
        `StandardScaler`, `MinMaxScaler`, `RobustScaler`, `MaxAbsScaler` or none.
    ImportError
        If onnx, or skl2onnx for a pipeline, is not installed.

    See Also
    --------
    decoder_to_onnx : Write what turns embeddings into sequences.

    Notes
    -----
    The graph is built from the specification of the network, in nodes of ONNX's opset
    18. LSTM layers are LSTM nodes that know the length of each sequence. The conversion
    is registered with skl2onnx, so from the first call on, ``skl2onnx.to_onnx`` takes
    the transformer as a part of other estimators, too.

    A graph can't raise an error of its own. What `transform` refuses, infinite values
    and lengths that contradict them, is refused by the runtime, in a node whose name
    says what was expected. But an embedding that overflows is returned as it is.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import numpy as np
    >>> import onnxruntime
    >>> from sklearn_seqae import LSTMAutoencoderTransformer, to_onnx
    >>> X = [np.sin(np.arange(n) / 3.0)[:, None] for n in (12, 20, 16)]
    >>> autoencoder = LSTMAutoencoderTransformer(
    ...     n_components=2, hidden_layer_sizes=4, epochs=2, random_state=0
    ... ).fit(X)
    >>> path = Path(mkdtemp()) / "encoder.onnx"
    >>> to_onnx(autoencoder, path)
    >>> session = onnxruntime.InferenceSession(path)
    >>> lengths = np.array([len(x) for x in X])
    >>> given = {"values": np.concatenate(X), "lengths": lengths}
    >>> (Z,) = session.run(["embedding"], given)
    >>> bool(np.allclose(Z, autoencoder.transform(X), atol=1e-5))
    True
    """
    onnx = require("onnx", PURPOSE)
    if isinstance(estimator, LSTMAutoencoderTransformer):
        model = _encoder(_fitted(estimator))
    elif isinstance(estimator, Pipeline) and _begins_with_ours(estimator):
        model = _pipeline(estimator)
    else:
        raise TypeError(
            f"estimator is {estimator!r}; expected a LSTMAutoencoderTransformer, or a "
            "Pipeline whose first step is one."
        )
    onnx.save(model, Path(path))


def decoder_to_onnx(
    estimator: LSTMAutoencoderTransformer, path: str | PathLike[str]
) -> None:
    """Write what turns embeddings into sequences to an ONNX file.

    Its input is ``embedding``, float32 of shape (n_samples, n_components). Its outputs
    are what the file of `to_onnx` reads: ``values``, float64 of shape (n_timesteps,
    n_features), and ``lengths``, int64 of shape (n_samples,). They are those of
    `inverse_transform` without `lengths`, but for rounding of float32. A sequence that
    overflows is returned as it is.

    Parameters
    ----------
    estimator : LSTMAutoencoderTransformer
        Fitted.
    path : str or path-like
        The file; one that is there is replaced.

    Raises
    ------
    TypeError
        If the estimator is another one.
    ValueError
        If its scaler is not one that `to_onnx` takes.
    ImportError
        If onnx is not installed.

    See Also
    --------
    to_onnx : Write what turns sequences into embeddings.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import numpy as np
    >>> import onnxruntime
    >>> from sklearn_seqae import LSTMAutoencoderTransformer, decoder_to_onnx
    >>> X = [np.sin(np.arange(n) / 3.0)[:, None] for n in (12, 20, 16)]
    >>> autoencoder = LSTMAutoencoderTransformer(
    ...     n_components=2, hidden_layer_sizes=4, epochs=2, random_state=0
    ... ).fit(X)
    >>> path = Path(mkdtemp()) / "decoder.onnx"
    >>> decoder_to_onnx(autoencoder, path)
    >>> session = onnxruntime.InferenceSession(path)
    >>> Z = autoencoder.transform(X).astype(np.float32)
    >>> values, lengths = session.run(["values", "lengths"], {"embedding": Z})
    >>> lengths.tolist()
    [12, 20, 16]
    >>> sequences = np.split(values, np.cumsum(lengths)[:-1])
    >>> bool(np.allclose(sequences[1], autoencoder.inverse_transform(Z)[1], atol=1e-5))
    True
    """
    onnx = require("onnx", PURPOSE)
    if not isinstance(estimator, LSTMAutoencoderTransformer):
        raise TypeError(
            f"estimator is {estimator!r}; expected a LSTMAutoencoderTransformer."
        )
    onnx.save(_decoder(_fitted(estimator)), Path(path))


def _fitted(estimator: LSTMAutoencoderTransformer) -> Fitted:
    from sklearn_seqae._onnx.fitted import Fitted
    from sklearn_seqae._onnx.scaling import check_scaler

    check_is_fitted(estimator)
    estimator = snapshot(estimator)
    if estimator._events:
        raise ValueError(
            "the estimator was fitted to categories or times, which can't be written "
            "to an ONNX file yet; fit to the columns of numbers alone, with time=False."
        )
    check_scaler(estimator.scaler_)
    network = estimator._autoencoder
    state = network._trained
    return Fitted(
        network.architecture,
        state.weights,
        network.preprocessing,
        estimator.scaler_,
        estimator.max_length_,
    )


def _encoder(fitted: Fitted) -> onnx.ModelProto:
    from sklearn_seqae._onnx.encoder import embedding_of
    from sklearn_seqae._onnx.graph import Graph

    graph = Graph()
    n_features = fitted.preprocessing.n_features
    values = graph.input("values", np.float64, ["n_timesteps", n_features])
    lengths = graph.input("lengths", np.int64, ["n_samples"])
    embedding = embedding_of(fitted, values, lengths)
    graph.output(embedding, "embedding", ["n_samples", fitted.n_components])
    return graph.model("encoder", "Ragged sequences to embeddings.")


def _decoder(fitted: Fitted) -> onnx.ModelProto:
    from sklearn_seqae._onnx.decoder import values_of
    from sklearn_seqae._onnx.graph import Graph

    graph = Graph()
    n_components, n_features = fitted.n_components, fitted.preprocessing.n_features
    embedding = graph.input("embedding", np.float32, ["n_samples", n_components])
    values, lengths = values_of(fitted, embedding)
    graph.output(values, "values", ["n_timesteps", n_features])
    graph.output(lengths, "lengths", ["n_samples"])
    return graph.model("decoder", "Embeddings to ragged sequences.")


def _begins_with_ours(pipeline: Pipeline) -> bool:
    return isinstance(pipeline.steps[0][1], LSTMAutoencoderTransformer)


def _pipeline(pipeline: Pipeline) -> onnx.ModelProto:
    skl2onnx = require("skl2onnx", "writing a pipeline to an ONNX file")
    from sklearn_seqae._onnx import converter
    from sklearn_seqae._onnx.graph import OPSETS

    check_is_fitted(pipeline)
    first, last = pipeline.steps[0][1], pipeline.steps[-1][1]
    converter.register(LSTMAutoencoderTransformer, _fitted)
    n_features = _fitted(first).preprocessing.n_features
    return skl2onnx.convert_sklearn(
        pipeline,
        initial_types=converter.input_types(n_features),
        options={id(last): {"zipmap": False}} if is_classifier(last) else None,
        target_opset=OPSETS,
    )
