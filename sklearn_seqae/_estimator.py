"""The estimator: the story, told in calls to the rooms."""

from __future__ import annotations

from typing import Any, Self

from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._autoencoder import Autoencoder, train_autoencoder
from sklearn_seqae._design import Design
from sklearn_seqae._diagram import DiagramMixin
from sklearn_seqae._exports import KerasModelsMixin
from sklearn_seqae._forecasting import ForecastingMixin
from sklearn_seqae._inputs import Container
from sklearn_seqae._outputs import from_ragged, ids_of_rows, with_ids
from sklearn_seqae._parameters import PARAMETER_CONSTRAINTS
from sklearn_seqae._ragged import RaggedArray
from sklearn_seqae._roundtrip import RoundTripMixin
from sklearn_seqae._sampling import SamplingMixin
from sklearn_seqae._scaling import fit_scaler, make_scaler, scale, unscale
from sklearn_seqae._validation import (
    check_features_observed,
    check_horizon,
    check_one_each,
    own_random_state,
    unchanged_on_error,
    validate_embedding,
    validate_lengths,
    validate_sequences,
)
from sklearn_seqae._weighting import merge_repeated


class LSTMAutoencoderTransformer(
    DiagramMixin,
    ForecastingMixin,
    KerasModelsMixin,
    RoundTripMixin,
    SamplingMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Embed variable-length sequences into vectors, and decode vectors into sequences.

    An LSTM autoencoder [1]_: the encoder reads a sequence, a vector is made of its
    states, the decoder writes the sequence from that vector alone. Scaling, padding,
    batching and the lengths of the sequences are taken care of.

    Parameters
    ----------
    n_components : int or None, default=None
        Size of the embedding, the length component included: a layer makes it of the
        pooled states. None leaves this layer out: they are the embedding then, 640
        numbers and the length by default.
    hidden_layer_sizes : int or array-like of int, default=(64,)
        LSTM units per encoder layer.
    bidirectional : bool, default=True
        Whether the encoder reads sequences both ways.
    length_component : bool or "auto", default="auto"
        Whether the last component is the standardized logarithm of the length, which
        `inverse_transform` then gets back exactly; it takes `max_length_` otherwise.
        "auto": if the lengths in `fit` differ and `n_components > 1`.
    differences : bool, default=True
        Whether the encoder reads, beside each time step, by how much it differs from
        the one `patch_size` before, divided by the root mean square in `fit`.
    patch_size : int or "auto", default="auto"
        Time steps that one LSTM step reads and writes together. "auto" is
        ``max(1, round(median length / 32))``.
    pooling : str or tuple of str, default=("last", "mean", "max", "min", "std", \
            "attention")
        How the states of every encoder layer and direction are pooled over time: one
        kind or several. "attention" is a mean weighted by a softmax.
    activation : {"tanh", "relu"}, default="tanh"
        Activation of the LSTM layers.
    decoder : {"repeat", "unfold", "reshape", "single_shot"}, default="repeat"
        How a vector becomes a sequence, from its end to its beginning [2]_: LSTM layers
        read it at every step ("repeat"), with the step that they wrote before
        ("unfold"), or one part of it at a time ("reshape", and "single_shot", where a
        Dense layer makes all steps of their last state). The latter two cut the vector,
        but for the length component, into as many equal parts as the longest sequence
        in `fit` has LSTM steps, and write none that are longer.
    decoder_layer_sizes : int or array-like of int, default=None
        LSTM units per decoder layer, from the vector to the sequence. None is
        `hidden_layer_sizes` in reverse.
    scaler : {"standard", "minmax", "robust"}, transformer or None, default="standard"
        Fitted on all time steps of all sequences stacked, per feature, ignoring NaN.
        An instance is cloned.
    noise : float, default=0.0
        Standard deviation of the Gaussian noise, fresh in every epoch, that is added in
        training to what the encoder reads (not to what the decoder is to write), in
        scaled units [3]_.
    mask_ratio : float, default=0.3
        Share of the LSTM steps that are hidden from the encoder in training, others in
        every epoch.
    dropout : float, default=0.0
        Share of its inputs that each LSTM layer, of encoder and decoder, leaves out in
        training: others for every sequence and update, the same at all of its steps.
    recurrent_dropout : float, default=0.0
        Likewise of the hidden state where the next step reads it [4]_, the same for all
        gates.
    sparsity_weight : float, default=0.0
        Weight, beside the reconstruction's mean squared error, of the L1 norm of the
        embedding without its length component, a mean over sequences: drives components
        to zero that are not worth it.
    kl_weight : float, default=0.0
        If positive, a variational autoencoder [5]_: an embedding is the mean of a
        normal distribution, what is decoded in training is drawn from it, and the
        distributions are pulled towards the standard normal one, from which `sample`
        draws. This is the beta of [6]_, and the variance of the normal noise for which
        the loss is the evidence lower bound. Needs an int for `n_components`.
    contrastive_weight : float, default=0.3
        Weight, beside the reconstruction's loss, of a second one by which the pooled
        states of a sequence and of a random crop of it, of half its length or more, are
        to be recognised as such among those of other sequences [7]_. If positive, crops
        are reconstructed, too.
    forecast_horizon : int or None, default=None
        Time steps that `forecast` predicts at a time. A second decoder learns to write
        them from the embedding and the last eight values of a prefix of the sequence,
        cut at random and reconstructed as well [1]_. None is no such decoder.
    epochs : int or "auto", default="auto"
        Passes over the sequences. "auto": as many as make 2,000 updates, 10 at least.
    batch_size : int, default=32
        Sequences per update.
    optimizer : str, class or instance of keras.optimizers.Optimizer, default="adam"
        As Keras takes it. By name or class it gets `learning_rate` and clips the norm
        of the gradients at 1; an instance is copied and used as it is.
    learning_rate : float, default=3e-3
        Ignored where `optimizer` is an instance, which has its own.
    learning_rate_schedule : {"cosine"} or None, default="cosine"
        "cosine" lets the learning rate rise to `learning_rate` for the first twentieth
        of all updates and then fall like half a cosine; None keeps it. Ignored where
        `optimizer` is an instance.
    early_stopping : bool, default=False
        Set `validation_fraction` of the sequences aside, stop when their loss has not
        become better by `tol` for `n_iter_no_change` epochs, and keep the weights of
        the best epoch. If False, all `epochs` are run.
    validation_fraction : float, default=0.1
        Share of the sequences set aside for early stopping.
    n_iter_no_change : int, default=10
        Epochs to wait for the validation loss to become better.
    tol : float, default=1e-4
        What counts as better.
    warm_start : bool, default=False
        Whether `fit` goes on from the previous fit, with its scaler, instead of
        starting anew.
    callbacks : list of keras.callbacks.Callback, default=None
        Called at the end of every epoch with the losses so far. The model they see is
        the one that is trained; it is used for other fits afterwards.
    verbose : int, default=0
        1 is a progress bar, 2 a line per epoch.
    random_state : int, RandomState instance or None, default=None
        Draws the initial weights and the batches. With an int, fits on one machine are
        equal to the bit. None draws from the operating system; NumPy's global generator
        is left alone.

    Attributes
    ----------
    scaler_ : transformer or None
        The fitted scaler.
    patch_size_ : int
        Time steps per LSTM step.
    max_length_ : int
        Time steps of the longest sequence seen in `fit`.
    history_ : dict of list of float
        Means of every epoch, NaN where there was none: "loss", the squared error over
        observed values in scaled units (with ``decoder="unfold"``, of steps told the
        true one before); "contrastive_loss" with `contrastive_weight`, a cross entropy;
        "forecast_loss" with `forecast_horizon`, as a share of the error of predicting
        no change; "kl" with `kl_weight`, in nats per sequence; "activity" with
        `sparsity_weight`. With early stopping "val_loss", forms of the last two, and
        "val_objective", the weighted sum that it looks at.
    n_iter_ : int
        Epochs run.
    n_features_in_ : int
        Columns of a table, 1 for a Series, else features of a time step.
    feature_names_in_ : ndarray of str
        Column names, where `X` was a dataframe with names.
    encoder_, decoder_, autoencoder_ : keras.Model
        Plain Keras models of stock layers with the fitted weights, which they share;
        built when asked for. They read and write scaled sequences, padded at the end
        (with NaN on the way in) to `max_length_`, rounded up to whole patches. NaN
        inside a sequence, which `transform` interpolates, they take for zero.
    forecaster_ : keras.Model
        Such a model of sequences to what follows, with `forecast_horizon`.

    Notes
    -----
    Twice the `sample_weight` is exactly the sequence given twice: equal sequences are
    merged before training. For the same reason the order of `X` does not matter.

    TensorFlow is imported when it is first needed, in `fit`. The first fit of an
    architecture compiles for some seconds; the compiled program is kept for later fits.

    References
    ----------
    .. [1] Srivastava, N., Mansimov, E. and Salakhutdinov, R. (2015). Unsupervised
       learning of video representations using LSTMs. ICML.
    .. [2] Sutskever, I., Vinyals, O. and Le, Q. V. (2014). Sequence to sequence
       learning with neural networks. NeurIPS.
    .. [3] Vincent, P., Larochelle, H., Bengio, Y. and Manzagol, P.-A. (2008).
       Extracting and composing robust features with denoising autoencoders. ICML.
    .. [4] Gal, Y. and Ghahramani, Z. (2016). A theoretically grounded application of
       dropout in recurrent neural networks. NeurIPS.
    .. [5] Kingma, D. P. and Welling, M. (2014). Auto-encoding variational Bayes. ICLR.
    .. [6] Higgins, I. et al. (2017). beta-VAE: learning basic visual concepts with a
       constrained variational framework. ICLR.
    .. [7] Chen, T., Kornblith, S., Norouzi, M. and Hinton, G. (2020). A simple
       framework for contrastive learning of visual representations. ICML.

    Examples
    --------
    >>> from sklearn_seqae import LSTMAutoencoderTransformer
    >>> from sklearn_seqae.datasets import make_sequences
    >>> X, y = make_sequences(n_samples=20, random_state=0)
    >>> ae = LSTMAutoencoderTransformer(n_components=4, epochs=2, random_state=0)
    >>> Z = ae.fit_transform(X)
    >>> Z.shape
    (20, 4)
    >>> [len(x) for x in ae.inverse_transform(Z)] == [len(x) for x in X]
    True
    """

    _parameter_constraints = PARAMETER_CONSTRAINTS

    # What fit sets and reads again
    _autoencoder: Autoencoder
    history_: dict[str, list[float]]
    max_length_: int
    n_iter_: int

    def __init__(
        self,
        n_components: int | None = None,
        *,
        hidden_layer_sizes: Any = (64,),
        bidirectional: bool = True,
        length_component: bool | str = "auto",
        differences: bool = True,
        patch_size: int | str = "auto",
        pooling: Any = ("last", "mean", "max", "min", "std", "attention"),
        activation: str = "tanh",
        decoder: str = "repeat",
        decoder_layer_sizes: Any = None,
        scaler: Any = "standard",
        noise: float = 0.0,
        mask_ratio: float = 0.3,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        sparsity_weight: float = 0.0,
        kl_weight: float = 0.0,
        contrastive_weight: float = 0.3,
        forecast_horizon: int | None = None,
        epochs: int | str = "auto",
        batch_size: int = 32,
        optimizer: Any = "adam",
        learning_rate: float = 3e-3,
        learning_rate_schedule: str | None = "cosine",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        warm_start: bool = False,
        callbacks: Any = None,
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.hidden_layer_sizes = hidden_layer_sizes
        self.bidirectional = bidirectional
        self.length_component = length_component
        self.differences = differences
        self.patch_size = patch_size
        self.pooling = pooling
        self.activation = activation
        self.decoder = decoder
        self.decoder_layer_sizes = decoder_layer_sizes
        self.scaler = scaler
        self.noise = noise
        self.mask_ratio = mask_ratio
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.sparsity_weight = sparsity_weight
        self.kl_weight = kl_weight
        self.contrastive_weight = contrastive_weight
        self.forecast_horizon = forecast_horizon
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state

    # Learning -------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn to embed and to decode sequences.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            Sequences: a list, tuple or 1-D object array of arrays of shape
            (n_timesteps, n_features), or (n_timesteps,) for one feature; a 3-D array
            padded with NaN at the end; a table whose rows are univariate sequences; a
            DataFrame indexed by series and time; columns of sequences (pandas, polars,
            pyarrow); a ragged tensor, an awkward array. NaN elsewhere is missing.
        y : Ignored
            Not used. If given, it must have an entry for each sequence.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sequence in the loss and, where it takes weights, the scaler.

        Returns
        -------
        self : LSTMAutoencoderTransformer
            Fitted.

        Raises
        ------
        ValueError, TypeError
            If the data or a parameter can't be used; what was fitted before stays.
        """
        with unchanged_on_error(self):
            self._fit(X, y, sample_weight)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(
        self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> NDArray[Any]:
        """Fit, and return the embeddings of the same sequences.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            As in `fit`.
        y : Ignored
            Not used, present for API consistency by convention.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_components)
            Embeddings.
        """
        with unchanged_on_error(self):
            scaled, container = self._fit(X, y, sample_weight)
            return with_ids(self._autoencoder.embed(scaled, container.dtype), X, self)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train for one epoch, going on from where the last call ended.

        The first call fits the scaler and decides `patch_size_` and whether the length
        is a component; later calls keep them.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            As in `fit`.
        y : Ignored
            Not used, present for API consistency by convention.
        sample_weight : array-like of shape (n_samples,), default=None
            As in `fit`.

        Returns
        -------
        self : LSTMAutoencoderTransformer
            Fitted.
        """
        with unchanged_on_error(self):
            self._validate_params()  # scikit-learn leaves it to the first call
            self._fit(X, y, sample_weight, partial=True)
        return self

    # Using what was learnt ------------------------------------------------------------

    def transform(self, X: Any) -> NDArray[Any]:
        """Embed sequences.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            As in `fit`, with the same features.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_components)
            Embeddings, float32 if `X` was, float64 otherwise. What a sequence gets does
            not depend on the other sequences.

        Raises
        ------
        ValueError, TypeError
            If a sequence can't be used or has other features than those in `fit`.
        """
        check_is_fitted(self)
        ragged, container = validate_sequences(self, X, reset=False)
        Z = self._autoencoder.embed(scale(self.scaler_, ragged), container.dtype)
        return with_ids(Z, X, self)

    def inverse_transform(self, Z: ArrayLike, lengths: ArrayLike | None = None) -> Any:
        """Decode embeddings, or any other finite vectors, into sequences.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_components)
            Vectors, cluster centres for example.
        lengths : array-like of shape (n_samples,), default=None
            Time steps to decode. None takes them from the length component, or
            `max_length_` where there is none.

        Returns
        -------
        X : list of arrays, array or dataframe
            The kind seen in `fit`, in original units; with the index of `Z`, if any.

        Raises
        ------
        ValueError
            If `Z` has another width, isn't finite, or means a length over 2**20 steps
            or longer than the decoder can write.
        """
        check_is_fitted(self)
        vectors = validate_embedding(self, Z)
        if lengths is None:
            n_timesteps = self._autoencoder.lengths(vectors, default=self.max_length_)
        else:
            n_timesteps = validate_lengths(lengths, len(vectors))
        decoded = self._autoencoder.decode(vectors, n_timesteps)
        return self._to_container(decoded, ids_of_rows(Z))

    # The steps of fit -----------------------------------------------------------------

    def _fit(
        self, X: Any, y: Any, sample_weight: ArrayLike | None, partial: bool = False
    ) -> tuple[RaggedArray, Container]:
        """Return the scaled sequences; all that is learnt is kept on ``self``."""
        parameters = self.get_params(deep=False)
        if partial:
            once = {"early_stopping": False, "learning_rate_schedule": None}
            parameters |= {"epochs": 1, **once}
        goes_on = (partial or self.warm_start) and hasattr(self, "_autoencoder")
        given, container = validate_sequences(self, X, reset=not goes_on)
        check_one_each(given, y=y, sample_weight=sample_weight)
        ragged, weight = merge_repeated(given, sample_weight)
        weight /= weight.max()  # their relation counts; clear of float32's limits
        check_horizon(ragged, self.forecast_horizon, container, goes_on=goes_on)
        if not goes_on:
            check_features_observed(ragged)
            self._container = container
            self._random_state = own_random_state(self.random_state)
            self.scaler_ = fit_scaler(make_scaler(self.scaler), ragged, weight)
        given = scale(self.scaler_, given)  # first: errors count sequences as given
        scaled = scale(self.scaler_, ragged)
        start = self._autoencoder if goes_on else None
        if start is None:
            design = Design.choose(parameters, scaled, weight)
        else:
            design = start.design
            design.check_same(parameters)
            design.check_decodable(given.lengths, "sequence {row}")
        self._autoencoder, result = train_autoencoder(
            design, scaled, weight, parameters, self._random_state, start
        )
        longest = int(ragged.lengths.max())
        self.patch_size_ = design.patch_size
        self.max_length_ = max(longest, self.max_length_) if goes_on else longest
        self.history_ = result.history_after(self.history_ if goes_on else {})
        self.n_iter_ = result.n_epochs + (self.n_iter_ if goes_on else 0)
        self._n_features_out = design.n_components
        self.__dict__.pop("_models", None)  # those of an earlier fit
        return given, container

    def _to_container(self, scaled: RaggedArray, ids: Any) -> Any:
        return from_ragged(unscale(self.scaler_, scaled), self._container, ids)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
