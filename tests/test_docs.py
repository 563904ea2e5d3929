"""What the documentation names is there: parameters and attributes.

Examples that run tell themselves. This is about names in the text.
"""

import ast
import importlib
import inspect
import re
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpydoc.docscrape import ClassDoc
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqae import (
    LSTMAutoencoderOutlierDetector,
    LSTMAutoencoderTransformer,
    SequenceAggregator,
    WindowOutlierDetector,
)

ROOT = Path(__file__).parents[1]
ESTIMATORS = (
    LSTMAutoencoderOutlierDetector,
    LSTMAutoencoderTransformer,
    SequenceAggregator,
    WindowOutlierDetector,
)
MODULES = (
    "sklearn_seqae",
    "sklearn_seqae.datasets",
    "sklearn_seqae.exceptions",
    "sklearn_seqae.plotting",
)
PAGES = sorted(
    path
    for folder, pattern in [
        (ROOT, "[!C]*.md"),
        (ROOT, "CHANGELOG.md"),
        (ROOT / "docs", "[!a]*.rst"),  # architecture.rst is about what is private
        (ROOT / "docs" / "user_guide", "*.rst"),
        (ROOT / "docs" / "user_guide", "*.txt"),
        (ROOT / "examples", "*.py"),
    ]
    for path in folder.glob(pattern)
)
# Parameters, functions and hooks of other libraries that the pages name
OF_OTHERS = set(
    re.findall(
        r"\w+",
        """
        a_0 a_1 b_0 b_1
        activity_regularizer cross_val_predict cross_val_score delete_checkpoint
        double_checkpoint dtype dtype_backend expand_nested groups jit_compile
        maintain_order memory meta n_jobs on_epoch_end pad_sequences
        permutation_importance restore_best_weights return_sequences safe_mode
        save_freq set_callbacks set_index show_shapes
        splines threads_per_worker to_numpy use_ema val_ validation_split
        write_page_checksum
        """,
    )
)
# Of our own pages: what the study calls the number of updates, and names that are made
OURS = {
    "updates",
    "every_length_is_at_least_1",
    "every_moment_is_in_the_range_of_uint8",
    "probabilities_page",
}


def public_objects():
    for module in map(importlib.import_module, MODULES):
        for name in module.__all__:
            yield name, getattr(module, name)


def public_signatures():
    """Yield the name and signature of all that is public and can be called."""
    for name, found in public_objects():
        is_error = inspect.isclass(found) and issubclass(found, Exception)
        if callable(found) and not is_error:
            yield name, inspect.signature(found)
            for method, function in inspect.getmembers(found, callable):
                if not method.startswith("_"):
                    yield method, inspect.signature(function)


SIGNATURES = list(public_signatures())
PARAMETERS = {name for _, signature in SIGNATURES for name in signature.parameters}
CLASSES = [found for _, found in public_objects() if inspect.isclass(found)]
ATTRIBUTES = {name for cls in CLASSES for name in dir(cls)} | {
    name.strip()
    for cls in CLASSES
    for attribute in ClassDoc(cls)["Attributes"]
    for name in attribute.name.split(",")
}
NAMES = {name for name, _ in SIGNATURES} | PARAMETERS | ATTRIBUTES | OF_OTHERS | OURS


def code_spans(path):
    """Return what stands in the text of a page as code."""
    text = path.read_text(encoding="utf-8")
    quotes = "`" if path.suffix == ".md" else "``"
    return re.findall(rf"(?<!`){quotes}([^`]+?){quotes}(?!`)", text)


def named(span):
    """Return the parameters and attributes that a piece of code names."""
    keywords = re.findall(r"(?<![\w.\"'])([a-z_]\w*)=(?!=)", span)
    fitted = re.findall(r"(?<![\w/])([a-z]\w*[a-z0-9]_)(?![\w*{])", span)
    alone = re.findall(r"^[a-z]+_\w+$", span)
    return {*keywords, *fitted, *alone}


def test_names_are_found():
    assert named("f(n_components=3, x == 2)") == {"n_components"}
    assert named('ae.history_["loss"]') == {"history_"}
    assert named("max_length") == {"max_length"}
    assert named("activity_*_") == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_what_a_page_names_is_there(page):
    found = set().union(*map(named, code_spans(page)))
    assert found - NAMES == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_blocks_that_do_not_run_give_parameters_that_there_are(page):
    text, known = page.read_text(encoding="utf-8"), dict(SIGNATURES)
    for block in re.findall(r"code-block:: python\n\n((?: +.*\n|\n)+)", text):
        for node in ast.walk(ast.parse(textwrap.dedent(block))):
            name = getattr(getattr(node, "func", None), "id", None)
            if name in dict(public_objects()):
                given = {keyword.arg for keyword in node.keywords} - {None}
                assert given <= {*known[name].parameters}, name


@pytest.mark.parametrize("library", ["faiss", "qdrant_client"])
def test_recipes_with_a_library_run_where_it_is(library, plain_autoencoder, sequences):
    pytest.importorskip(library, reason=f"{library} is in no extra")
    names = {
        "X_train": sequences,
        "X_test": sequences,
        "y_train": range(len(sequences)),
    }
    names["embed"] = make_pipeline(plain_autoencoder(), StandardScaler()).fit(sequences)
    page = (ROOT / "docs" / "user_guide" / "recipes.rst").read_text(encoding="utf-8")
    blocks = re.findall(r"code-block:: python\n\n((?: +.*\n|\n)+)", page)
    (block,) = (block for block in blocks if library in block)
    exec(textwrap.dedent(block), names)
    assert np.ravel(names["rows"])[0] == 0  # a sequence is nearest to itself


@pytest.mark.parametrize("cls", ESTIMATORS)
def test_documented_attributes_are_there(cls, fitted):
    for attribute in ClassDoc(cls)["Attributes"]:
        for name in attribute.name.split(","):
            assert hasattr(fitted[cls], name.strip()), name


@pytest.fixture(scope="module")
def fitted(plain_autoencoder, sequences):
    """One of each, with all that an attribute may need."""
    table = pd.concat(
        [pd.DataFrame(x, columns=["a", "b"]) for x in sequences],
        keys=range(len(sequences)),
    )
    autoencoder = plain_autoencoder(forecast_horizon=2)
    windows = WindowOutlierDetector(
        LSTMAutoencoderOutlierDetector(autoencoder), window=4
    )
    return {
        type(each): each.fit(table)
        for each in (
            autoencoder,
            LSTMAutoencoderOutlierDetector(autoencoder),
            windows,
            SequenceAggregator(),
        )
    }
