"""Where the documentation is: a folder for each minor version, and `dev`."""

from importlib.metadata import version

SITE = "https://sklearn-seqae.github.io/sklearn-seqae"


def folder_of(release: str) -> str:
    """Return the folder of a version.

    Examples
    --------
    >>> from sklearn_seqae._utils.documentation import folder_of
    >>> folder_of("0.3.1"), folder_of("0.4.0.dev0"), folder_of("dev")
    ('0.3', 'dev', 'dev')
    """
    return "dev" if "dev" in release else ".".join(release.split(".")[:2])


# In scikit-learn's form, for the link in the diagram of an estimator
PAGE_OF_ESTIMATOR = (
    f"{SITE}/{folder_of(version('sklearn-seqae'))}/generated/"
    "{estimator_module}.{estimator_name}.html"
)
