"""Forecasts: the time steps that follow a sequence."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

from sklearn.utils import check_scalar
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._inputs import ids_of_sequences
from sklearn_seqae._lengths import MAX_LENGTH
from sklearn_seqae._outputs import container_ahead, from_ragged
from sklearn_seqae._scaling import scale, unscale
from sklearn_seqae._validation import validate_sequences

if TYPE_CHECKING:
    from sklearn_seqae._autoencoder import Autoencoder
    from sklearn_seqae._inputs import Container


def _forecasts(estimator: Any) -> bool:
    """Return whether forecasts were trained or, before fit, will be."""
    fitted = getattr(estimator, "_autoencoder", None)
    known = estimator if fitted is None else fitted.design
    if known.forecast_horizon is None:
        raise AttributeError(
            "forecast is not available: forecast_horizon is None; set it to the number "
            "of time steps to predict, and fit."
        )
    return True


class ForecastingMixin:
    """Add forecasts to a fitted network."""

    _autoencoder: Autoencoder
    _container: Container
    max_length_: int
    scaler_: Any

    @available_if(_forecasts)
    def forecast(self, X: Any, n_timesteps: int | None = None) -> Any:
        """Predict the time steps that follow each sequence.

        Available with `forecast_horizon`. To look further ahead, the forecast is
        appended to the sequence, which is embedded again, and so on.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            As in `fit`. Of a sequence longer than `max_length_`, only the last
            `max_length_` time steps are read.
        n_timesteps : int, default=None
            Number of time steps to predict, up to 2**20. None is `forecast_horizon`.

        Returns
        -------
        X_next : list of arrays, array or dataframe
            The kind of container seen in `fit`, in original units: the `n_timesteps`
            time steps that follow each sequence. Times of a long table count from 0.
            Columns of a table of rows follow those seen in `fit`. The forecast of a
            sequence does not depend on the other sequences.

        Raises
        ------
        ValueError, TypeError
            If a sequence can't be used or has other features than those in `fit`, or if
            `n_timesteps` is not such a number.
        """
        check_is_fitted(self)
        network = self._autoencoder
        n: Any = network.design.forecast_horizon if n_timesteps is None else n_timesteps
        check_scalar(n, "n_timesteps", Integral, min_val=1, max_val=MAX_LENGTH)
        ragged, _ = validate_sequences(self, X, reset=False)
        scaled = scale(self.scaler_, ragged)
        ahead = network.forecast(scaled, n, longest=self.max_length_)
        container = container_ahead(self._container, n)
        return from_ragged(unscale(self.scaler_, ahead), container, ids_of_sequences(X))
