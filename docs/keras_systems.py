"""What the Keras tutorials build, and the parameters that build it here.

The tests fit each of these, and compare the table of the user guide with them. Running
this file writes the table anew.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parent / "user_guide" / "keras_systems.txt"
GALLERY = ":ref:`sphx_glr_auto_examples_{}.py`"
REPEATED = [
    "Bidirectional(LSTM(64))",
    "Dense(3)",  # and the length
    "RepeatVector(9)",
    "LSTM(64)",
    "TimeDistributed(Dense(1))",
]
PLAIN = {  # without what ours adds to the tutorials' networks
    "pooling": "last",
    "exact_components": (),
    "encoder_inputs": (),
    "mask_ratio": 0,
    "contrastive_weight": 0,
}
ONE_WAY = {"bidirectional": False, **PLAIN}


@dataclass(frozen=True)
class System:
    """One system of the tutorials.

    Attributes
    ----------
    theirs : str
        What the tutorial writes, as reStructuredText.
    parameters : dict
        What gives it here.
    layers : list of str
        LSTM and Dense layers of our Keras models, and what changes shapes.
    see : str
        Where to read on, as reStructuredText.
    same_length : bool
        Whether its sequences are all ten steps of five features, and not four of
        different lengths and one feature.
    """

    theirs: str
    parameters: dict[str, Any]
    layers: list[str]
    see: str
    same_length: bool = False

    @property
    def ours(self) -> str:
        """The parameters as code."""
        return ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())


SYSTEMS = [
    System(
        "``LSTM(2, activation='relu')``, ``RepeatVector``, ``LSTM(100, "
        "activation='relu')``, ``TimeDistributed(Dense(1))``",
        {
            "n_components": None,
            "hidden_layer_sizes": 2,
            "decoder_layer_sizes": 100,
            "activation": "relu",
            **ONE_WAY,
        },
        ["LSTM(2)", "RepeatVector(9)", "LSTM(100)", "TimeDistributed(Dense(1))"],
        GALLERY.format("plot_keras_tutorial"),
    ),
    System(
        "The same with a vector of any size, whatever the number of units",
        {"n_components": 4, "hidden_layer_sizes": 32, **ONE_WAY},
        [
            "LSTM(32)",
            "Dense(4)",
            "RepeatVector(9)",
            "LSTM(32)",
            "TimeDistributed(Dense(1))",
        ],
        GALLERY.format("plot_keras_tutorial"),
    ),
    System(
        "``LSTM(20)``, ``Reshape((10, 2))``, ``LSTM(5, return_sequences=True)``",
        {
            "n_components": None,
            "hidden_layer_sizes": 20,
            "decoder": "reshape",
            "decoder_layer_sizes": 5,
            **ONE_WAY,
        },
        ["LSTM(20)", "Reshape(10, 2)", "LSTM(5)", "TimeDistributed(Dense(5))"],
        GALLERY.format("plot_vector_of_twenty"),
        same_length=True,
    ),
    System(
        "``LSTM(20)``, ``Reshape((10, 2))``, ``LSTM(50)``, ``Reshape((10, 5))``",
        {
            "n_components": None,
            "hidden_layer_sizes": 20,
            "decoder": "single_shot",
            "decoder_layer_sizes": 50,
            **ONE_WAY,
        },
        ["LSTM(20)", "Reshape(10, 2)", "LSTM(50)", "Dense(50)", "Reshape(10, 5)"],
        GALLERY.format("plot_vector_of_twenty"),
        same_length=True,
    ),
    System(
        "A decoder that reads at each step what it wrote at the step before",
        {"n_components": 4, "decoder": "unfold"},
        ["Bidirectional(LSTM(64))", "Dense(3)", "LSTMCell(64)", "Dense(1)"],
        ":doc:`decoders`",
    ),
    System(
        "Deep: several ``LSTM`` layers",
        {"n_components": 8, "hidden_layer_sizes": (64, 32), **ONE_WAY},
        [
            "LSTM(64)",
            "LSTM(32)",
            "Dense(8)",
            "RepeatVector(9)",
            "LSTM(32)",
            "LSTM(64)",
            "TimeDistributed(Dense(1))",
        ],
        ":doc:`cost`",
    ),
    System(
        "``Bidirectional(LSTM(64))``",
        {"n_components": 4, "hidden_layer_sizes": 64, "bidirectional": True, **PLAIN},
        ["Bidirectional(LSTM(64))", "Dense(4)", *REPEATED[2:]],
        ":doc:`vectors`",
    ),
    System(
        "Denoising: noise is added to the input, not to the target",
        {"n_components": 4, "noise": 0.2},
        REPEATED,
        ":doc:`variants`",
    ),
    System(
        "Sparse: ``activity_regularizer=l1(0.01)`` on the vector",
        {"n_components": 4, "sparsity_weight": 0.01},
        REPEATED,
        ":doc:`variants`",
    ),
    System(
        "Variational: a mean and a variance, and new sequences by ``sample``",
        {"n_components": 4, "kl_weight": 1.0},
        REPEATED,
        ":doc:`variants`",
    ),
    System(
        "``LSTM(64, dropout=0.2)``",
        {"n_components": 4, "dropout": 0.2},
        REPEATED,
        ":doc:`variants`",
    ),
    System(
        "Predict the next element from those before, and slide on",
        {"n_components": 4, "forecast_horizon": 1},
        REPEATED,
        GALLERY.format("plot_forecasting"),
    ),
    System(
        "``validation_split=0.1`` and the ``EarlyStopping`` callback",
        {"n_components": 4, "early_stopping": True, "validation_fraction": 0.1},
        REPEATED,
        GALLERY.format("plot_watch_training"),
    ),
]


def as_table() -> str:
    """Return the table as reStructuredText."""
    lines = [
        ".. Written by docs/keras_systems.py. Do not edit it by hand.",
        "",
        ".. list-table::",
        "   :header-rows: 1",
        "   :widths: 35 40 25",
        "",
    ]
    rows = [("In the tutorials", "Here", "See")]
    rows += [(system.theirs, f"``{system.ours}``", system.see) for system in SYSTEMS]
    for first, *others in rows:
        lines += [f"   * - {first}", *(f"     - {cell}" for cell in others)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TABLE.write_text(as_table(), encoding="utf-8")
