"""Every public object is documented as numpydoc wants it, with an example."""

import importlib
import inspect

import pytest
from numpydoc.validate import validate

MODULES = [
    "sklearn_seqae",
    "sklearn_seqae.datasets",
    "sklearn_seqae.exceptions",
    "sklearn_seqae.plotting",
]

# What we ask less of than numpydoc does
LEFT_OUT = {
    "GL01",  # where the summary starts: older numpydoc wants a line of its own
    "ES01",  # an extended summary: not every function needs one
    "RT02",  # no name before the type in Returns: scikit-learn gives one, "self" say
    "SA01",  # See Also
    "SA04",  # See Also with descriptions
}
LEFT_OUT_IN_METHODS = LEFT_OUT | {"EX01"}  # the class shows its methods at work


def public_objects():
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        for name in module.__all__:
            if not name.startswith("__"):
                yield f"{module_name}.{name}", getattr(module, name)


def own_public_methods(cls):
    for name, member in inspect.getmembers(cls):
        function = member.fget if isinstance(member, property) else member
        module = getattr(function, "__module__", None) or ""
        is_ours = module.startswith("sklearn_seqae")
        if is_ours and not name.startswith("_"):
            yield name


def find_faults(path, left_out):
    return [error for error in validate(path)["errors"] if error[0] not in left_out]


@pytest.mark.parametrize("path", [path for path, _ in public_objects()])
def test_object_is_documented(path):
    assert find_faults(path, LEFT_OUT) == []


@pytest.mark.parametrize(
    "path",
    [
        f"{path}.{method}"
        for path, cls in public_objects()
        if inspect.isclass(cls)
        for method in own_public_methods(cls)
    ],
)
def test_method_is_documented(path):
    assert find_faults(path, LEFT_OUT_IN_METHODS) == []
