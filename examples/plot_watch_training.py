"""
======================================
Stop early, and watch with TensorBoard
======================================

How long to train, told by sequences that were set aside; and what Keras callbacks get
to see of it.
"""

# %%
# Stop early
# ----------
# A fifth of the sequences is set aside. Training ends when their loss has not become
# better for ten epochs, and the weights of the best epoch are kept.

from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae.datasets import make_sequences

X, y = make_sequences(n_samples=300, random_state=0)
parameters = {
    "n_components": 8,
    "hidden_layer_sizes": 32,
    "epochs": 300,
    "learning_rate": 0.003,
    "learning_rate_schedule": None,
    "differences": False,
    "mask_ratio": 0.0,
    "contrastive_weight": 0.0,
    "early_stopping": True,
    "validation_fraction": 0.2,
    "n_iter_no_change": 10,
    "random_state": 0,
}
autoencoder = LSTMAutoencoderTransformer(**parameters).fit(X)
print(f"Stopped after {autoencoder.n_iter_} epochs of at most 300")

# %%
# The curve of both losses, and where the best epoch was:

from sklearn_seqae.plotting import LossDisplay

_ = LossDisplay.from_estimator(autoencoder, log=True)

# %%
# A validation loss that rises while the training loss falls means that the network
# learns by heart: there are too few sequences for its size.
#
# Watch with TensorBoard
# ----------------------
# ``callbacks`` takes Keras callbacks. TensorBoard's writes the losses into a folder,
# from where ``tensorboard --logdir FOLDER`` shows them while training goes on. Here it
# is a temporary one, and we read what was written.

from tempfile import TemporaryDirectory

from keras.callbacks import TensorBoard
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

with TemporaryDirectory() as folder:
    watched = LSTMAutoencoderTransformer(
        **parameters | {"epochs": 20},
        callbacks=[TensorBoard(folder, write_graph=False)],
    )
    watched.fit(X)
    every = {"tensors": 0}  # and not a sample of them
    events = EventAccumulator(f"{folder}/validation", size_guidance=every).Reload()
    written = events.Tensors("epoch_loss")
print(f"{len(written)} epochs in the log, {watched.n_iter_} in the estimator")

# %%
# Watching changes nothing: losses are what they were without, to the bit.

without = autoencoder.history_["val_loss"]
print(watched.history_["val_loss"] == without[: watched.n_iter_])

# %%
# A callback that looks at every batch, as TensorBoard's does, keeps batches from being
# sent many at a time, so an epoch takes longer. One with ``on_epoch_end`` only costs
# next to nothing:

from keras.callbacks import LambdaCallback


def tell(epoch, logs):
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1}: {logs['loss']:.3f}, held out {logs['val_loss']:.3f}")


_ = watched.set_params(callbacks=[LambdaCallback(on_epoch_end=tell)]).fit(X)
