"""An outlier detector around the transformer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from numbers import Real
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import OutlierMixin, _fit_context, clone
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._containers.gate import Features, validate_sequences
from sklearn_seqae._containers.ragged import Ints, RaggedArray
from sklearn_seqae._containers.readers import ids_of_sequences
from sklearn_seqae._containers.readers.pandas import moments_of_sequences
from sklearn_seqae._estimator import LSTMAutoencoderTransformer
from sklearn_seqae._fitted.saving import SequenceEstimator
from sklearn_seqae._outlier.crossfit import N_FOLDS, CrossFittedChain
from sklearn_seqae._outlier.deviation import Measures, Usual
from sklearn_seqae._outlier.explanation import Explanation, attribution, explanations
from sklearn_seqae._sequences.schema import Schema
from sklearn_seqae._utils import drawn_back_on_error, own_random_state, snapshot

LIMIT = 3.0  # standard deviations, as on a Shewhart chart


class Detector(OutlierMixin, SequenceEstimator):
    """An outlier detector whose scores have a threshold, `offset_`."""

    _saved_as: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"estimator_": object, "offset_": float, "_seen": Features}
    )

    # Set by fit
    offset_: float
    _seen: Features

    @property
    def _features(self) -> Features:
        return self._seen

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn what is usual.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            Sequences, at least five, as `LSTMAutoencoderTransformer.fit` takes them; or
            recordings, of a `WindowOutlierDetector`.
        y : Ignored
            Not used, present for API consistency by convention.

        Returns
        -------
        self : estimator
            Fitted.

        Raises
        ------
        ValueError, TypeError
            If the data or a parameter can't be used; what was fitted before stays.
        """
        with drawn_back_on_error(self.random_state):
            fitted = snapshot(self)
            fitted._fit(X, y)
        self.__dict__ |= {name: fitted.__dict__[name] for name in self._saved_as}
        return self

    def decision_function(self, X: Any) -> Any:
        """Return how far each score is above the threshold.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            As in `fit`, with the same features.

        Returns
        -------
        decision : ndarray or Series, as of `score_samples`
            ``score_samples(X) - offset_``. Negative for outliers.
        """
        check_is_fitted(self)
        fitted = snapshot(self)
        return fitted.score_samples(X) - fitted.offset_

    def predict(self, X: Any) -> Any:
        """Return what is an outlier.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            As in `fit`, with the same features.

        Returns
        -------
        labels : ndarray or Series, as of `score_samples`
            -1 for outliers, 1 for others.
        """
        return 1 - 2 * (self.decision_function(X) < 0)

    def explain(self, X: Any) -> list[Explanation]:
        """Return why each sequence or recording has its scores.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            As in `fit`, with the same features.

        Returns
        -------
        explanations : list of Explanation
            One for each sequence, or recording: what each measure, time step and
            feature contributes to the score, and what was expected.

        Raises
        ------
        ValueError, TypeError
            As of `score_samples`.
        """
        check_is_fitted(self)
        return snapshot(self)._explain(X)


