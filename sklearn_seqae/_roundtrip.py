"""Reconstruction of sequences, and its error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._inputs import ids_of_sequences
from sklearn_seqae._scaling import scale
from sklearn_seqae._validation import validate_sequences

if TYPE_CHECKING:
    from sklearn_seqae._autoencoder import Autoencoder
    from sklearn_seqae._ragged import RaggedArray


class RoundTripMixin:
    """Add reconstruction and its error to a fitted autoencoder."""

    _autoencoder: Autoencoder
    scaler_: Any

    if TYPE_CHECKING:

        def _to_container(self, scaled: RaggedArray, ids: Any) -> Any: ...

    def reconstruct(self, X: Any) -> Any:
        """Embed sequences and decode the embeddings.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            As in `fit`.

        Returns
        -------
        X_reconstructed : list of arrays, array or dataframe
            The kind of container seen in `fit`, in original units. Each sequence keeps
            its label and length, and missing values are filled.

        Raises
        ------
        ValueError, TypeError
            If a sequence can't be used or is longer than the decoder can write.
        """
        check_is_fitted(self)
        ragged, _ = validate_sequences(self, X, reset=False)
        decoded = self._autoencoder.reconstruct(scale(self.scaler_, ragged))
        return self._to_container(decoded, ids_of_sequences(X))

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Return the negative reconstruction error of each sequence.

        The lower the score, the more unusual the sequence.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            As in `fit`.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Negative mean squared error over observed values, in scaled units.

        Raises
        ------
        ValueError, TypeError
            If a sequence can't be used or is longer than the decoder can write.
        """
        check_is_fitted(self)
        ragged, _ = validate_sequences(self, X, reset=False)
        return -self._autoencoder.squared_errors(scale(self.scaler_, ragged))

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean of `score_samples`, so GridSearchCV can tune without labels.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            As in `fit`.
        y : Ignored
            Not used, present for API consistency by convention.

        Returns
        -------
        score : float
            At most zero, higher is better.
        """
        return float(np.mean(self.score_samples(X)))
