"""Optimizers and learning-rate schedules of Keras as plain values, and back.

Only classes that Keras has by a public name are made again: a file can name no others,
so it brings no code.
"""

from __future__ import annotations

import json
from typing import Any

import keras

SCHEDULE = keras.optimizers.schedules.LearningRateSchedule


def to_config(given: Any) -> dict[str, Any] | None:
    """Return the name of a class and, for an instance, its configuration.

    Parameters
    ----------
    given : object
        An optimizer or a schedule, or a class of them.

    Returns
    -------
    dict or None
        None for a class that is not Keras's own, or a configuration that holds more
        than numbers, strings and one schedule.
    """
    cls = given if isinstance(given, type) else type(given)
    if _class_named(cls.__name__) is not cls:
        return None
    if given is cls:
        return {"class": cls.__name__}
    config = given.get_config()
    rate = config.get("learning_rate")
    if isinstance(rate, dict):  # as Keras writes a schedule
        if not str(rate.get("module")).startswith("keras."):
            return None
        config["learning_rate"] = {
            "class": rate["class_name"],
            "config": rate["config"],
        }
    nested = [name for name, value in config.items() if isinstance(value, dict)]
    if not set(nested) <= {"learning_rate"} or not _is_plain(config):
        return None
    return {"class": cls.__name__, "config": config}


def from_config(plain: dict[str, Any]) -> Any:
    """Make a class or an instance again, from what `to_config` returned.

    Raises
    ------
    ValueError
        If Keras has no optimizer and no schedule of this name.
    """
    name = plain["class"]
    cls = _class_named(name)
    if cls is None:
        raise ValueError(
            f"{name!r} is none of the optimizers and schedules of Keras "
            f"{keras.__version__}"
        )
    if "config" not in plain:
        return cls
    config = dict(plain["config"])
    if isinstance(config.get("learning_rate"), dict):
        config["learning_rate"] = from_config(config["learning_rate"])
    return cls.from_config(config)


def _class_named(name: str) -> Any:
    for namespace in (keras.optimizers, keras.optimizers.schedules):
        found = getattr(namespace, name, None)
        if isinstance(found, type) and issubclass(
            found, keras.optimizers.Optimizer | SCHEDULE
        ):
            return found
    return None


def _is_plain(config: dict[str, Any]) -> bool:
    try:
        json.dumps(config)
    except TypeError:
        return False
    return True
