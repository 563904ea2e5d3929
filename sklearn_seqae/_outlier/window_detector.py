"""An outlier detector for time steps of recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._containers.gate import Features
from sklearn_seqae._containers.kinds import Container
from sklearn_seqae._containers.ragged import RaggedArray
from sklearn_seqae._containers.readers.misread import warn_of_ids
from sklearn_seqae._outlier.crossfit import N_FOLDS
from sklearn_seqae._outlier.detector import (
    Detector,
    LSTMAutoencoderOutlierDetector,
    seeded,
)
from sklearn_seqae._outlier.explanation import Explanation, attribution, explanations
from sklearn_seqae._outlier.judging import Judge, threshold_of_alarms
from sklearn_seqae._outlier.recordings import Recordings, read_recordings
from sklearn_seqae._sequences.schema import Given
from sklearn_seqae._utils import own_random_state, snapshot

HELD_OUT = 0.2  # share of each recording, its end, that tells the threshold
RISK = 1e-4  # alarms a time step
EVERY = 1000  # time steps to which alarms relate where there are no days
N_TRAINED = 2000  # windows
# To the checks of features, all time steps of recordings are one table
TABLE = Container("array_2d", "float64")


class WindowOutlierDetector(Detector):
    """Detect unusual stretches of long recordings, time step by time step.

    A recording is cut into overlapping windows, which an
    `LSTMAutoencoderOutlierDetector` judges as sequences, and a time step has the mean
    over those that it is in. Short windows tell better where a fault is: of these it is
    the mean of the Mahalanobis distances of their values. Each is brought to one unit,
    in which 0 is the 0.8 quantile in `fit`, and 1 the mean of what is above. The score
    is their sum, negated, where short windows count only above 0.

    Recordings are an array of shape (n_timesteps, n_features) or (n_timesteps,), or a
    frame or Series of pandas, indexed by time; a list of these; or a long table of
    several, indexed by series and time. NaN is a missing value.

    Windows span no gap: a step in time more than five times as long as nine in ten
    steps are, or a run of more than five time steps of which nothing is observed.

    Parameters
    ----------
    estimator : LSTMAutoencoderOutlierDetector, default=None
        Cloned and fitted on at most 2000 windows, evenly spaced. Its `contamination`
        does not count. None is one with default parameters.
    window : int or "auto", default="auto"
        Time steps of a window. "auto" is the period of the recordings, the first high
        peak of their autocorrelation [1]_, up to 1000 time steps. It is 100 where
        nothing repeats, and at most an eighth of the longest recording.
    stride : int or "auto", default="auto"
        Time steps from one window to the next. "auto" is an eighth of a window.
    contamination : "auto" or float, default="auto"
        Share of outliers among the time steps in `fit`, at most 0.5, which defines the
        threshold `offset_`. "auto" expects one false alarm in 10,000 time steps, as
        extreme value theory has it [2]_, from the last fifth of each recording, on
        which the estimator is not trained then. It should have next to no outliers.
    false_alarms : float, default=None
        False alarms that one can bear, a day where times are dates or durations, else
        in 1,000 time steps. It defines the threshold as "auto" does, for recordings in
        `fit` that are usual. An alarm is a run of outliers; runs less than a window
        apart count as one.
    random_state : int, RandomState instance or None, default=None
        Seed of an `estimator` without one.

    Attributes
    ----------
    estimator_ : LSTMAutoencoderOutlierDetector
        The fitted estimator of windows.
    window_ : int
        Time steps of a window.
    stride_ : int
        Time steps from one window to the next.
    offset_ : float
        Threshold: ``decision_function(X) = score_samples(X) - offset_``.
    n_features_in_ : int
        Features of a time step.
    feature_names_in_ : ndarray of str
        Names of the features, if `X` was a dataframe with names.

    See Also
    --------
    LSTMAutoencoderOutlierDetector : Judges whole sequences.
    to_windows : Cut recordings into windows, for embeddings of them.

    Notes
    -----
    The last windows end with the recording. So the scores of its last `m` time steps
    are those of ``X[-(m + window_ - 1):]``: on a stream, keep the last ``window_ - 1``
    time steps, and score them with what has come. A time step has its final score when
    `window_` more have come.

    References
    ----------
    .. [1] Vlachos, M., Yu, P. and Castelli, V. (2005). On periodicity detection and
       structural periodic similarity. SIAM International Conference on Data Mining.
    .. [2] Siffer, A., Fouque, P.-A., Termier, A. and Largouet, C. (2017). Anomaly
       detection in streams with extreme value theory. KDD.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqae import (
    ...     LSTMAutoencoderOutlierDetector,
    ...     LSTMAutoencoderTransformer,
    ...     WindowOutlierDetector,
    ... )
    >>> rng = np.random.default_rng(0)
    >>> x = np.sin(np.arange(1500) / 4) + rng.normal(scale=0.1, size=1500)
    >>> usual, new = x[:1000], x[1000:]
    >>> new[300:320] = new[300]  # stuck
    >>> autoencoder = LSTMAutoencoderTransformer(
    ...     n_components=8, hidden_layer_sizes=16, epochs=20
    ... )
    >>> detector = WindowOutlierDetector(
    ...     LSTMAutoencoderOutlierDetector(autoencoder), random_state=0
    ... ).fit(usual)
    >>> detector.window_, bool(300 <= detector.score_samples(new).argmin() < 320)
    (25, True)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "estimator": [LSTMAutoencoderOutlierDetector, None],
        "window": [StrOptions({"auto"}), Interval(Integral, 2, None, closed="left")],
        "stride": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "contamination": [StrOptions({"auto"}), Interval(Real, 0, 0.5, closed="right")],
        "false_alarms": [Interval(Real, 0, None, closed="neither"), None],
        "random_state": ["random_state"],
    }

    _saved_as: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {**Detector._saved_as, "_judge": Judge}
    )

    # Set by fit
    estimator_: LSTMAutoencoderOutlierDetector
    _judge: Judge

    def __init__(
        self,
        estimator: LSTMAutoencoderOutlierDetector | None = None,
        *,
        window: int | str = "auto",
        stride: int | str = "auto",
        contamination: float | str = "auto",
        false_alarms: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.window = window
        self.stride = stride
        self.contamination = contamination
        self.false_alarms = false_alarms
        self.random_state = random_state

    def score_samples(self, X: Any) -> Any:
        """Return how usual each time step is.

        Parameters
        ----------
        X : array, DataFrame, Series or list of them
            Recordings, with the features of those in `fit`.

        Returns
        -------
        scores : ndarray or Series of shape (n_timesteps,)
            The lower, the more unusual. A Series on the index of `X`, if that is of
            pandas; of a list, a Series by recording and time. NaN where nothing is
            observed, or in a part that is shorter than a quarter of a window: there is
            no telling.

        Raises
        ------
        ValueError, TypeError
            If the recordings can't be used, or have other features than those in `fit`.
        """
        check_is_fitted(self)
        fitted = snapshot(self)
        of = fitted._read(X)
        judged = fitted._judge.judged(of, fitted._scaled(of), fitted._excess)
        return of.give(fitted._judge.scores(judged))

    def _explain(self, X: Any) -> list[Explanation]:
        of, inner = self._read(X), self.estimator_
        fitted = inner.estimator_._fitted
        model = fitted.network, inner._chains, inner._usual
        found = self._judge.explained(
            of, self._scaled(of), lambda w: attribution(*model, w, n_stretches=0)
        )
        given = Given(of.sequences, of.container)
        return explanations(
            fitted.schema, given, found, of.ids, of.moments, self.offset_
        )

    def _read(self, X: Any) -> Recordings:
        of = read_recordings(X)
        self._seen.check(of.table, of.sequences, TABLE, type(self).__name__)
        return of

    @property
    def window_(self) -> int:
        """Time steps of a window."""
        return self._judge.window

    @property
    def stride_(self) -> int:
        """Time steps from one window to the next."""
        return self._judge.stride

    # The steps ------------------------------------------------------------------------

    def _fit(self, X: Any, y: Any) -> None:
        if self.false_alarms is not None and self.contamination != "auto":
            raise ValueError(
                f"contamination is {self.contamination!r} and false_alarms is "
                f"{self.false_alarms!r}, but there is one threshold; leave one out."
            )
        of = read_recordings(X)
        if isinstance(X, pd.DataFrame) and not of.container.levels:
            warn_of_ids(X)
        sequences, name = of.sequences, type(self).__name__
        container = replace(TABLE, n_columns=sequences.n_features)
        self._seen = Features.of(of.table, sequences, container)
        judge = Judge.choose(of, self.window, self.stride)
        is_new = np.zeros(sequences.n_timesteps, bool)
        if self.contamination == "auto":
            lengths = np.repeat(sequences.lengths, sequences.lengths)
            is_new = sequences.positions >= (1 - HELD_OUT) * lengths
        windows = judge.windows(of).without(is_new)
        n = len(windows.starts)
        if n < N_FOLDS:
            raise ValueError(
                f"X holds n_samples={len(is_new)} time steps, but {name} learns from "
                f"{n} windows of {judge.window} of them, and needs at least {N_FOLDS}; "
                "pass longer recordings, or a smaller window."
            )
        generator = own_random_state(self.random_state)
        estimator = self.estimator or LSTMAutoencoderOutlierDetector()
        trained = windows.evenly(N_TRAINED).named(of)
        self.estimator_ = seeded(estimator, generator).fit(trained)
        scaled = self._scaled(of)
        judge = judge.learn_short(of, scaled.numbers, is_new)
        judged = judge.judged(of, scaled, self._excess)
        self._judge = judge.learn_tails(judged[:, ~is_new])
        scores = self._judge.scores(judged)
        if not isinstance(self.contamination, str):
            self.offset_ = float(np.nanquantile(scores, self.contamination))
            return
        n_alarms, days = RISK * len(scores), of.days(judge.usual_step)
        if self.false_alarms is not None:
            n_alarms = self.false_alarms * (days or len(scores) / EVERY)
        self.offset_ = threshold_of_alarms(scores, is_new, judge.window, n_alarms)

    def _scaled(self, of: Recordings) -> RaggedArray:
        schema = self.estimator_.estimator_._fitted.schema
        return schema.encode(Given(of.sequences, of.container)).scaled

    def _excess(self, windows: RaggedArray) -> NDArray[np.float64]:
        measures = self.estimator_._measure(windows)
        return self.estimator_._usual.excess(measures)

    @classmethod
    def _check_fitted(cls, attributes: Mapping[str, Any]) -> None:
        estimator = attributes["estimator_"]
        check_is_fitted(estimator)
        judge, found = attributes["_judge"], attributes["_seen"].n_features
        n_features = estimator._features.n_features
        known = estimator.estimator_._fitted.network.preprocessing
        widths = {judge.short * known.n_numbers}
        if judge.fine is not None:
            widths |= judge.fine.n_columns
        if found != n_features or len(widths) != 1:
            raise ValueError(
                f"X has {found} features and short windows {widths} numbers; expected "
                f"{n_features} features, and one number"
            )
