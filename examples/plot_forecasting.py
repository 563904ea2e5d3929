"""
==================
Forecast sequences
==================

A second decoder, beside the one that reconstructs, learns to write the next time steps.
It reads the embedding of a prefix: the beginning of a sequence. To predict further, the
estimator appends its prediction to the sequence and reads it again.
"""

# %%
# Waves
# -----
# Series of 60 to 90 time steps. Each is a noisy sum of two sines. Periods, phases and
# amplitudes differ, so each series goes on in its own way.

import numpy as np

rng = np.random.default_rng(0)


def wave(n_timesteps):
    t = np.arange(n_timesteps)[:, None]
    period, phase = rng.uniform(8, 30, size=2), rng.random(2)
    sines = rng.uniform(0.5, 1.5, size=2) * np.sin(2 * np.pi * (t / period + phase))
    return sines.sum(axis=1) + rng.normal(0, 0.1, n_timesteps)


X_train = [wave(n) for n in rng.integers(60, 91, size=400)]
X_test = [wave(150) for _ in range(200)]

# %%
# Train
# -----
# ``forecast_horizon=10`` predicts ten time steps at a time. A forecast starts from the
# state after the last step, so we pool that state only: ``pooling="last"``.

from sklearn_seqae import LSTMAutoencoderTransformer

forecaster = LSTMAutoencoderTransformer(
    n_components=24,
    pooling="last",
    encoder_inputs=(),
    exact_components=("length",),
    mask_ratio=0.0,
    contrastive_weight=0.0,
    forecast_horizon=10,
    epochs=120,
    learning_rate=3e-3,
    random_state=0,
).fit(X_train)

# %%
# How far does it see?
# --------------------
# The estimator reads the first 70 time steps of each test series and predicts 80 more.
# We compare its error with two simple forecasts: repeat the last value, or predict the
# mean of the series. For waves, the mean is hard to beat far ahead: here from about
# thirty time steps, three times the horizon.

import matplotlib.pyplot as plt

known = [x[:70] for x in X_test]
truth = np.array([x[70:] for x in X_test])
ahead = np.array(forecaster.forecast(known, n_timesteps=80))

errors = {
    "forecast": ahead - truth,
    "last value": np.array([x[-1:] for x in known]) - truth,
    "mean": np.array([[x.mean()] for x in known]) - truth,
}
styles = {"forecast": "-", "last value": ":", "mean": "--"}
colors = {"forecast": "#0072B2", "last value": "black", "mean": "#D55E00"}
steps = np.arange(1, 81)
fig, ax = plt.subplots(figsize=(7, 3.5), layout="constrained")
for name, error in errors.items():
    rms = np.sqrt((error**2).mean(axis=0))
    ax.plot(steps, rms, styles[name], color=colors[name], label=name)
    print(f"{name}: {rms[0]:.2f} one step ahead, {rms[9]:.2f} ten, {rms[-1]:.2f} 80")
ax.axvspan(0, 10, color="0.9", label="the horizon")
ax.set(
    title="Errors of 200 series that were not trained on",
    xlabel="Time steps ahead",
    ylabel="Root mean squared error",
    xlim=(0, 80),
    ylim=(0, None),
)
_ = ax.legend()

# %%
# On and on
# ---------
# Three series. The estimator reads the black part. One embedding predicts the next ten
# time steps. The dashed part follows when the estimator reads its own predictions. We
# rank the forecasts by their error, divided by the variance of the true future.

order = np.argsort((errors["forecast"] ** 2).mean(axis=1) / truth.var(axis=1))
chosen = {"a good forecast": 20, "a typical one": 100, "a bad one": 180}
t = np.arange(150)
fig, axes = plt.subplots(3, 1, figsize=(8, 6), sharex=True, layout="constrained")
for ax, (name, rank) in zip(axes, chosen.items(), strict=True):
    i = order[rank]
    ax.plot(t, X_test[i], color="0.6", lw=1, label="measured")
    ax.plot(t[:70], known[i], color="black", lw=1, label="read")
    ax.plot(t[70:80], ahead[i][:10], color="#0072B2", lw=2.5, label="the next ten")
    ax.plot(t[79:], ahead[i][9:], "--", color="#D55E00", lw=1.5, label="generated")
    ax.set(title=name, ylabel="value")
axes[-1].set_xlabel("time step")
_ = fig.legend(
    *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4
)
