"""New sequences from the prior of a variational autoencoder."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

from sklearn.utils import check_scalar
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._validation import own_random_state

if TYPE_CHECKING:
    from sklearn_seqae._autoencoder import Autoencoder


def _has_prior(estimator: Any) -> bool:
    """Whether embeddings are, or will be, trained towards a prior."""
    fitted = getattr(estimator, "_autoencoder", None)
    if estimator.kl_weight > 0 if fitted is None else fitted.design.variational:
        return True
    raise AttributeError("sample draws from a prior, which takes a fit with kl_weight")


class SamplingMixin:
    """Draw embeddings from the prior, and decode them."""

    _autoencoder: Autoencoder

    if TYPE_CHECKING:

        def inverse_transform(self, Z: Any) -> Any: ...

    @available_if(_has_prior)
    def sample(self, n_samples: int = 1, random_state: Any = None) -> Any:
        """Draw new sequences, like those in `fit`.

        Embeddings are drawn from the standard normal distribution and decoded. So is
        the length component, between the shortest and the longest sequence in `fit`;
        without one, sequences have `max_length_` time steps. Available after a fit with
        `kl_weight`.

        Parameters
        ----------
        n_samples : int, default=1
            How many.
        random_state : int, RandomState instance or None, default=None
            Draws them. None draws from the operating system.

        Returns
        -------
        X : list of arrays, array or dataframe
            The container kind seen in `fit`, in original units.
        """
        check_is_fitted(self)
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        chance = own_random_state(random_state)
        return self.inverse_transform(self._autoencoder.sample(n_samples, chance))
