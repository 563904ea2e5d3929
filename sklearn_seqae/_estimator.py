"""The estimator: the whole story, in calls to the rooms that hold the details.

`fit`: containers become one ragged array (`_containers`), which is scaled
(`_sequences`) and cut into patches (`_patches`); a network is chosen (`_network`) and
trained (`_keras`). What it leaves is `_fitted`.
`transform` and `inverse_transform` take the same way there and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from numbers import Integral, Real
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import TransformerMixin, _fit_context
from sklearn.utils import Tags, check_scalar
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from sklearn_seqae._containers.chunks import SequenceChunks, for_each_chunk
from sklearn_seqae._containers.dask import is_dask, map_partitions
from sklearn_seqae._containers.gate import Features
from sklearn_seqae._containers.ragged import offsets_from_lengths
from sklearn_seqae._containers.readers import ids_of_sequences
from sklearn_seqae._containers.writers import ids_of_rows, with_ids
from sklearn_seqae._fitted.autoencoder import Autoencoder
from sklearn_seqae._fitted.fitted import Fitted
from sklearn_seqae._fitted.saving import SequenceEstimator
from sklearn_seqae._fitted.scores import errors, errors_by_feature, log_probabilities
from sklearn_seqae._network.decoders import DECODERS
from sklearn_seqae._patches.exact import MAX_LENGTH
from sklearn_seqae._patches.prefixes import check_horizon, tails
from sklearn_seqae._patches.source import Source, as_read, read_source
from sklearn_seqae._sequences.scaling import SCALERS
from sklearn_seqae._sequences.schema import Encoded, Schema, first_of, last_of
from sklearn_seqae._sequences.vocabulary import FeatureCategories
from sklearn_seqae._utils import (
    available_if,
    drawn_back_on_error,
    own_random_state,
    snapshot,
    warn_of_ignored_rate,
)
from sklearn_seqae._utils.claim import claimed
from sklearn_seqae._utils.documentation import PAGE_OF_ESTIMATOR, visual_block

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # scikit-learn before 1.9 has no callbacks

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing."""


AUTO = StrOptions({"auto"})
POSITIVE_INT = Interval(Integral, 1, None, closed="left")
NON_NEGATIVE = Interval(Real, 0, None, closed="left")
SHARE = Interval(Real, 0, 1, closed="left")


def _check_forecasts(estimator: Any) -> None:
    """Raise unless forecasts were trained or, before fit, will be."""
    fitted = getattr(estimator, "_fitted", None)
    known = estimator if fitted is None else fitted.network.preprocessing
    if known.forecast_horizon is None:
        raise AttributeError(
            "forecast is not available: forecast_horizon is None; set it to the number "
            "of time steps to predict, and fit."
        )


def _check_categories(estimator: Any) -> None:
    """Raise if fit saw no categories."""
    fitted = getattr(estimator, "_fitted", None)
    if fitted is not None and not fitted.schema.events.n_codes:
        raise AttributeError(
            "there are no distributions of categories: all features in fit were "
            "numbers; name those that are categories in categorical_features, and fit."
        )


def _check_prior(estimator: Any) -> None:
    """Raise unless embeddings are, or will be, trained towards a prior."""
    fitted = getattr(estimator, "_fitted", None)
    trained = None if fitted is None else fitted.network.architecture.variational
    if not (estimator.kl_weight > 0 if trained is None else trained):
        raise AttributeError(
            "sample is not available: without kl_weight there is no prior to draw "
            "from; set kl_weight, and fit."
        )


