"""
============================================
An embedding of 20 numbers, cut into 10 by 2
============================================

A well-known answer on LSTM autoencoders proposes an embedding of 20 numbers, for
sequences with ten time steps and five features. It gives two ways to decode it. This
page shows both.
"""

# %%
# The data
# --------
# Ten time steps, five features: waves that pass five sensors, one after the other.
# Frequency and phase differ from wave to wave.

import numpy as np

rng = np.random.default_rng(0)
step = np.arange(10)[:, None]
X = [
    np.sin(step * rng.uniform(0.2, 0.8) + rng.uniform(0, 2 * np.pi) + np.arange(5))
    for _ in range(250)
]
X_train, X_test = X[:200], X[200:]
X[0].shape

# %%
# Theirs
# ------
# The embedding is the last state of an LSTM with 20 units. It is cut into ten steps of
# two numbers. An LSTM with five units reads them, and its states are the sequence.

import keras
from keras import layers

keras.utils.set_random_seed(0)
sequence = keras.Input((10, 5))
encoder = keras.Model(sequence, layers.LSTM(20)(sequence))
embedding = keras.Input((20,))
steps = layers.Reshape((10, 2))(embedding)
decoder = keras.Model(embedding, layers.LSTM(5, return_sequences=True)(steps))
model = keras.Model(sequence, decoder(encoder(sequence)))
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
_ = model.fit(np.array(X_train), np.array(X_train), epochs=20, verbose=0)


def error(decoded):
    return np.mean((np.array(decoded) - np.array(X_test)) ** 2)


print(f"Mean squared error: {error(model.predict(np.array(X_test), verbose=0)):.3f}")

# %%
# Ours
# ----
# With ``n_components=None``, the states are the embedding. ``"reshape"`` and
# ``"single_shot"`` are the two ways of the answer. Both read the parts with an LSTM. In
# ``"single_shot"``, the last state alone writes all steps. Ours adds a Dense layer on
# top of the LSTM. So the output is not limited to the range of an LSTM's state, from -1
# to 1.

import pandas as pd

from sklearn_seqae import LSTMAutoencoderTransformer

parameters = {
    "n_components": None,
    "hidden_layer_sizes": 20,
    "bidirectional": False,
    "pooling": "last",
    "exact_components": (),
    "encoder_inputs": (),
    "mask_ratio": 0.0,
    "contrastive_weight": 0.0,
    "epochs": 60,
    "learning_rate": 0.01,
    "random_state": 0,
}
decoders = {
    "reshape": {"decoder_layer_sizes": 5},
    "single_shot": {"decoder_layer_sizes": 50},
}
fitted = {
    decoder: LSTMAutoencoderTransformer(decoder=decoder, **sizes, **parameters)
    for decoder, sizes in decoders.items()
}
for autoencoder in fitted.values():
    autoencoder.fit(X_train)
pd.DataFrame(
    {
        "weights of the decoder": [a.decoder_.count_params() for a in fitted.values()],
        "error": [error(a.reconstruct(X_test)) for a in fitted.values()],
    },
    index=pd.Index(fitted, name="decoder"),
).round(3)

# %%
# Both do well on such simple waves. Their numbers of weights differ much, so do not
# compare them by this. One test sequence, three of its features:

from sklearn_seqae.plotting import ReconstructionDisplay

display = ReconstructionDisplay(
    original=[X_test[0]] * 2,
    decoded=[a.reconstruct(X_test[:1])[0] for a in fitted.values()],
    sequence_names=[f'decoder="{name}"' for name in fitted],
    feature_names=[f"Sensor {j}\n(no unit)" for j in range(5)],
)
_ = display.plot(features=[0, 1, 2])

# %%
# Which size?
# -----------
# These decoders cut the embedding into equal parts, one for each LSTM step of the
# longest sequence. If that is not possible, an error says so before training, and names
# sizes that work.

try:
    LSTMAutoencoderTransformer(
        n_components=24, decoder="reshape", exact_components=(), epochs=1
    ).fit(X_train)
except ValueError as error_message:
    print(error_message)

# %%
# For the same reason, these two decoders cannot write more LSTM steps than the longest
# sequence in ``fit`` had. ``"repeat"`` and ``"unfold"`` have no such limit. That is why
# ``"repeat"`` is the default; see :doc:`/user_guide/decoders`.
