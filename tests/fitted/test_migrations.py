"""Parameters that were a switch each are lists of names, whatever they were."""

import pytest

from sklearn_seqae._fitted.migrations import MIGRATIONS

AUTO = {
    "length_component": "auto",
    "instance_norm": "auto",
    "differences": True,
    "n_kernels": "auto",
}


@pytest.mark.parametrize(
    ("changed", "exact_components", "encoder_inputs"),
    [
        ({}, "auto", "auto"),
        ({"length_component": False, "instance_norm": False}, (), "auto"),
        ({"length_component": True, "instance_norm": False}, ("length",), "auto"),
        (
            {"length_component": True, "instance_norm": True},
            ("instance_norm", "length"),
            "auto",
        ),
        ({"differences": False, "n_kernels": 0}, "auto", ()),
        ({"differences": False, "n_kernels": 8}, "auto", ("kernels",)),
        ({"n_kernels": 0}, "auto", ("differences",)),
    ],
)
def test_switches_are_lists(changed, exact_components, encoder_inputs):
    saved = AUTO | changed | {"tol": 1e-4, "checkpoint_path": "file", "noise": 0.1}
    assert MIGRATIONS[1](saved) == {
        "noise": 0.1,
        "exact_components": exact_components,
        "encoder_inputs": encoder_inputs,
    }


def test_other_estimators_get_no_lists():
    saved = {"max_categories": 9, "min_frequency": 3, "time": True}
    assert MIGRATIONS[1](saved) == {"max_categories": 9, "time": True}