class LSTMAutoencoderTransformer(
    CallbackSupportMixin,
    TransformerMixin,
    SequenceEstimator,
):
    """Embed sequences of any length as vectors, and decode vectors into sequences.

    An LSTM autoencoder [1]_. The encoder reads a sequence; pooled over time, its states
    are the embedding. The decoder writes the sequence from the embedding alone. The
    estimator takes care of scaling, padding, batching and lengths.

    A newcomer needs no more than the first ten parameters, up to `patch_size`: what is
    in the embedding, what comes in, and the size of the network. Then come the rest of
    the network, losses and regularization, and training.

    Parameters
    ----------
    n_components : int or None, default=None
        Size of the embedding, `exact_components` included: a layer, the bottleneck,
        makes the others of the pooled states. None has no bottleneck: the pooled states
        are the embedding, a number for each unit, direction, layer and kind of pooling.
    exact_components : "auto" or list of {"instance_norm", "shape", "texture", \
            "ngrams", "category_means", "length"}, default="auto"
        Components that are no work of the network but numbers of the sequence; ``()``
        for none. They come after the others, in this order. Decoding restores "shape",
        "instance_norm" and "length" exactly:

        - "instance_norm": the mean and log scale of each feature. The encoder also
          reads each sequence in units of its own, and the decoder writes it in them:
          each feature less its mean, by its standard deviation over the sequence
          (reversible instance normalization [8]_). So sequences count alike in the
          loss. The scale of a short or constant one is drawn towards that of the
          others. Means and scales that are alike in all of `fit` take no components.
        - "shape": coefficients of each feature's discrete cosine transform [10]_, of
          the cosines that are strongest in `fit`: half as many as the median sequence
          has time steps, at most 32 a feature and 256 in all.
        - "texture": for 504 fixed kernels, the share of time steps at which one
          responds. They are those of MiniRocket [9]_, dilated up to the length of a
          sequence; each reads one or several features, in common or own units, or
          changes from one time step to the next.
        - "ngrams": the logarithm of how often one to three categories follow one
          another, of each column and pair of columns; at most 512, so the most numerous
          n-grams share theirs [11]_.
        - "category_means": of sequences with both, the mean of each number at events of
          each category, and at those right after one: how much, how long after. At most
          128, so of many categories some share a mean.
        - "length": the standardized logarithm of the length. Without it, every decoded
          sequence has `max_length_` time steps.

        "auto" has "length" if the lengths in `fit` differ and `n_components` is not 1.
        It has the others as far as exact components are at most half of `n_components`,
        and cosines at most an eighth, with a decoder that does not cut the embedding;
        "shape" and "texture" not if there are categories, and as many "ngrams" and
        "category_means" as there is room for.
    forecast_horizon : int or None, default=None
        Time steps that `forecast` predicts at a time, by a second decoder [1]_. It
        reads the embedding and the last eight time steps of a prefix, which is cut at
        random and reconstructed as well. None has no such decoder. The next category
        is told by what followed the last events in `fit`, too [12]_.
    scaler : {"standard", "minmax", "robust"}, transformer or None, default="standard"
        Scaler of the features, fitted on all time steps but for NaN. An instance is
        cloned.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Features that are categories: "from_dtype" for columns of text, Categorical or
        Enum, Arrow dictionaries; or their names, numbers, or a mask, which may name
        numbers and booleans, too. None for none, so that text is an error. The encoder
        learns a vector for each category. The loss is the cross-entropy, divided by
        that of predicting how often each occurs. A missing category is one of its own,
        if there are any in `fit`.
    max_categories : int, "auto" or None, default="auto"
        Categories of a feature that are told apart, the infrequent ones as one of them,
        as in `OneHotEncoder`. "auto" is 1000, with a warning where there are more. None
        is no limit: the time of an epoch grows with their number.
    time : bool or "auto", default="auto"
        Whether the logarithm of the time since the event before is a feature, and the
        moment of the first event the last component, so that decoded times start where
        they did and rise. It takes a DataFrame indexed by series and time, or what
        `to_sequences` makes of categories with an `order`. "auto" is True if there are
        categories. Where all events are equally far apart, there is no such feature,
        and decoded times count from 0.
    hidden_layer_sizes : int or array-like of int, default=(64,)
        LSTM units per encoder layer.
    bidirectional : bool, default=True
        Whether the encoder reads sequences both ways.
    patch_size : int or "auto", default="auto"
        Time steps that one LSTM step reads and writes together. "auto" is
        ``max(1, round(median length / 32))``.
    encoder_inputs : "auto" or list of {"differences", "kernels"}, default="auto"
        What the encoder reads of numbers beside them; ``()`` for nothing:

        - "differences": for each time step, its difference from the one `patch_size`
          before, divided by the root mean square in `fit`.
        - "kernels": the mean magnitude and the maximum, in each patch, of the responses
          of MiniRocket's fixed kernels [9]_: eight for each time step of a patch, at
          most 32. They find fine structure wherever in a patch it stands.

        "auto" is both, without kernels if there are categories or `patch_size_` is 1.
    pooling : str or tuple of str, default=("last", "mean", "max", "min", "std")
        How the states of every encoder layer and direction are pooled over time: one
        kind or several. "attention" is a mean weighted by a softmax.
    activation : {"tanh", "relu"}, default="tanh"
        Activation of the LSTM layers.
    decoder : {"repeat", "unfold", "reshape", "single_shot"}, default="repeat"
        Kind of decoder. All write a sequence from its end to its beginning [2]_.
        "repeat": LSTM layers read the embedding at every step. "unfold": they also read
        the step that they wrote before. "reshape": they read one part of the embedding
        after the other. "single_shot": so they do, and a Dense layer makes all steps of
        their last state. The last two cut the embedding, without its length, into equal
        parts for the LSTM steps of the longest sequence in `fit`, and write no longer
        one.
    decoder_layer_sizes : int or array-like of int, default=None
        LSTM units per decoder layer, from the embedding to the sequence. None is
        `hidden_layer_sizes` in reverse.
    contrastive_weight : float, default=0.3
        Weight of a contrastive loss [7]_. It matches each sequence with a random crop
        of half its length or more, among the others of a shard. If positive, crops are
        reconstructed, too.
    kl_weight : float, default=0.0
        Weight of the divergence of a variational autoencoder [5]_, if positive; the
        beta of [6]_. An embedding is then the mean of a normal distribution. Training
        decodes a draw from it, and pulls the distributions towards the standard normal
        one, from which `sample` draws. Needs an int for `n_components`.
    sparsity_weight : float, default=0.0
        Weight of the L1 norm of the embedding, without its exact components. It drives
        components to zero that do not help to reconstruct.
    mask_ratio : float, default=0.3
        Share of the LSTM steps that the encoder reads as zeros in training. Every epoch
        masks others.
    noise : float, default=0.0
        Standard deviation, in scaled units, of Gaussian noise on the encoder's input
        [3]_. Every epoch draws new noise. The decoder's target has none.
    dropout : float, default=0.0
        Share of its inputs that each LSTM layer drops in training. The same inputs are
        dropped at every step of a sequence [4]_; every update drops others.
    epochs : int or "auto", default="auto"
        Passes over the sequences. "auto" makes 250 to 500 updates, the more, the less
        the cosines in the vector leave to decode; or 10 epochs, if that is more, but
        not beyond 5000 updates. 0 leaves the initial weights, in a second or two.
    batch_size : int, default=32
        Sequences per update.
    learning_rate : float or keras.optimizers.schedules.LearningRateSchedule, \
            default=3e-3
        Highest learning rate: it rises for the first twentieth of all updates, and then
        falls along half a cosine; in `partial_fit` it is constant. Or a schedule of
        Keras. A callback that sets a learning rate ends either: that rate stands.
        Beside an `optimizer` instance, it is ignored with a warning.
    optimizer : str, class or instance of keras.optimizers.Optimizer, default="adam"
        As in Keras. A name or class gets `learning_rate` and clips the global norm of
        the gradients at 1. An instance is copied and keeps its own learning rate.
    early_stopping : bool, default=False
        Whether to hold out `validation_fraction` of the sequences, stop when their loss
        has not improved by 1e-4 for `n_iter_no_change` epochs, and keep the weights of
        the best epoch.
    validation_fraction : float, default=0.1
        Share of the sequences held out for early stopping, and for a callback whose
        `monitor` begins with ``"val_"``.
    n_iter_no_change : int, default=10
        Epochs to wait for an improvement.
    warm_start : bool, default=False
        Whether `fit` goes on from the previous fit, with its scaler, instead of
        starting anew.
    callbacks : list of keras.callbacks.Callback, default=None
        Called as by Keras: at the begin and end of training and of every epoch, and of
        every batch for those with batch hooks. Their model is the one that is trained;
        after the fit it serves other fits. With
        ``keras.callbacks.BackupAndRestore(backup_dir)``, a `fit` that was killed goes
        on, and ends at the same bits, given the same number of cores. `fit` writes a
        file in that folder about every ten seconds, at the end of an epoch, and removes
        it in the end, unless `delete_checkpoint` is False. To go on, call `fit` with
        the same data and parameters; others are an error. `partial_fit` has no such
        file.
    verbose : int, default=0
        0 is silent. 1 is a progress bar, or about ten lines in a log. 2 is a line after
        each call into TensorFlow: many short epochs, unless callbacks or early stopping
        look at each.
    random_state : int, RandomState instance or None, default=None
        Seed of initial weights and batches. With an int, fits on one machine are equal
        to the bit, given the same number of cores; where XLA can't compile, which a
        warning tells, but for the last bits. None draws a seed from the system; NumPy's
        global generator is never used.

    Attributes
    ----------
    scaler_ : transformer or None
        The fitted scaler.
    n_components_ : int
        Size of an embedding.
    exact_components_ : tuple of str
        Names of those in `exact_components` that there are.
    encoder_inputs_ : tuple of str
        Names of what the encoder reads, as in `encoder_inputs`.
    n_kernels_ : int
        Kernels whose responses it reads.
    patch_size_ : int
        Time steps per LSTM step.
    max_length_ : int
        Time steps of the longest sequence seen in `fit`.
    categories_ : list of ndarray or None
        The categories of each feature of a time step in `fit`, sorted; the last is None
        if some are missing. None in place of an array for a number.
    infrequent_categories_ : list of ndarray or None
        Those of them that count as one.
    history_ : dict of list of float
        Mean of each loss in every epoch, NaN for epochs without it. "loss" is the
        squared error over observed values (with ``decoder="unfold"``, under teacher
        forcing), and the cross-entropy of categories. With "instance_norm" among
        `exact_components_` it is in units of each sequence's own, else in scaled units,
        and of what the network writes: exact cosines don't count. `score` is always in
        scaled units, of what is decoded. With categories,
        "loss[page]" is the part of the column "page". "contrastive_loss", with
        `contrastive_weight`, is a cross entropy. "forecast_loss", with
        `forecast_horizon`, is relative to the error of predicting no change. "kl_loss",
        with `kl_weight`, is in nats per sequence. "sparsity_loss" comes with
        `sparsity_weight`. With held-out sequences there are "val_loss", the last two
        for those sequences, and "val_objective", the weighted sum that early stopping
        looks at.
    n_iter_ : int
        Epochs run.
    n_features_in_ : int
        Columns of a table, 1 for a Series, else features of a time step.
    feature_names_in_ : ndarray of str
        Column names, if `X` was a dataframe with names.
    sequence_feature_names_in_ : ndarray of str
        Names of the features of a time step, if sequences had them: columns of a long
        table, of a nested frame or of the frames in a list, or what `to_sequences`
        stored. Other methods raise an error if `X` has other names or another order.
    encoder_, decoder_, autoencoder_ : keras.Model
        Plain Keras models of stock layers, built on demand; they share the fitted
        weights. They read and write scaled sequences, padded at the end (with NaN on
        the way in) to `max_length_`, rounded up to whole patches; NaN inside a sequence
        is interpolated. Categories are codes, from 1 on, in the last features: the
        frequent ones in the order of `categories_`, the infrequent ones, the missing
        one. There are none where time is a feature.
    forecaster_ : keras.Model
        Such a model from sequences to what follows, with `forecast_horizon`.

    Notes
    -----
    A `sample_weight` of 2 equals the sequence passed twice, to the bit: equal sequences
    are merged before training. For the same reason the order of `X` does not matter.

    TensorFlow is imported when it is first needed, in `fit`. The first fit of an
    architecture compiles for some seconds. Later fits reuse the compiled program.

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
    .. [8] Kim, T. et al. (2022). Reversible instance normalization for accurate
       time-series forecasting against distribution shift. ICLR.
    .. [9] Dempster, A., Schmidt, D. F. and Webb, G. I. (2021). MiniRocket: a very fast
       (almost) deterministic transform for time series classification. KDD.
    .. [10] Ahmed, N., Natarajan, T. and Rao, K. R. (1974). Discrete cosine transform.
       IEEE Transactions on Computers.
    .. [11] Charikar, M., Chen, K. and Farach-Colton, M. (2002). Finding frequent items
       in data streams. ICALP.
    .. [12] Teh, Y. W. (2006). A hierarchical Bayesian language model based on
       Pitman-Yor processes. ACL.

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

    With default parameters, 64 units, 2 directions and 5 kinds of pooling, the mean and
    the scale of each of the two features, 14 cosines of each, 504 kernels, and the
    length:

    >>> LSTMAutoencoderTransformer(epochs=0, random_state=0).fit_transform(X).shape
    (20, 1177)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_components": [POSITIVE_INT, None],
        "exact_components": [AUTO, list, tuple],
        "forecast_horizon": [POSITIVE_INT, None],
        "scaler": [StrOptions(set(SCALERS)), HasMethods(["fit", "transform"]), None],
        "categorical_features": [StrOptions({"from_dtype"}), "array-like", None],
        "max_categories": [Interval(Integral, 2, None, closed="left"), AUTO, None],
        "time": ["boolean", AUTO],
        "hidden_layer_sizes": [POSITIVE_INT, "array-like"],
        "bidirectional": ["boolean"],
        "patch_size": [POSITIVE_INT, AUTO],
        "encoder_inputs": [AUTO, list, tuple],
        "pooling": [str, list, tuple],
        "activation": [StrOptions({"tanh", "relu"})],
        "decoder": [StrOptions(set(DECODERS))],
        "decoder_layer_sizes": [POSITIVE_INT, "array-like", None],
        "contrastive_weight": [NON_NEGATIVE],
        "kl_weight": [NON_NEGATIVE],
        "sparsity_weight": [NON_NEGATIVE],
        "mask_ratio": [SHARE],
        "noise": [NON_NEGATIVE],
        "dropout": [SHARE],
        "epochs": [Interval(Integral, 0, None, closed="left"), AUTO],
        "batch_size": [POSITIVE_INT],
        "learning_rate": [
            Interval(Real, 0, None, closed="neither"),
            HasMethods(["__call__", "get_config"]),
        ],
        "optimizer": [str, type, HasMethods(["apply_gradients", "get_config"])],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [POSITIVE_INT],
        "warm_start": ["boolean"],
        "callbacks": [None, list, tuple, dict, HasMethods(["on_epoch_end"])],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    # scikit-learn's diagram has a link there
    _doc_link_module = "sklearn_seqae"
    _doc_link_template = PAGE_OF_ESTIMATOR

    _saved_as: ClassVar[Mapping[str, Any]] = MappingProxyType({"_fitted": Fitted})
    _made_again: ClassVar[tuple[str, ...]] = ("_built",)  # the Keras models

    _fitted: Fitted  # set by fit, all at once
    _built: tuple[Fitted, Any] | None = None  # by the first reader of a Keras model

    def __init__(
        self,
        n_components: int | None = None,
        *,
        exact_components: Any = "auto",
        forecast_horizon: int | None = None,
        scaler: Any = "standard",
        categorical_features: Any = "from_dtype",
        max_categories: int | str | None = "auto",
        time: bool | str = "auto",
        hidden_layer_sizes: Any = (64,),
        bidirectional: bool = True,
        patch_size: int | str = "auto",
        encoder_inputs: Any = "auto",
        pooling: Any = ("last", "mean", "max", "min", "std"),
        activation: str = "tanh",
        decoder: str = "repeat",
        decoder_layer_sizes: Any = None,
        contrastive_weight: float = 0.3,
        kl_weight: float = 0.0,
        sparsity_weight: float = 0.0,
        mask_ratio: float = 0.3,
        noise: float = 0.0,
        dropout: float = 0.0,
        epochs: int | str = "auto",
        batch_size: int = 32,
        learning_rate: Any = 3e-3,
        optimizer: Any = "adam",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        warm_start: bool = False,
        callbacks: Any = None,
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.exact_components = exact_components
        self.forecast_horizon = forecast_horizon
        self.scaler = scaler
        self.categorical_features = categorical_features
        self.max_categories = max_categories
        self.time = time
        self.hidden_layer_sizes = hidden_layer_sizes
        self.bidirectional = bidirectional
        self.patch_size = patch_size
        self.encoder_inputs = encoder_inputs
        self.pooling = pooling
        self.activation = activation
        self.decoder = decoder
        self.decoder_layer_sizes = decoder_layer_sizes
        self.contrastive_weight = contrastive_weight
        self.kl_weight = kl_weight
        self.sparsity_weight = sparsity_weight
        self.mask_ratio = mask_ratio
        self.noise = noise
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state

    # Fitting --------------------------------------------------------------------------

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
            `ParquetSequences` or other `SequenceChunks` may be larger than memory. A
            dask DataFrame, Series or Bag of sequences is trained on where it is.
        y : Ignored
            Not used. If given, it must have an entry for each sequence, in the order of
            `X`; an index that contradicts that of `X` is an error.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sequence in the loss and, where it takes weights, the scaler.

        Returns
        -------
        self : LSTMAutoencoderTransformer
            Fitted.

        Raises
        ------
        ValueError, TypeError
            If the data or a parameter can't be used, or if a frame looks like a long
            table but is not indexed as one; what was fitted before stays.
        OSError
            If the file of `BackupAndRestore` can't be read or written, or another fit
            is using it; what was fitted before stays.
        FloatingPointError
            If training diverges before the network beats the mean of each feature; what
            was fitted before stays.
        KeyboardInterrupt
            On Ctrl-C. The estimator then is as at the end of an epoch, the last one or
            one shortly before, or, if none was done, what it was before.

        Warns
        -----
        ConvergenceWarning
            If the reconstruction ends no better than the mean of each feature, after
            100 updates or far off, or training diverges after a good start, which is
            kept.
        """
        with claimed(self.callbacks) as backup:
            with self._drawn_back_on_error():
                fitted, _, interrupt = self._fit(X, y, sample_weight, backup)
            return self._take_over(fitted, interrupt)

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
        with claimed(self.callbacks) as backup:
            with self._drawn_back_on_error():
                fitted, source, interrupt = self._fit(X, y, sample_weight, backup)
                again = as_read(X, source, type(self).__name__)
                Z: Any = None if interrupt else self._embed(fitted, again)
            self._take_over(fitted, interrupt)
        return Z

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
        self._validate_params()  # scikit-learn leaves it to the first call
        with self._drawn_back_on_error():
            fitted, _, interrupt = self._fit(X, y, sample_weight, partial=True)
        return self._take_over(fitted, interrupt)

    # There and back -------------------------------------------------------------------

    def transform(self, X: Any) -> NDArray[Any]:
        """Embed sequences.

        Parameters
        ----------
        X : list of arrays, array, dataframe, SequenceChunks or Dask collection
            As in `fit`, with the same features.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_components)
            Embeddings, float32 if `X` was, float64 otherwise. An embedding does not
            depend on the other sequences. Of a Dask collection, a lazy one of the same
            kind, with its ids, and float32 if `X` was in `fit`.

        Raises
        ------
        ValueError, TypeError
            If a sequence can't be used, has other features than those in `fit`, or
            overflows the network.
        """
        check_is_fitted(self)
        return self._embed(self._fitted, X)

    def warm_up(self, max_length: int | None = None, *, decode: bool = False) -> Self:
        """Compile now what `transform` runs, so that no later call waits for it.

        A process needs this once, a server before its first request. Without it, the
        first call compiles, and so does the first one with a sequence that outgrows
        the buffers: of 64, 256, 1,024 and 4,096 LSTM steps, from there on doubling.

        Parameters
        ----------
        max_length : int, default=None
            Time steps of the longest sequence to expect. None is `max_length_`.
        decode : bool, default=False
            Whether to compile `inverse_transform` as well; `reconstruct` and
            `score_samples` run both.

        Returns
        -------
        self : LSTMAutoencoderTransformer
            As it was.

        Raises
        ------
        ValueError
            If `max_length` is less than 1, or more than the decoder can write.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_seqae import LSTMAutoencoderTransformer
        >>> X = [np.sin(np.arange(n) / 3.0) for n in (12, 20, 16)]
        >>> autoencoder = LSTMAutoencoderTransformer(
        ...     n_components=2, hidden_layer_sizes=4, epochs=2, random_state=0
        ... )
        >>> autoencoder.fit(X).warm_up(max_length=100).transform(X[:1]).shape
        (1, 2)
        """
        check_is_fitted(self)
        fitted = self._fitted
        longest = fitted.max_length
        if max_length is not None:
            longest = check_scalar(max_length, "max_length", Integral, min_val=1)
        if decode:
            fitted.network.check_decodable(
                np.array([longest]), "max_length means a sequence that"
            )
        fitted.network.warm_up(longest, with_decoder=decode)
        return self

    def inverse_transform(
        self, Z: ArrayLike, lengths: ArrayLike | None = None, random_state: Any = None
    ) -> Any:
        """Decode embeddings, or any other finite vectors, into sequences.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_components)
            Vectors, cluster centres for example.
        lengths : array-like of shape (n_samples,), default=None
            Time steps to decode. None takes them from the length component, or
            `max_length_` where there is none.
        random_state : int, RandomState instance or None, default=None
            Seed or generator that draws categories from their distributions, as
            `sample_forecast` does, for what a sequence may look like. If the vector has
            the "ngrams" of each pair, a draw follows its order. None draws nothing: it
            takes the most likely category at each time step, which often repeats the
            most frequent one.

        Returns
        -------
        X : list of arrays, array or dataframe
            The kind seen in `fit`, in original units; with the index of `Z`, if any.
            Draws depend on the order of `Z`.

        Raises
        ------
        ValueError
            If `Z` has another width or order of columns or isn't finite, if a length is
            over 2**20 time steps or longer than the decoder can write, or if a sequence
            overflows, or a moment the dtype of the times in `fit`; if `random_state` is
            given, but `fit` saw no categories.
        """
        check_is_fitted(self)
        fitted = self._fitted
        vectors, n_timesteps, starts = fitted.vectors(self, Z, lengths)
        generator = None
        if random_state is not None:
            if not fitted.schema.events.n_codes:
                raise ValueError(
                    f"random_state is {random_state!r}, which draws categories, but "
                    "all features in fit were numbers; leave it out."
                )
            generator = own_random_state(random_state)
        decoded = fitted.network.decode(vectors, n_timesteps, random_state=generator)
        ids = ids_of_rows(Z)
        return fitted.schema.decode(decoded, ids, starts=starts, random_state=generator)

    @available_if(_check_categories)
    def inverse_transform_proba(
        self, Z: ArrayLike, lengths: ArrayLike | None = None
    ) -> list[list[NDArray[np.float64]] | None]:
        """Return the distribution of categories where `inverse_transform` has one.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_components)
            Vectors, as `inverse_transform` takes them.
        lengths : array-like of shape (n_samples,), default=None
            As in `inverse_transform`.

        Returns
        -------
        proba : list of list of ndarray of shape (n_timesteps, n_categories), or None
            For each feature of a time step an array for each row of `Z`. Its columns
            are those of `categories_`; rows add up to 1. None for a number.

        Raises
        ------
        ValueError
            As of `inverse_transform`.
        """
        check_is_fitted(self)
        fitted = self._fitted
        vectors, n_timesteps, _ = fitted.vectors(self, Z, lengths)
        log_p = log_probabilities(fitted.network, vectors, n_timesteps)
        return fitted.probabilities(log_p, offsets_from_lengths(n_timesteps))

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
            If a sequence can't be used, is longer than the decoder can write, or has a
            moment that the dtype of the times in `fit` doesn't hold.
        """
        fitted, (scaled, moments, _) = self._encoded(X)
        decoded = fitted.network.reconstruct(scaled)
        starts = first_of(moments, scaled)
        return fitted.schema.decode(decoded, ids_of_sequences(X), starts=starts)

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Return the negative reconstruction error of each sequence.

        A low score means that the sequence is unusual. A high one does not mean that it
        is usual: flat sequences, as of a dead sensor, are the easiest to reconstruct.
        `LSTMAutoencoderOutlierDetector` finds those, too.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            As in `fit`.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Negative mean squared error over observed values, in scaled units; of
            categories, the cross-entropy as in training. An array in the order of `X`,
            as all of scikit-learn's scores are, whatever `set_output` says; with the
            ids of a frame or Series, ``pandas.Series(scores, X.index)``, of a long
            table ``X.index.unique(0)``.

        Raises
        ------
        ValueError, TypeError
            If a sequence can't be used or is longer than the decoder can write.
        """
        if isinstance(X, SequenceChunks):
            return for_each_chunk(snapshot(self).score_samples, X)
        if is_dask(X):
            return map_partitions(snapshot(self), "score_samples", X)
        fitted, (scaled, *_) = self._encoded(X)
        return -errors(fitted.network, scaled)

    def score_features(self, X: Any) -> NDArray[np.float64]:
        """Return the negative reconstruction error of each feature.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            As in `fit`.

        Returns
        -------
        scores : ndarray of shape (n_features,)
            At most zero, higher is better. The error is the mean over the observed
            values of all sequences, in the order of the features of a time step: the
            squared error in scaled units of a number; the cross-entropy of a category,
            where 1 is that of predicting how often each occurs. Time, where it is a
            feature, is the last. If a scaler changes the number of features, those that
            it makes. NaN where nothing is observed.

        Raises
        ------
        ValueError, TypeError
            If a sequence can't be used or is longer than the decoder can write.
        """
        fitted, (scaled, *_) = self._encoded(X)
        losses = errors_by_feature(fitted.network, scaled)
        return -fitted.schema.events.in_order(losses)

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
        scores: Any = self.score_samples(X)
        return float(np.mean(scores.compute() if is_dask(X) else scores))

    # Ahead, and anew ------------------------------------------------------------------

    @available_if(_check_forecasts)
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
            time steps that follow each sequence. Times of a long table count from 0 or,
            where time is a feature, go on from the last one.
            Columns of a table of rows follow those seen in `fit`. The forecast of a
            sequence does not depend on the other sequences.

        Raises
        ------
        ValueError, TypeError
            If a sequence can't be used or has other features than those in `fit`, if
            `n_timesteps` is not such a number, or if a moment is out of the range of
            the dtype of the times in `fit`.
        """
        return self._forecast(X, n_timesteps)

    @available_if(_check_forecasts, _check_categories)
    def sample_forecast(
        self, X: Any, n_timesteps: int | None = None, random_state: Any = None
    ) -> Any:
        """Draw time steps that may follow each sequence.

        Categories are drawn from their distributions, see `forecast_proba`; numbers and
        times are predicted as by `forecast`. Within a horizon categories are drawn
        independently of each other, and the next horizon reads what was drawn. So with
        ``forecast_horizon=1`` each event depends on those before. Available with
        `forecast_horizon` and categories.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            As in `forecast`.
        n_timesteps : int, default=None
            As in `forecast`.
        random_state : int, RandomState instance or None, default=None
            Seed or generator. None takes a new seed from the system.

        Returns
        -------
        X_next : list of arrays, array or dataframe
            As of `forecast`. Draws depend on the order of the sequences in `X`.

        Raises
        ------
        ValueError, TypeError
            As of `forecast`.
        """
        return self._forecast(X, n_timesteps, own_random_state(random_state))

    @available_if(_check_forecasts, _check_categories)
    def forecast_proba(self, X: Any) -> list[list[NDArray[np.float64]] | None]:
        """Return the distribution of the categories that follow each sequence.

        Available with `forecast_horizon` and categories.

        Parameters
        ----------
        X : list of arrays, array or dataframe
            As in `forecast`.

        Returns
        -------
        proba : list of list of ndarray of shape (forecast_horizon, n_categories), or \
                None
            As of `inverse_transform_proba`, for each sequence.

        Raises
        ------
        ValueError, TypeError
            If a sequence can't be used or has other features than those in `fit`.
        """
        fitted, (scaled, *_) = self._encoded(X)
        _, ahead = fitted.network.ahead(tails(scaled, fitted.max_length))
        horizon: Any = fitted.network.preprocessing.forecast_horizon
        log_p = [each.reshape(-1, each.shape[-1]) for each in ahead]
        return fitted.probabilities(log_p, horizon * np.arange(len(scaled) + 1))

    @available_if(_check_prior)
    def sample(self, n_samples: int = 1, random_state: Any = None) -> Any:
        """Draw new sequences, like those in `fit`.

        Embeddings are drawn from the standard normal distribution and decoded.
        Categories are drawn as `inverse_transform` draws them. The length component is
        drawn, too, between the shortest and the longest sequence in `fit`. Without a
        length component, sequences have `max_length_` time steps. Available after a fit
        with `kl_weight`.

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

        Raises
        ------
        ValueError
            If a moment is beyond the end of the dtype of the times in `fit`.
        """
        check_is_fitted(self)
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        generator, fitted = own_random_state(random_state), self._fitted
        network, schema = fitted.network, fitted.schema
        Z = network.sample(n_samples, generator)
        n_timesteps = network.lengths(Z, default=fitted.max_length)
        drawn = network.decode(Z, n_timesteps, random_state=generator)
        starts = schema.events.draw_starts(n_samples, generator)
        return schema.decode(drawn, None, starts=starts, random_state=generator)

    # Categories -----------------------------------------------------------------------

    @property
    def categories_(self) -> list[NDArray[Any] | None]:
        """Categories of each feature, None for a number."""
        known = self._categories
        return [None if each is None else each.array() for each in known]

    @property
    def infrequent_categories_(self) -> list[NDArray[Any] | None]:
        """Categories of each feature that count as one, None for a number."""
        known = self._categories
        return [None if each is None else each.array(each.infrequent) for each in known]

    @property
    def _categories(self) -> list[FeatureCategories | None]:
        schema = self._fitted.schema
        return schema.events.categories(schema.features.n_features)

    # Keras models ---------------------------------------------------------------------

    @property
    def encoder_(self) -> Any:
        """Keras model: padded, scaled sequences to embeddings.

        Where time is a feature, without the last component: the first moment.
        """
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
        known = self._fitted.network.preprocessing
        if known.columns and known.forecast_horizon is not None:
            raise AttributeError(
                "there is no forecaster_ where categories are forecast: counts, which "
                "no Keras model has, tell the next one; use forecast or forecast_proba."
            )
        if self._models.forecaster is None:
            raise AttributeError(
                "there is no forecaster_: forecast_horizon was None in fit; set it to "
                "the number of time steps to predict, and fit."
            )
        return self._models.forecaster

    @property
    def _models(self) -> Any:
        """The models of this fit, built when they are first asked for."""
        check_is_fitted(self)
        fitted, built = self._fitted, self._built
        if built is None or built[0] is not fitted:
            built = fitted, fitted.network.keras_models(fitted.max_length)
            self._built = built
        return built[1]

    # What fit sets --------------------------------------------------------------------

    @property
    def _schema(self) -> Schema:
        return self._fitted.schema

    @property
    def _features(self) -> Features:
        return self._schema.features

    @property
    def scaler_(self) -> Any:
        """The fitted scaler."""
        return self._fitted.schema.scaler

    @property
    def n_components_(self) -> int:
        """Size of an embedding."""
        return self._fitted.n_components

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the components.

        Parameters
        ----------
        input_features : Ignored
            Not used; for consistency with the API.

        Returns
        -------
        names : ndarray of str, shape (n_components,)
            "lstmautoencodertransformer0" and so on for what is learnt. Then those of
            `exact_components_`: "flow_mean", "flow_scale" and "flow_cosine3" of the
            feature "flow", "kernel17", "page_home>cart" or, where n-grams share,
            "ngram17", "amount_at_page_cart" and "time_after_page_cart" or, where
            categories share, "amount_at_page17", and "length". Last "start", the
            moment of the first event.
        """
        check_is_fitted(self)
        names = self._fitted.names_of_components(type(self).__name__.lower())
        return np.array(names, dtype=object)

    @property
    def _n_features_out(self) -> int:
        return self._fitted.n_components

    @property
    def exact_components_(self) -> tuple[str, ...]:
        """Names of the components that are exact, in their order."""
        return self._fitted.network.preprocessing.exact_components

    @property
    def encoder_inputs_(self) -> tuple[str, ...]:
        """Names of what the encoder reads beside the values."""
        return self._fitted.network.preprocessing.encoder_inputs

    @property
    def n_kernels_(self) -> int:
        """Kernels whose responses the encoder reads."""
        return self._fitted.network.preprocessing.n_kernels

    @property
    def patch_size_(self) -> int:
        """Time steps per LSTM step."""
        return self._fitted.network.preprocessing.patch_size

    @property
    def max_length_(self) -> int:
        """Time steps of the longest sequence seen in `fit`."""
        return self._fitted.max_length

    @property
    def history_(self) -> dict[str, list[float]]:
        """Mean of each loss in every epoch."""
        return self._fitted.history

    @property
    def n_iter_(self) -> int:
        """Epochs run."""
        return self._fitted.n_iter

    @classmethod
    def _check_fitted(cls, attributes: Mapping[str, Any]) -> None:
        attributes["_fitted"].check_consistent()

    def __dir__(self) -> list[str]:
        # scikit-learn's dir reads every name, and so does a notebook for the names that
        # dir lists. Reading one of these names would build models.
        models = {"encoder_", "decoder_", "autoencoder_", "forecaster_", "_models"}
        names = set(object.__dir__(self)) - models
        return sorted(name for name in names if hasattr(self, name))

    # The steps of fit and transform ---------------------------------------------------

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None,
        backup: Path | None = None,
        *,
        partial: bool = False,
    ) -> tuple[Fitted, Source, KeyboardInterrupt | None]:
        """Fit; return the fit, what was read, and what interrupted training."""
        parameters = self.get_params(deep=False)
        warn_of_ignored_rate(self)
        if partial:
            once = {"epochs": 1, "early_stopping": False, "validation_fraction": None}
            parameters |= {**once, "constant_rate": True}
        goes_on = partial or self.warm_start
        before = getattr(self, "_fitted", None) if goes_on else None
        known = None if before is None else before.schema
        source = read_source(
            X, y, sample_weight, parameters, type(self).__name__, known
        )
        events = source.schema.events
        if before is not None:
            before.network.check_same(parameters, events.n_moments)
            before.network.check_decodable(source.lengths, "sequence {row}")
        parameters = events.of_network(parameters)
        if before is None:
            random_state = own_random_state(self.random_state)
            network = Autoencoder.untrained(parameters, source)
        else:
            random_state, network = before.random_state, before.network
        prefixes = network.preprocessing.prefixes(source.sample)
        check_horizon(prefixes, source.schema.container, goes_on=before is not None)

        def fitted_by(result: Any) -> Fitted:
            schema, trained = source.schema, replace(network, state=result.state)
            history = schema.events.named(result.history, schema.names)
            of_fit = source.longest, history, result.n_epochs, random_state
            return Fitted(schema, trained, *of_fit).after(before)

        watchers = []
        if not partial and getattr(self, "_skl_callbacks", None):
            from sklearn_seqae._keras.training.callbacks import Tasks

            watchers = [Tasks(self, fitted_by, X, y, sample_weight)]
        result = network.train(source, parameters, random_state, backup, watchers)
        network = replace(network, state=result.state)
        network = network.with_chains(source, goes_on=partial)
        return fitted_by(result), source, result.interrupt

    def _drawn_back_on_error(self) -> AbstractContextManager[None]:
        before = getattr(self, "_fitted", None)
        of_fit = None if before is None else before.random_state
        return drawn_back_on_error(self.random_state, of_fit)

    def _take_over(self, fitted: Fitted, interrupt: KeyboardInterrupt | None) -> Self:
        """Let this be the fit; then raise what interrupted training, if anything."""
        self._fitted = fitted
        if interrupt is not None:
            name = type(self).__name__
            interrupt.add_note(f"{name} keeps what it learnt in {self.n_iter_} epochs.")
            raise interrupt
        return self

    def _encoded(self, X: Any) -> tuple[Fitted, Encoded]:
        """Check sequences against those in `fit`, and scale them."""
        check_is_fitted(self)
        fitted = self._fitted
        return fitted, fitted.encode(X, type(self).__name__)

    def _embed(self, fitted: Fitted, X: Any) -> Any:
        """Embed sequences by a fit, whether this one has taken it over or not."""
        if isinstance(X, SequenceChunks):
            return for_each_chunk(lambda chunk: self._embed(fitted, chunk), X)
        if is_dask(X):
            estimator = snapshot(self)
            estimator._fitted = fitted
            return map_partitions(estimator, "transform", X)
        scaled, moments, dtype = fitted.encode(X, type(self).__name__)
        starts = fitted.schema.events.moments(first_of(moments, scaled))
        return with_ids(fitted.network.embed(scaled, dtype, starts), X, self)

    def _forecast(
        self,
        X: Any,
        n_timesteps: int | None,
        random_state: np.random.RandomState | None = None,
    ) -> Any:
        """Predict what follows; ``random_state`` draws categories."""
        fitted, (scaled, moments, _) = self._encoded(X)
        network, schema = fitted.network, fitted.schema
        n: Any = n_timesteps
        if n is None:
            n = network.preprocessing.forecast_horizon
        check_scalar(n, "n_timesteps", Integral, min_val=1, max_val=MAX_LENGTH)
        found = network.forecast(scaled, n, fitted.max_length, random_state)
        return schema.decode(
            found,
            ids_of_sequences(X),
            schema.container.ahead(n),
            random_state,
            starts=last_of(moments, scaled),
            ahead=True,
        )

    def _sk_visual_block_(self) -> Any:
        return visual_block(self)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
