"""Files that onnxruntime runs where neither this package nor TensorFlow is."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._estimator import LSTMAutoencoderTransformer
from sklearn_seqae._utils.libraries import require

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
      of `fit`, with NaN for a missing value: all features but those of text;
    - ``categories``, strings of shape (n_timesteps, n_text_features): the features that
      are text, with ``""`` for a missing category;
    - ``times`` of shape (n_timesteps,), where time is a feature: numbers as float64;
      dates and durations as int64, their ticks in the unit of `fit`, in UTC;
    - ``lengths``, int64 of shape (n_samples,), at least 1 each.

    The metadata of the file have a note on each in JSON: names, or numbers, of the
    features; the name, dtype and time zone of the times.

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
        `StandardScaler`, `MinMaxScaler`, `RobustScaler`, `MaxAbsScaler` or none. If
        skl2onnx can't convert another step; the message names it.
    ImportError
        If onnx, or skl2onnx for a pipeline, is not installed.

    See Also
    --------
    decoder_to_onnx : Write what turns embeddings into sequences.

    Notes
    -----
    The graph is built from the specification of the network, in nodes of ONNX's opset
    18. LSTM layers are LSTM nodes that know the length of each sequence. Only sequences
    of about one length are padded together, so memory and time follow from the time
    steps, and an embedding does not depend on what is beside it. The conversion
    is registered with skl2onnx, so from the first call on, ``skl2onnx.to_onnx`` takes
    the transformer as a part of other estimators, too. Its inputs come in this order.
    New categories count as in `transform`.

    A graph can't raise an error of its own. What `transform` refuses, infinite values,
    times that fall and lengths that contradict them, is refused by the runtime, in a
    node whose name says what was expected. But an embedding that overflows is returned
    as it is.

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
        fitted = _fitted(estimator)
        model = _encoder(fitted)
    elif isinstance(estimator, Pipeline) and _begins_with_ours(estimator):
        model = _pipeline(estimator)
        fitted = _fitted(estimator.steps[0][1])
    else:
        raise TypeError(
            f"estimator is {estimator!r}; expected a LSTMAutoencoderTransformer, or a "
            "Pipeline whose first step is one."
        )
    onnx.save(_with_notes(model, fitted.notes), Path(path))


def decoder_to_onnx(
    estimator: LSTMAutoencoderTransformer, path: str | PathLike[str]
) -> None:
    """Write what turns embeddings into sequences to an ONNX file.

    Its input is ``embedding``, float32 of shape (n_samples, n_components). Its outputs
    are what the file of `to_onnx` reads: ``values``, float64 of shape (n_timesteps,
    n_features), and ``lengths``, int64 of shape (n_samples,); of events also
    ``categories``, the most likely ones, and ``times``. They are those of
    `inverse_transform` without `lengths`, but for rounding of float32. A sequence that
    overflows is returned as it is.

    For each feature with categories, ``page`` for example, there is
    ``probabilities_page``, float32 of shape (n_timesteps, n_categories), as of
    `inverse_transform_proba`. The metadata of the file name the categories in JSON.

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
    fitted = _fitted(estimator)
    notes = fitted.notes | fitted.notes_of_probabilities
    onnx.save(_with_notes(_decoder(fitted), notes), Path(path))


def _fitted(estimator: LSTMAutoencoderTransformer) -> Fitted:
    from sklearn_seqae._onnx.fitted import Fitted
    from sklearn_seqae._onnx.scaling import check_scaler

    check_is_fitted(estimator)
    fitted = estimator._fitted
    network, schema = fitted.network, fitted.schema
    check_scaler(schema.scaler)
    names = schema.container.feature_names
    return Fitted(
        network.architecture,
        network._trained.weights,
        network.preprocessing,
        schema.scaler,
        fitted.max_length,
        schema.events,
        tuple(names or range(schema.features.n_features)),
    )


def _encoder(fitted: Fitted) -> onnx.ModelProto:
    from sklearn_seqae._onnx.encoder import embedding_of
    from sklearn_seqae._onnx.graph import Graph

    graph = Graph()
    given = {
        name: graph.input(name, dtype, shape)
        for name, (dtype, shape) in fitted.sequences.items()
    }
    embedding = embedding_of(fitted, given)
    graph.output(embedding, "embedding", ["n_samples", fitted.n_components])
    return graph.model("encoder", "Ragged sequences to embeddings.")


def _decoder(fitted: Fitted) -> onnx.ModelProto:
    from sklearn_seqae._onnx.decoder import sequences_of
    from sklearn_seqae._onnx.graph import Graph

    graph = Graph()
    n_components = fitted.n_components
    embedding = graph.input("embedding", np.float32, ["n_samples", n_components])
    sequences, probabilities = sequences_of(fitted, embedding)
    for name, (_, shape) in fitted.sequences.items():
        graph.output(sequences[name], name, shape)
    for name, tensor in zip(fitted.notes_of_probabilities, probabilities, strict=True):
        graph.output(tensor, name, ["n_timesteps", None])
    return graph.model("decoder", "Embeddings to ragged sequences.")


def _with_notes(model: onnx.ModelProto, notes: dict[str, Any]) -> onnx.ModelProto:
    """Write notes on the tensors of a model into its metadata, as JSON."""
    from onnx import helper

    texts = {name: json.dumps(note) for name, note in notes.items()}
    helper.set_model_props(model, texts)
    return model


def _begins_with_ours(pipeline: Pipeline) -> bool:
    return isinstance(pipeline.steps[0][1], LSTMAutoencoderTransformer)


def _pipeline(pipeline: Pipeline) -> onnx.ModelProto:
    require("skl2onnx", "writing a pipeline to an ONNX file")
    from sklearn_seqae._onnx import converter

    check_is_fitted(pipeline)
    converter.register(LSTMAutoencoderTransformer, _fitted)
    steps = [step for step in pipeline.steps if step[1] not in (None, "passthrough")]
    return converter.convert(Pipeline(steps), _fitted(steps[0][1]))
