"""Settings of the documentation."""

import os
import re
import sys
import warnings
from importlib.metadata import version as installed_version
from pathlib import Path

from sklearn_seqae._utils.documentation import SITE, folder_of

sys.path.insert(0, str(Path(__file__).parent))  # for gallery_order

project = "sklearn_seqae"
author = "The sklearn_seqae developers"
copyright = author
version = release = installed_version("sklearn-seqae")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
default_role = "py:obj"
smartquotes = False  # default="auto" is code, though no markup says so

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's sections say it more readably
numpydoc_show_class_members = False  # the template of a class lists its methods
templates_path = ["_templates"]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "ignore_pattern": "quickstart",  # a script for the terminal
    "within_subsection_order": "gallery_order.place_of",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 1e9,  # no table of times, which would change in each build
    "first_notebook_cell": '%pip install --quiet "sklearn-seqae[arrow,plot]"',
    "reference_url": {"sklearn_seqae": None},
    "doc_module": ("sklearn_seqae",),
    "backreferences_dir": "generated/backreferences",
}

html_theme = "pydata_sphinx_theme"
html_title = project
html_theme_options = {
    "show_prev_next": False,
    "navbar_end": ["version-switcher", "theme-switcher"],  # in the menu on a phone
    "navbar_persistent": ["search-button"],  # narrower than the field
    "switcher": {
        "json_url": f"{SITE}/switcher.json",  # publish.py writes it
        "version_match": folder_of(os.environ.get("DOCS_VERSION", release)),
    },
    "check_switcher": False,  # it would need the internet
    "show_version_warning_banner": True,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
}
html_show_sourcelink = False
html_static_path = ["_static"]
html_css_files = ["style.css"]
# Pages without siblings need no list of them
html_sidebars = {
    page: []
    for page in [
        "index",
        "install",
        "architecture",
        "benchmarks",
        "representations",
        "changelog",
    ]
}
toc_object_entries_show_parents = "hide"

linkcheck_timeout = 30

warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")


def unlink_sklearn_references(app, what, name, obj, options, lines):
    """Turn links into scikit-learn's guide into plain text in inherited docstrings.

    Resolving them (intersphinx) would make the build depend on the internet.
    """
    if (getattr(obj, "__module__", None) or "").startswith("sklearn."):
        lines[:] = [
            re.sub(r":(?:ref|term):`([^`<]+?)\s*(?:<[^`]*>)?`", r"\1", line)
            for line in lines
        ]


def setup(app):
    app.connect("autodoc-process-docstring", unlink_sklearn_references)