class LSTMAutoencoderOutlierDetector(Detector):
    """Detect unusual sequences by embedding, reconstruction error and statistics.

    Four things are measured of each sequence, and a fifth where there are categories,
    in standard deviations above the mean of usual sequences:

    - *embedding*: the Mahalanobis distance of its embedding from those in `fit` [1]_;
    - *error*: the logarithm of the reconstruction error [2]_, relative to the variance
      of the sequence. A flat sequence is easy to reconstruct, but not relative to that;
    - *size*: the Mahalanobis distance of four logarithms from those in `fit`: of the
      length, of the variance, of the variance of the steps from one time step to the
      next, and of the variance of the feature that varies least;
    - *profile*: the Mahalanobis distance of the logarithm of the length and, for each
      feature, of the mean, the standard deviation and the root mean square step;
    - *order*: the mean surprisal of categories after the one before, in a first-order
      Markov chain [3]_, times the root of the number of steps.

    The largest of them, negated, is the score. Of categories, *error* has the
    cross-entropy, and the entropy in place of the variance; *size* and *profile* have
    the mean surprisal, the entropy and the surprisal after the one before. Where time
    is a feature, the time since the event before is a feature like others. When a
    sequence begins does not count.

    Parameters
    ----------
    estimator : LSTMAutoencoderTransformer, default=None
        Cloned and fitted. None is one with default parameters.
    contamination : "auto" or float, default="auto"
        Share of outliers among the sequences in `fit`, at most 0.5, which defines the
        threshold `offset_`. "auto" has its threshold at three standard deviations, for
        sequences in `fit` that are all usual, or nearly all.
    validation_fraction : float, default=0.1
        Share of the sequences on which the network is not trained. They tell how large
        errors of new sequences are; those of trained sequences are smaller.
    random_state : int, RandomState instance or None, default=None
        Seed for the choice of these sequences, and for an `estimator` without one.

    Attributes
    ----------
    estimator_ : LSTMAutoencoderTransformer
        The fitted estimator. It was trained on all sequences but the held-out ones.
    offset_ : float
        Threshold: ``decision_function(X) = score_samples(X) - offset_``.
    n_features_in_ : int
        Columns of a table, 1 for a Series, else features of a time step.
    feature_names_in_ : ndarray of str
        Column names, if `X` was a dataframe with names.
    sequence_feature_names_in_ : ndarray of str
        Names of the features of a time step, if sequences had them.

    See Also
    --------
    LSTMAutoencoderTransformer : Its `score_samples` is the plain reconstruction error.
    sklearn.ensemble.IsolationForest : Outliers among vectors, such as embeddings.

    Notes
    -----
    Five covariances and Markov chains are fitted, each without a fifth of the
    sequences, and the largest distance counts. So sequences in `fit` have scores like
    new ones, though an embedding may have more numbers than there are sequences.

    References
    ----------
    .. [1] Lee, K., Lee, K., Lee, H. and Shin, J. (2018). A simple unified framework for
       detecting out-of-distribution samples and adversarial attacks. NeurIPS.
    .. [2] Malhotra, P. et al. (2016). LSTM-based encoder-decoder for multi-sensor
       anomaly detection. ICML workshop on anomaly detection.
    .. [3] Ye, N. (2000). A Markov chain model of temporal behavior for anomaly
       detection. IEEE Systems, Man, and Cybernetics Information Assurance Workshop.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae import (
    ...     LSTMAutoencoderOutlierDetector,
    ...     LSTMAutoencoderTransformer,
    ... )
    >>> from sklearn_seqae.datasets import make_sequences
    >>> X, _ = make_sequences(n_samples=60, n_classes=1, random_state=0)
    >>> autoencoder = LSTMAutoencoderTransformer(
    ...     n_components=8, hidden_layer_sizes=16, epochs=20
    ... )
    >>> detector = LSTMAutoencoderOutlierDetector(autoencoder, random_state=0).fit(X)
    >>> dead = np.zeros((30, 2))
    >>> detector.predict([X[1], dead])
    array([ 1, -1])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "estimator": [LSTMAutoencoderTransformer, None],
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    }

    _saved_as: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {**Detector._saved_as, "_chains": tuple[CrossFittedChain, ...], "_usual": Usual}
    )

    # Set by fit
    estimator_: LSTMAutoencoderTransformer
    _chains: tuple[CrossFittedChain, ...]
    _usual: Usual

    def __init__(
        self,
        estimator: LSTMAutoencoderTransformer | None = None,
        *,
        contamination: float | str = "auto",
        validation_fraction: float = 0.1,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.contamination = contamination
        self.validation_fraction = validation_fraction
        self.random_state = random_state

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Return how usual each sequence is.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            As in `fit`, with the same features.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            The largest of the measures, negated. The lower, the more unusual.

        Raises
        ------
        ValueError, TypeError
            If a sequence can't be used, has other features than those in `fit` or is
            longer than the decoder can write.
        """
        check_is_fitted(self)
        fitted = snapshot(self)
        schema = fitted._schema
        scaled, *_ = schema.encode(schema.read(X, type(self).__name__))
        return -fitted._usual.excess(fitted._measure(scaled))

    def _explain(self, X: Any) -> list[Explanation]:
        schema, network = self._schema, self.estimator_._fitted.network
        given = schema.read(X, type(self).__name__)
        scaled, *_ = schema.encode(given)
        found = attribution(network, self._chains, self._usual, scaled)
        ids, moments = ids_of_sequences(X), moments_of_sequences(X)
        return explanations(schema, given, found, ids, moments)

    # The steps of fit -----------------------------------------------------------------

    def _fit(self, X: Any, y: Any) -> None:
        ragged, container = validate_sequences(X, None, type(self).__name__)
        self._seen = Features.of(X, ragged, container)
        # scikit-learn's check of outlier detectors: after a table in nested lists, a
        # table with other columns is an error
        if container.kind == "list" and _is_rectangular(X):
            n = len(X[0])
            self._seen = replace(self._seen, n_features_in=n, n_columns=n)
        if len(ragged) < N_FOLDS:
            raise ValueError(
                f"X holds n_samples={len(ragged)}, but {type(self).__name__} needs at "
                f"least {N_FOLDS} sequences to learn what is usual; pass more."
            )
        generator = own_random_state(self.random_state)
        held_out = _choose(ragged.lengths, self.validation_fraction, generator)
        estimator = seeded(self.estimator or LSTMAutoencoderTransformer(), generator)
        self.estimator_ = estimator.fit(X, y, sample_weight=~held_out)
        fitted = self.estimator_._fitted
        scaled, *_ = fitted.encode(X, type(self).__name__)
        self._chains = tuple(
            CrossFittedChain.fit(scaled, place, column.size + 1, generator)
            for place, column in enumerate(fitted.schema.events.columns)
        )
        measures = self._measure(scaled)
        self._usual = Usual.fit(measures, held_out, generator)
        self.offset_ = -LIMIT
        if not isinstance(self.contamination, str):
            scores = -self._usual.excess(measures)
            self.offset_ = float(np.quantile(scores, self.contamination))

    @property
    def _schema(self) -> Schema:
        return replace(self.estimator_._fitted.schema, features=self._features)

    def _measure(self, scaled: RaggedArray) -> Measures:
        return Measures.of(self.estimator_._fitted.network, scaled, self._chains)

    @classmethod
    def _check_fitted(cls, attributes: Mapping[str, Any]) -> None:
        estimator = attributes["estimator_"]
        check_is_fitted(estimator)
        network, seen = estimator._fitted.network, attributes["_seen"]
        known = network.preprocessing
        attributes["_usual"].check_widths(network.n_components, known.n_features)
        n_codes = [chain.n_codes for chain in attributes["_chains"]]
        expected = [{column.size + 1} for column in known.columns]
        n_features = estimator._features.n_features
        if n_codes != expected or seen.n_features != n_features:
            raise ValueError(
                f"the chains have {n_codes} codes and X {seen.n_features} features, "
                f"but estimator_ {expected} and {n_features}"
            )


def seeded(estimator: Any, generator: np.random.RandomState) -> Any:
    """Return a clone with a seed, if it has none."""
    estimator = clone(estimator)
    if estimator.random_state is None:
        estimator.set_params(random_state=generator.randint(np.iinfo(np.int32).max))
    return estimator


def _choose(
    lengths: Ints, share: float, random_state: np.random.RandomState
) -> NDArray[np.bool_]:
    """Mark a share of the sequences, at least one, but never the longest.

    Some decoders write no sequence longer than those that they were trained on.
    """
    order = random_state.permutation(len(lengths))
    order = order[order != lengths.argmax()]
    n = min(max(round(share * len(lengths)), 1), len(order) - 1)
    chosen = np.zeros(len(lengths), dtype=bool)
    chosen[order[:n]] = True
    return chosen


def _is_rectangular(X: list[Any]) -> bool:
    """Return whether scikit-learn would take a list for a table of numbers."""
    rows = all(isinstance(row, list) and len(row) == len(X[0]) for row in X)
    return rows and not any(np.ndim(value) for row in X for value in row)
