"""Optimizers of Keras: made, told apart, and as plain values and back.

Only classes that Keras has by a public name are made again, so a file brings no code.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from typing import Any

import keras

CLIP_NORM = 1.0  # of all gradients together; recurrent nets meet a cliff now and then
KINDS = keras.optimizers.Optimizer, keras.optimizers.schedules.LearningRateSchedule


def new_optimizer(given: Any) -> keras.optimizers.Optimizer:
    """Make an optimizer by name, class or instance; that is left as it is."""
    if isinstance(given, keras.optimizers.Optimizer):
        return type(given).from_config(given.get_config())
    kind = type(keras.optimizers.get(given)) if isinstance(given, str) else given
    if not issubclass(kind, keras.optimizers.Optimizer):
        raise TypeError(
            f"optimizer is the class {kind.__name__}; expected a name, class or "
            "instance of keras.optimizers.Optimizer."
        )
    return kind(global_clipnorm=CLIP_NORM)


def optimizer_key(optimizer: Any) -> Hashable:
    """Return a key, without the learning rate: equal ones share a program."""
    if isinstance(optimizer, keras.optimizers.Optimizer):
        return type(optimizer), config_text(optimizer)
    return optimizer.lower() if isinstance(optimizer, str) else optimizer


def optimizer_identity(optimizer: keras.optimizers.Optimizer) -> tuple[str, str]:
    """Return kind and configuration: an optimizer's state serves no other optimizer."""
    return type(optimizer).__name__, config_text(optimizer, without=("learning_rate",))


def config_text(given: Any, without: tuple[str, ...] = ()) -> str:
    """Return the configuration of what is Keras's, the same in every process."""
    left_out = ("name", *without)  # names are numbered: each has its own
    config = {k: v for k, v in given.get_config().items() if k not in left_out}
    return json.dumps(config, sort_keys=True, default=repr)


def to_config(given: Any) -> dict[str, Any] | None:
    """Return the name of a class and, for an instance, its configuration.

    None for what is not Keras's own, or holds more than plain values and a schedule.
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
        schedule = {"class": rate["class_name"], "config": rate["config"]}
        config["learning_rate"] = schedule
    nested = [name for name, value in config.items() if isinstance(value, dict)]
    if not set(nested) <= {"learning_rate"}:
        return None
    try:
        json.dumps(config)
    except TypeError:
        return None
    return {"class": cls.__name__, "config": config}


def from_config(plain: dict[str, Any]) -> Any:
    """Make what `to_config` returned again; a ValueError for an unknown name."""
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
        if isinstance(found, type) and issubclass(found, KINDS):
            return found
    return None
