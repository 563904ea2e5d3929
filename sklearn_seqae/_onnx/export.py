"""Files that onnxruntime runs where neither this package nor TensorFlow is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._aggregator import SequenceAggregator
from sklearn_seqae._estimator import LSTMAutoencoderTransformer
from sklearn_seqae._outlier.detector import LSTMAutoencoderOutlierDetector
from sklearn_seqae._utils import require, snapshot

PARTS = ("encoder", "decoder")


def to_onnx(
    estimator: Any,
    path: str | PathLike[str],
    *,
    part: Literal["encoder", "decoder"] = "encoder",
) -> None:
    """Write what turns sequences into embeddings or predictions, or back, to a file.

    The file is of ONNX. It needs a runtime, for example onnxruntime, and no TensorFlow.
    Sequences are all their time steps, one sequence after the other, and the lengths:

    - ``values``, float64 of shape (n_timesteps, n_features), in the units of the input
      of `fit`, with NaN for a missing value: all features but those of text;
    - ``categories``, strings of shape (n_timesteps, n_text_features): the features that
      are text, with ``""`` for a missing category;
    - ``times`` of shape (n_timesteps,), where time is a feature: numbers as float64;
      dates and durations as int64, their ticks in the unit of `fit`, in UTC;
    - ``lengths``, int64 of shape (n_samples,), at least 1 each.

    The metadata of the file have a note on each in JSON: names, or numbers, of the
    features; the name, dtype and time zone of the times.

    The encoder reads these and writes ``embedding``, float32 of shape (n_samples,
    n_components): that of `transform`, but for rounding of float32. Of an aggregator
    the output is ``aggregates``, float32. Of an outlier detector the outputs are those
    of skl2onnx: ``label``, int64, -1 for outliers; ``scores``, those of
    `decision_function`; and ``score_samples``, both float32. Of a pipeline they are
    those that skl2onnx gives its last step; of a classifier ``label`` and
    ``probabilities``.

    The decoder reads ``embedding`` and writes what the encoder reads, with the most
    likely categories: that of `inverse_transform` without `lengths`, but for rounding.
    For each feature with categories, ``page`` for example, it also writes
    ``probabilities_page``, float32 of shape (n_timesteps, n_categories), as of
    `inverse_transform_proba`. The metadata name these categories.

    Parameters
    ----------
    estimator : estimator of sequences, FeatureUnion or Pipeline
        Fitted: a `LSTMAutoencoderTransformer`, a `SequenceAggregator` or a
        `LSTMAutoencoderOutlierDetector`. Branches of a union begin with one of the
        first two, and so does a pipeline, or with a union of them. skl2onnx, which then
        has to be installed, converts the other steps.
    path : str or path-like
        The file; one that is there is replaced.
    part : {"encoder", "decoder"}, default="encoder"
        What is written. The transformer alone has a decoder.

    Raises
    ------
    TypeError
        If the estimator is none of these, or has no such part.
    ValueError
        If `part` is neither, or the scaler is not one of scikit-learn's that shift and
        divide: `StandardScaler`, `MinMaxScaler`, `RobustScaler`, `MaxAbsScaler` or
        none. If skl2onnx can't convert another step; the message names it. If branches
        of a union were fitted on sequences of other features or times.
    ImportError
        If onnx, or skl2onnx for a pipeline or a union, is not installed.

    Notes
    -----
    The graph is built from the specification of the network, in nodes of ONNX's opset
    18. LSTM layers are LSTM nodes that know the length of each sequence. Only sequences
    of about one length are padded together, so memory and time follow from the time
    steps, and an embedding does not depend on what is beside it. The conversion
    is registered with skl2onnx, so from the first call with a pipeline on,
    ``skl2onnx.to_onnx`` takes transformer and aggregator as parts of other estimators,
    too. It finds inputs by these names, or else in this order.
    New categories count as in `transform`.

    A graph can't raise an error of its own. What `transform` refuses, infinite values,
    sequences of nothing but missing values, times that fall and lengths that contradict
    them, is refused by the runtime, in a node whose name says what was expected. But
    what overflows is returned as it is; of the detector it is refused, as in
    `score_samples`.

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

    And back:

    >>> path = path.with_name("decoder.onnx")
    >>> to_onnx(autoencoder, path, part="decoder")
    >>> session = onnxruntime.InferenceSession(path)
    >>> values, lengths = session.run(["values", "lengths"], {"embedding": Z})
    >>> lengths.tolist()
    [12, 20, 16]
    >>> sequences = np.split(values, np.cumsum(lengths)[:-1])
    >>> bool(np.allclose(sequences[1], autoencoder.inverse_transform(Z)[1], atol=1e-5))
    True
    """
    onnx = require("onnx", "writing an ONNX file")
    from sklearn_seqae._onnx import autoencoder, sequences, statistics

    if part not in PARTS:
        raise ValueError(f"part is {part!r}; expected one of {', '.join(PARTS)}.")
    is_pipeline = part == "encoder" and isinstance(estimator, Pipeline | FeatureUnion)
    kinds: list[type] = [LSTMAutoencoderTransformer]
    if part == "encoder":
        kinds.append(SequenceAggregator)
        if not is_pipeline:
            kinds.append(LSTMAutoencoderOutlierDetector)
    readers = list(_readers(estimator)) if is_pipeline else [estimator]
    if not readers or not all(isinstance(each, tuple(kinds)) for each in readers):
        raise TypeError(
            f"estimator is {estimator!r}, of which no {part} is written; expected a "
            "LSTMAutoencoderTransformer, or, for the encoder, a SequenceAggregator, a "
            "FeatureUnion of the two, a Pipeline that begins with one of these, or a "
            "LSTMAutoencoderOutlierDetector."
        )
    for each in (estimator, *readers):
        check_is_fitted(each)
    if not is_pipeline:
        estimator = snapshot(estimator)
        readers = [estimator]
    inputs, notes = _read_by(readers)
    if part == "decoder":
        model = autoencoder.decoder(estimator._fitted)
        notes |= sequences.notes_of_probabilities(estimator._schema)
    elif is_pipeline:
        require("skl2onnx", "writing a pipeline to an ONNX file")
        from sklearn_seqae._onnx import converter

        model = converter.of_pipeline(estimator, inputs)
    elif isinstance(estimator, LSTMAutoencoderTransformer):
        model = autoencoder.encoder(estimator._fitted)
    elif isinstance(estimator, SequenceAggregator):
        model = statistics.of_aggregator(estimator)
    else:
        model = statistics.of_detector(estimator)
    texts = {name: json.dumps(note) for name, note in notes.items()}
    onnx.helper.set_model_props(model, texts)
    onnx.save(model, Path(path))


def _readers(estimator: Any) -> Iterator[Any]:
    """Yield the parts of an estimator that take sequences."""
    if isinstance(estimator, Pipeline):
        yield from _readers(estimator.steps[0][1])
    elif isinstance(estimator, FeatureUnion):
        for _, branch in estimator.transformer_list:
            if branch != "drop":
                yield from _readers(branch)
    else:
        yield estimator


def _read_by(readers: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the tensors that all of them read, and notes on these; see `sequences`."""
    from sklearn_seqae._onnx import sequences

    tensors: dict[str, Any] = {}
    notes: dict[str, Any] = {}
    for reader in readers:
        sequences.check_scaler(reader._schema.scaler)
        for tell, told in ((sequences.declared, tensors), (sequences.notes, notes)):
            for name, own in tell(reader._schema).items():
                if told.setdefault(name, own) != own:
                    raise ValueError(
                        f"{type(reader).__name__} reads {own!r} as {name}, but another "
                        f"part of the estimator {told[name]!r}; fit both on the same "
                        "sequences."
                    )
    return tensors, notes
