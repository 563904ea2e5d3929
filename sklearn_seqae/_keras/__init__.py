"""The only code that imports Keras, TensorFlow or SciKeras; it knows no dataframe."""

from sklearn_seqae._keras._quiet import import_tensorflow_quietly

import_tensorflow_quietly()
