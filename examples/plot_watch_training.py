"""
======================================
Stop early, and watch with TensorBoard
======================================

Held-out sequences tell how long to train. Keras callbacks show what happens meanwhile.
"""

# %%
# Stop early
# ----------
# Hold out a fifth of the sequences. Training ends when their loss has not improved for
# ten epochs. The estimator keeps the weights of the best epoch.

from keras.optimizers import Adam

from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae.datasets import make_sequences

X, y = make_sequences(n_samples=300, random_state=0)
parameters = {
    "n_components": 8,
    "hidden_layer_sizes": 32,
    "epochs": 300,
    "optimizer": Adam(0.003, global_clipnorm=1.0),  # one rate, however long it takes
    "encoder_inputs": (),
    "exact_components": ("length",),
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
# The curves of both losses, and the best epoch:

from sklearn_seqae.plotting import LossDisplay

_ = LossDisplay.from_estimator(autoencoder, log=True)

# %%
# If the validation loss rises while the training loss falls, the network learns by
# heart: there are too few sequences for its size.
#
# Watch with TensorBoard
# ----------------------
# ``callbacks`` takes Keras callbacks. The TensorBoard callback writes the losses to a
# folder. ``tensorboard --logdir FOLDER`` shows them during training. Here we use a
# temporary folder and read the log ourselves.

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
# The callback changes nothing: the losses are the same without it, to the bit.

without = autoencoder.history_["val_loss"]
print(watched.history_["val_loss"] == without[: watched.n_iter_])

# %%
# The TensorBoard callback looks at every batch. So batches cannot be sent to TensorFlow
# many at a time, and an epoch takes longer. A callback with ``on_epoch_end`` only costs
# almost nothing:

from keras.callbacks import LambdaCallback


def tell(epoch, logs):
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1}: {logs['loss']:.3f}, held out {logs['val_loss']:.3f}")


_ = watched.set_params(callbacks=[LambdaCallback(on_epoch_end=tell)]).fit(X)
