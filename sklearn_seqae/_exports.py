"""Keras models of a fitted estimator."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from sklearn.utils.validation import check_is_fitted

if TYPE_CHECKING:
    from sklearn_seqae._autoencoder import Autoencoder
    from sklearn_seqae._keras.models import Models


class KerasModelsMixin:
    """Add the Keras models of a fitted network, built on demand and never pickled."""

    _autoencoder: Autoencoder
    max_length_: int

    @property
    def encoder_(self) -> Any:
        """Keras model: padded, scaled sequences to embeddings."""
        return self._models.encoder

    @property
    def decoder_(self) -> Any:
        """Keras model: embeddings to padded, scaled sequences."""
        return self._models.decoder

    @property
    def autoencoder_(self) -> Any:
        """Keras model: the decoder after the encoder."""
        return self._models.autoencoder

    @property
    def forecaster_(self) -> Any:
        """Keras model: padded, scaled sequences to the time steps that follow them."""
        if self._models.forecaster is None:
            raise AttributeError(
                "there is no forecaster_: forecast_horizon was None in fit; set it to "
                "the number of time steps to predict, and fit."
            )
        return self._models.forecaster

    @cached_property
    def _models(self) -> Models:
        check_is_fitted(self)
        return self._autoencoder.keras_models(self.max_length_)

    def __dir__(self) -> list[str]:
        # scikit-learn's dir reads every name, and so does a notebook for the names that
        # dir lists. Reading one of these names would build models.
        models = {"encoder_", "decoder_", "autoencoder_", "forecaster_", "_models"}
        names = set(object.__dir__(self)) - models
        return sorted(name for name in names if hasattr(self, name))

    def __getstate__(self) -> dict[str, Any]:
        state: Any = super().__getstate__()
        # Models are built again on demand; the rest are arrays and values.
        return {name: value for name, value in state.items() if name != "_models"}
