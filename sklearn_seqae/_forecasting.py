"""Forecasts: what comes next in a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.utils._param_validation import Interval
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._inputs import ids_of_sequences
from sklearn_seqae._ragged import RaggedArray
from sklearn_seqae._scaling import scale
from sklearn_seqae._validation import validate_sequences

if TYPE_CHECKING:
    from sklearn_seqae._autoencoder import Autoencoder


def _forecasts(estimator: Any) -> bool:
    return True


class ForecastingMixin:
    _autoencoder: Autoencoder
    max_length_: int
    scaler_: Any

    @available_if(_forecasts)
    def forecast(self, X: Any, n_steps: int | None = None) -> Any:
        check_is_fitted(self)
        ragged, _ = validate_sequences(self, X, reset=False)
        scaled = scale(self.scaler_, ragged)
        n = n_steps or self._autoencoder.design.forecast_horizon
        future = self._autoencoder.forecast(scaled, n, self.max_length_)
        return self._to_container(future, ids_of_sequences(X))
