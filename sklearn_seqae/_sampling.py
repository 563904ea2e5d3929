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
    """Return whether embeddings are, or will be, trained towards a prior."""
    fitted = getattr(estimator, "_autoencoder", None)
    if estimator.kl_weight > 0 if fitted is None else fitted.design.variational:
        return True
    raise AttributeError(
        "sample is not available: without kl_weight there is no prior to draw from; "
        "set kl_weight, and fit."
    )


class SamplingMixin:
    """Add sampling: embeddings drawn from the prior and decoded."""

    _autoencoder: Autoencoder

    if TYPE_CHECKING:

        def inverse_transform(self, Z: Any) -> Any: ...

    @available_if(_has_prior)
    def sample(self, n_samples: int = 1, random_state: Any = None) -> Any:
        """Draw new sequences, like those in `fit`.

        Embeddings are drawn from the standard normal distribution and decoded. The
        length component is drawn, too, between the shortest and the longest sequence in
        `fit`. Without a length component, sequences have `max_length_` time steps.
        Available after a fit with `kl_weight`.

        Parameters
        ----------
        n_samples : int, default=1
            Number of sequences.
        random_state : int, RandomState instance or None, default=None
            Seed or generator. None takes a new seed from the system.

        Returns
        -------
        X : list of arrays, array or dataframe
            The kind of container seen in `fit`, in original units.
        """
        check_is_fitted(self)
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        chance = own_random_state(random_state)
        return self.inverse_transform(self._autoencoder.sample(n_samples, chance))
