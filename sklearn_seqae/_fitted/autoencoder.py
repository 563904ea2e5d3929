"""A fitted autoencoder for scaled sequences: specification, fitted numbers, weights.

Arrays and plain values only; TensorFlow is imported when something is computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from sklearn_seqae._containers.ragged import RaggedArray, blocks, offsets_from_lengths
from sklearn_seqae._network.architecture import Architecture
from sklearn_seqae._network.decoders import DECODERS, LARGEST
from sklearn_seqae._network.design import SWITCHES, make_architecture, shaping
from sklearn_seqae._network.layers import State
from sklearn_seqae._patches.batching import buffer_sizes, from_patches
from sklearn_seqae._patches.chains import Chain
from sklearn_seqae._patches.exact import UNIT, Standardized
from sklearn_seqae._patches.families import Known, Own
from sklearn_seqae._patches.ngrams import drawn_paths
from sklearn_seqae._patches.prefixes import extended, recent_values, tails
from sklearn_seqae._patches.preprocessing import Preprocessing
from sklearn_seqae._patches.source import Source
from sklearn_seqae._patches.steps import drawn
from sklearn_seqae.exceptions import InvalidSequenceError, _count

if TYPE_CHECKING:
    from pathlib import Path

    from sklearn_seqae._keras.export import Models
    from sklearn_seqae._keras.training.settings import Result

BLOCK = 1 << 17  # time steps that are embedded at a time, and a sequence more


@dataclass(frozen=True)
class Autoencoder:
    """A network for scaled sequences."""

    architecture: Architecture
    preprocessing: Preprocessing
    # The estimator's parameters that shaped it, by name, as they were asked for; of
    # older files, as the data decided
    shaped_by: dict[str, Any]
    state: State | None = None  # None before training
    # What follows which, where categories are forecast
    chains: tuple[Chain, ...] = ()

    @classmethod
    def untrained(cls, parameters: Mapping[str, Any], source: Source) -> Autoencoder:
        """Choose a network from the estimator's parameters, by name, and data."""
        shaped_by = shaping(parameters)
        if shaped_by["kl_weight"] and shaped_by["n_components"] is None:
            raise ValueError(
                f"kl_weight={parameters['kl_weight']!r} pulls the embedding towards a "
                "normal distribution, which needs a layer that makes it, but "
                "n_components is None; expected an int."
            )
        cuts = DECODERS[parameters["decoder"]].cuts
        preprocessing = Preprocessing.fit(parameters, source, decoder_cuts=cuts)
        architecture = make_architecture(shaped_by, preprocessing, source.longest)
        return cls(architecture, preprocessing, shaped_by)

    @property
    def n_components(self) -> int:
        """Size of an embedding, means, scales and the length included."""
        return self.architecture.embedding_size + self.preprocessing.n_exact

    # Checks ---------------------------------------------------------------------------

    def check_same(self, parameters: Mapping[str, Any], n_moments: int) -> None:
        """Check that the parameters that shape a network are those of this one.

        "auto" lets what it chose stand; ``n_moments`` are no work of this network.
        """
        names = ("patch_size", "exact_components", "encoder_inputs")
        chosen = {name: getattr(self.preprocessing, name) for name in names}
        for name, now in shaping(parameters).items():
            before = self.shaped_by.get(name, 0)  # one that older files do not have
            if name == "n_components" and before is not None:
                before += n_moments
            if now in ("auto", before):
                continue
            found = f"{name} is {now!r}"
            fitted = f"the fit to go on from had {before!r}"
            if before == "auto":
                if now == chosen[name]:
                    continue
                fitted += f", which chose {chosen[name]!r}"
            if name in SWITCHES:
                found = f"{name} is {parameters[name]!r}"
                fitted = (
                    f"the fit to go on from had {'a positive one' if before else 0}"
                )
            raise ValueError(
                f"{found}, but {fitted}; set it back, or start anew with fit and "
                "warm_start=False."
            )

    def check_decodable(self, lengths: NDArray[np.int64], what: str) -> None:
        """Check lengths that are to be decoded; ``what`` names an entry."""
        limit = self.architecture.max_steps * self.preprocessing.patch_size
        too_long = np.flatnonzero(lengths > limit)
        if limit and too_long.size:
            row, decoder = int(too_long[0]), self.architecture.decoder
            raise InvalidSequenceError(
                f"{what.format(row=row)} has {_count(int(lengths[row]), 'time step')}, "
                f"but decoder={decoder!r} writes at most {limit}, those of the longest "
                "sequence in fit; shorten it, fit anew on sequences as long, or use "
                "decoder='repeat', which has no limit."
            )

    # There and back -------------------------------------------------------------------

    def embed(
        self, scaled: RaggedArray, dtype: str, moments: NDArray[Any] | None = None
    ) -> NDArray[Any]:
        """Embeddings of scaled sequences, shape (n_sequences, n_components).

        ``moments`` (n_sequences,) make one more component, the last one.
        """
        n, n_learnt = self.n_components, self.architecture.embedding_size
        Z = np.empty((len(scaled), n + int(moments is not None)), dtype)
        # What lies between a sequence and its embedding takes some times their memory
        for start, stop in blocks(scaled.offsets, BLOCK):
            learnt, own = self._encode(scaled[start:stop], start)
            Z[start:stop, :n_learnt] = learnt
            Z[start:stop, n_learnt:n] = self.preprocessing.exact(own)
        if moments is not None:
            Z[:, n] = moments
        return Z

    def warm_up(self, longest: int, *, with_decoder: bool) -> None:
        """Compile encoder and decoder for sequences of up to ``longest`` time steps."""
        patch_size = self.preprocessing.patch_size
        sizes = buffer_sizes(-(-longest // patch_size))
        lengths = np.minimum(np.array(sizes) * patch_size, longest)
        n_features = self.architecture.n_inputs // patch_size
        zeros = np.zeros((lengths.sum(), n_features), np.float32)
        offsets = offsets_from_lengths(lengths)
        scaled = RaggedArray(zeros, offsets, self.preprocessing.n_codes)
        Z = self.embed(scaled, "float64")
        if with_decoder:
            self.decode(Z, lengths)

    def decode(
        self,
        Z: NDArray[Any],
        n_timesteps: NDArray[np.int64],
        what: str = "row {row} of Z",
        first: int = 0,
        random_state: np.random.RandomState | None = None,
    ) -> RaggedArray:
        """Scaled sequences of the given lengths, from any finite embeddings.

        For messages, ``what`` names an entry and ``first`` is the first one's number.
        ``random_state`` draws what has a distribution: in the order that n-grams tell,
        where pairs are told apart, otherwise independently at each time step.
        """
        self.check_decodable(n_timesteps, f"{what} means a sequence that")
        n_learnt = self.architecture.embedding_size
        known, learnt = self.preprocessing.known_of(Z[:, n_learnt:]), Z[:, :n_learnt]
        return self._decode(learnt, n_timesteps, known, what, first, random_state)

    def lengths(self, Z: NDArray[Any], default: int) -> NDArray[np.int64]:
        """Time steps that embeddings mean, ``default`` where they hold no length."""
        if self.preprocessing.length_code is None:
            return np.full(len(Z), default)
        return self.preprocessing.length_code.decode(Z[:, -1])

    def sample(self, n: int, random_state: np.random.RandomState) -> NDArray[Any]:
        """Embeddings from the prior, shape (n, n_components), lengths among them."""
        Z: NDArray[Any] = random_state.standard_normal((n, self.n_components))
        exact = Z[:, self.architecture.embedding_size :]
        for name, place in self.preprocessing.places.items():
            if isinstance(self.preprocessing.parts[name], Standardized):
                exact[:, place] *= UNIT
        if self.preprocessing.length_code is not None:
            Z[:, -1] = self.preprocessing.length_code.sample(n, random_state)
        return Z

    def reconstruct(self, scaled: RaggedArray, first: int = 0) -> RaggedArray:
        """Encode and decode; ``first`` is the number of the first, for messages."""
        self.check_decodable(scaled.lengths, "sequence {row}")
        embeddings, own = self._encode(scaled, first)
        return self._decode(embeddings, scaled.lengths, own, first=first)

    def forecast(
        self,
        scaled: RaggedArray,
        n: int,
        longest: int,
        random_state: np.random.RandomState | None = None,
    ) -> RaggedArray:
        """Predict the next ``n`` time steps of scaled sequences.

        Each horizon reads what was predicted before, at most ``longest`` time steps.
        Categories are drawn with ``random_state``; else they are the most likely ones.
        """
        history, ahead, n_done = scaled, [], 0
        while n_done < n:
            history = tails(history, longest)
            ahead.append(self._next(history, random_state))
            n_done += ahead[-1].shape[1]
            history = extended(history, ahead[-1])
        values = np.concatenate(ahead, axis=1)[:, :n]
        offsets = n * np.arange(len(scaled) + 1)
        values = values.reshape(-1, scaled.n_features)
        return RaggedArray(values, offsets, scaled.n_codes)

    def keras_models(self, max_length: int) -> Models:
        """Plain Keras models of these weights, for up to ``max_length`` time steps."""
        from sklearn_seqae._keras.export import build_models

        weights = self._trained.weights
        return build_models(self.architecture, weights, self.preprocessing, max_length)

    @property
    def _trained(self) -> State:
        assert self.state is not None
        return self.state

    def _next(
        self, scaled: RaggedArray, random_state: np.random.RandomState | None
    ) -> NDArray[np.float32]:
        """Predict one horizon, (n_sequences, horizon, n_features)."""
        numbers, log_p = self.ahead(scaled)
        if random_state is not None:  # the largest is drawn by these probabilities
            log_p = [p + random_state.gumbel(size=p.shape) for p in log_p]
        codes = [1 + p.argmax(axis=-1, keepdims=True) for p in log_p]
        ahead = np.concatenate([numbers, *codes], axis=-1)
        return ahead.astype(np.float32)

    def ahead(
        self, scaled: RaggedArray
    ) -> tuple[NDArray[np.float32], list[NDArray[Any]]]:
        """Predict one horizon: numbers, and log-probabilities of codes by column.

        Of shape (n_sequences, horizon, n_numbers) and (n_sequences, horizon, size).
        """
        from sklearn_seqae._keras.inference import forecast

        known, step = self.preprocessing, self.architecture.step
        scale, n_numbers = np.array(known.forecast_scale, np.float32), known.n_numbers
        recent, (embeddings, _) = recent_values(scaled), self._encode(scaled)
        written = forecast(self.architecture, self._trained.weights, embeddings, recent)
        self._check_finite(written, "sequence {row}")

        def by_time(place: slice, width: int) -> NDArray[np.float32]:
            n_timesteps = written.shape[1] * known.patch_size
            part = written[..., place].reshape(len(scaled), n_timesteps, width)
            return part[:, : len(scale)]

        change = by_time(slice(0, step.n_numbers), n_numbers)
        numbers = recent[:, None, :n_numbers] + change * scale
        self._check_finite(numbers, "sequence {row}")
        parts = [by_time(p.written, p.head.n_written) for p in step.column_parts]
        log_p = [log_softmax(part, axis=-1) for part in parts]
        for j, chain in enumerate(self.chains):
            chain.mix_into(log_p[j][:, 0], known.recent_codes(recent, j))
        return numbers, log_p

    def with_chains(self, source: Source, *, goes_on: bool) -> Autoencoder:
        """Count which categories follow which, and weigh that against forecasts.

        By sequences of which no forecast was learnt. With ``goes_on``, to what was
        counted before.
        """
        known, scaled = self.preprocessing, source.sample
        prefixes = known.prefixes(scaled)
        if prefixes is None or not known.n_codes:
            return self
        n = len(scaled) if source.digest else np.count_nonzero(source.lengths)
        weight = source.weight * (n / source.weight.sum())
        held, (row, history, codes) = prefixes.held_out, prefixes.to_weigh()
        found = [
            Chain.counted(scaled[~held], j, column.size, weight[~held])
            for j, column in enumerate(known.columns)
        ]
        if goes_on and self.chains:
            found = [chain.merged(found[j]) for j, chain in enumerate(self.chains)]
        if held.any():
            history = tails(history, source.longest)
            _, log_p = replace(self, chains=()).ahead(history)
            recent = recent_values(history)
        for j, chain in enumerate(found if held.any() else ()):
            before = known.recent_codes(recent, j)
            chain = chain.weighed(log_p[j][:, 0], before, codes[:, j], weight[row])
            of_held = Chain.counted(scaled[held], j, chain.size, weight[held])
            found[j] = chain.merged(of_held)
        return replace(self, chains=tuple(found))

    def _encode(
        self, scaled: RaggedArray, first: int = 0
    ) -> tuple[NDArray[np.float32], Own]:
        """Return what the encoder makes of sequences, and numbers in own units."""
        from sklearn_seqae._keras.inference import encode

        patches, own = self.preprocessing.read(scaled)
        embeddings = encode(self.architecture, self._trained.weights, patches)
        self._check_finite(embeddings, "sequence {row}", first)
        return embeddings, own

    def _decode(
        self,
        embeddings: NDArray[Any],
        n_timesteps: NDArray[np.int64],
        known: Known | Own,
        what: str = "sequence {row}",
        first: int = 0,
        random_state: np.random.RandomState | None = None,
    ) -> RaggedArray:
        patch_size, n_codes = self.preprocessing.patch_size, self.preprocessing.n_codes
        draws = random_state is not None and n_codes > 0
        steps = self._steps(embeddings, n_timesteps, what, first, raw=draws)
        step, written = self.architecture.step, steps
        if random_state is not None and draws:
            steps = drawn(step, written, random_state)
        own = from_patches(steps, n_timesteps, patch_size, n_codes)
        ngrams = self.preprocessing.ngrams
        if random_state is not None and ngrams is not None and isinstance(known, Known):
            values = own.values.copy()
            for column, chains in ngrams.chains(known.ngrams).items():
                logits = written[:, step.column_parts[column].written]
                logits = from_patches(logits, n_timesteps, patch_size).values
                codes = drawn_paths(logits, own.offsets, chains, random_state)
                values[:, own.n_numbers + column] = codes
            own = own.with_values(values)
        return self.preprocessing.in_common_units(own, known)

    def _steps(
        self,
        embeddings: NDArray[Any],
        n_timesteps: NDArray[np.int64],
        what: str = "sequence {row}",
        first: int = 0,
        raw: bool = False,
    ) -> NDArray[np.float32]:
        """Return what the decoder writes, the steps of all sequences."""
        from sklearn_seqae._keras.inference import decode

        n_steps = self.preprocessing.n_steps(n_timesteps)
        embeddings = np.clip(embeddings, -LARGEST, LARGEST).astype(np.float32)
        weights = self._trained.weights
        steps = decode(self.architecture, weights, embeddings, n_steps, raw)
        starts = offsets_from_lengths(n_steps)[:-1]
        largest = np.maximum.reduceat(np.abs(steps).max(axis=1), starts)
        self._check_finite(largest, what, first)
        return steps

    def _check_finite(
        self, found: NDArray[np.float32], what: str, first: int = 0
    ) -> None:
        """Check what the network returned, an entry or a row for each sequence."""
        if np.isfinite(found).all():
            return
        row = int(np.isfinite(found.reshape(len(found), -1)).all(axis=1).argmin())
        remedy = "fit on sequences like it"
        if self.architecture.activation == "relu":
            remedy = "fit with activation='tanh', which is bounded"
        raise InvalidSequenceError(
            f"{what.format(row=first + row)} overflows float32 in the network: its "
            "values or its length are too far from those in fit. Leave it out, or "
            f"{remedy}."
        )

    # Training -------------------------------------------------------------------------

    def train(
        self,
        source: Source,
        parameters: Mapping[str, Any],
        random_state: np.random.RandomState,
        backup: Path | None = None,
        watchers: Sequence[Any] = (),
    ) -> Result:
        """Train on sequences, from the start or from the state so far.

        ``validation_fraction`` None holds nothing out; ``backup`` is the file from
        which a killed fit goes on; ``watchers`` are callbacks beside those of the
        parameters.
        """
        from sklearn_seqae._keras.training import callbacks, checkpoint, epochs
        from sklearn_seqae._keras.training.settings import asked_for

        has_backup = backup is not None
        given = callbacks.checked_callbacks(parameters["callbacks"], has_backup)
        fraction = parameters["validation_fraction"]
        monitors = (str(getattr(callback, "monitor", None)) for callback in given)
        watches = any(monitor.startswith("val_") for monitor in monitors)
        is_watched = parameters["early_stopping"] or watches
        file = None
        if backup is not None:
            of_fit = checkpoint.fingerprint(
                parameters,
                self.shaped_by,
                self.state,
                random_state,
                sequences=(source.sample, source.digest, self.preprocessing),
                sample_weight=source.weight,
                validation_set=is_watched,
            )
            file = checkpoint.CheckpointFile(backup, of_fit, random_state)
        data = source.to_train(self.preprocessing, parameters["batch_size"])
        if fraction is not None and is_watched:
            data = data.holding_out(fraction, random_state)
        shape, watching = self.preprocessing.shape, [*given, *watchers]
        left = 1.0 if shape is None else shape.left
        asked = asked_for(parameters, watching, data.n_train, left)
        return epochs.train(
            self.architecture, data, asked, random_state, self.state, file
        )
