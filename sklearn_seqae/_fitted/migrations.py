"""How what an earlier release saved becomes what this one reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

Attributes = dict[str, Any]

NAMES = "names"  # marks a dict that was an array of objects; NumPy may crash on these


def _in_one_tree(attributes: Attributes) -> Attributes:
    """Bring what a fit had set, an attribute each, into one tree."""
    network = attributes.get("_autoencoder")
    attributes = _with_lists(attributes, network)
    if network is None:
        return attributes
    shaped_by = _with_lists({"n_kernels": 0} | network["shaped_by"], network)
    attributes["_autoencoder"] = {**network, "shaped_by": shaped_by}
    fitted = {name: attributes[name] for name in OF_A_FIT if name in attributes}
    rest = {name: each for name, each in attributes.items() if name not in OF_A_FIT}

    def names(name: str) -> tuple[str, ...] | None:
        found = fitted.get(name)
        found = found[NAMES] if isinstance(found, dict) else found
        return None if found is None else tuple(found)

    schema = {
        "features": {
            "n_features_in": fitted["n_features_in_"],
            "n_features": fitted["_n_features"],
            "n_columns": fitted.get("_n_columns"),
            "feature_names_in": names("feature_names_in_"),
            "sequence_names": names("sequence_feature_names_in_"),
        },
        "container": fitted["_container"],
        "events": fitted.get("_events", {}),
        "scaler": fitted["scaler_"],
    }
    return rest | {
        "_fitted": {
            "schema": schema,
            "network": fitted["_autoencoder"],
            "max_length": fitted["max_length_"],
            "history": fitted["history_"],
            "n_iter": fitted["n_iter_"],
            "random_state": fitted["_random_state"],
        }
    }


def _with_lists(given: Attributes, network: Any) -> Attributes:
    """Make lists of names of parameters that were a switch each; drop those that went.

    Where one was "auto" beside another that was not, what the network has decides.
    """
    known = {} if network is None else network["preprocessing"]
    found = {name: each for name, each in given.items() if name not in GONE}
    if "differences" in given:  # of which the default was True
        given = {"n_kernels": "auto", **given}
        if given["differences"] and given["n_kernels"] == "auto":
            given["differences"] = "auto"
    for parameter, switches in LISTS.items():
        asked = {switch: given[switch] for switch in switches if switch in given}
        if not asked:
            continue
        stands = {
            s: known.get(switches[s][1]) if v == "auto" else v for s, v in asked.items()
        }
        named = tuple(switches[switch][0] for switch, has in stands.items() if has)
        is_auto = all(each == "auto" for each in asked.values())
        found[parameter] = "auto" if is_auto else named
    return found


# Parameters of format 1, what names them in a list, and what they gave a network
LISTS = {
    "exact_components": {
        "instance_norm": ("instance_norm", "instance_norm"),
        "length_component": ("length", "length_code"),
    },
    "encoder_inputs": {
        "differences": ("differences", "difference_scale"),
        "n_kernels": ("kernels", "convolutions"),
    },
}
OF_LISTS = {switch for switches in LISTS.values() for switch in switches}
GONE = OF_LISTS | {
    "recurrent_dropout",
    "learning_rate_schedule",
    "tol",
    "min_frequency",
    "checkpoint_path",
}
OF_A_FIT = frozenset(  # attributes of a fit in format 1
    [
        "_autoencoder",
        "_container",
        "_events",
        "_n_features",
        "_n_columns",
        "_n_features_out",
        "_random_state",
        "n_features_in_",
        "feature_names_in_",
        "sequence_feature_names_in_",
        "patch_size_",
        "max_length_",
        "history_",
        "n_iter_",
        "scaler_",
    ]
)
# By format; each makes attributes as they were saved into those of the next format.
MIGRATIONS: Mapping[int, Callable[[Attributes], Attributes]] = MappingProxyType(
    {1: _in_one_tree}
)
