"""In which order the gallery shows its pages."""

FIRST = [
    "plot_japanese_vowels.py",
    "plot_keras_tutorial.py",
    "plot_vector_of_twenty.py",
    "plot_keras_models.py",
    "plot_fine_tuning.py",
    "plot_watch_training.py",
    "plot_variational.py",
    "plot_forecasting.py",
    "plot_clustering.py",
    "plot_anomalies.py",
    "plot_long_table.py",
    "plot_events.py",
    "plot_column_transformer.py",
]


def place_of(filename: str) -> tuple[int, str]:
    """Return a sort key: pages that are not listed come last, by name."""
    place = FIRST.index(filename) if filename in FIRST else len(FIRST)
    return place, filename
