"""What has to say the same in several places when a version is released."""

import hashlib
import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pytest

import sklearn_seqae
from sklearn_seqae import LSTMAutoencoderTransformer
from sklearn_seqae._utils.documentation import SITE

ROOT = Path(__file__).parents[1]


def read(path):
    if not (ROOT / path).exists():
        pytest.skip(f"{path} is in the repository only")
    return (ROOT / path).read_text()


def test_the_diagram_links_to_the_page_of_the_estimator():
    class Own(LSTMAutoencoderTransformer):
        pass

    link = LSTMAutoencoderTransformer()._get_doc_link()
    minor = ".".join(sklearn_seqae.__version__.split(".")[:2])
    page = "generated/sklearn_seqae.LSTMAutoencoderTransformer.html"
    assert link == f"{SITE}/{minor}/{page}"
    assert link in LSTMAutoencoderTransformer()._repr_html_()
    assert Own()._get_doc_link() == ""  # it has no page


@pytest.fixture
def project():
    return tomllib.loads(read("pyproject.toml"))["project"]


def test_the_metadata_name_the_site(project):
    assert project["urls"]["Documentation"] == f"{SITE}/stable/"


def test_the_citation_has_the_version(project):
    found = re.search(r"^version: (.*)$", read("CITATION.cff"), flags=re.M)
    assert found[1] == project["version"]


def test_the_licence_of_the_recordings_is_named_where_they_are(project):
    (data,) = (ROOT / "sklearn_seqae/datasets/data").glob("*.npz")
    assert project["license"] == "BSD-3-Clause AND CC-BY-4.0"
    assert project["license-files"] == ["LICENSE", "NOTICE"]
    assert f"sklearn_seqae/datasets/data/{data.name}" in read("NOTICE")
    assert "creativecommons.org/licenses/by/4.0" in read("NOTICE")


def test_every_supported_python_is_tested(project):
    named = project["classifiers"]
    supported = [c.rpartition(" ")[2] for c in named if re.search(r":: 3\.\d", c)]
    (tested,) = re.findall(r"python: \[(.*)\]", read(".github/workflows/tests.yml"))
    assert re.findall(r"[\d.]+", tested) == supported


def test_the_readme_can_be_read_on_a_package_index(project):
    text, source = read("README.md"), project["urls"]["Source"]
    link = r'(?:\]\(|src="|srcset="|href="|^\[\w+\]: )([^)"\n]*)'
    urls = re.findall(link, text, flags=re.M)
    assert all(url.startswith("https://") for url in urls)
    used = re.findall(r"\]\[(\w+)\]", text)
    assert set(used) == set(re.findall(r"^\[(\w+)\]:", text, flags=re.M))
    raw = source.replace("github.com", "raw.githubusercontent.com")
    starts = f"{raw}/main/", f"{source}/blob/main/"
    files = [url.removeprefix(s) for s in starts for url in urls if url.startswith(s)]
    assert {"docs/_static/front_light.svg", "docs/_static/front_dark.svg"} < {*files}
    for file in files:
        assert (ROOT / file).is_file(), file


def test_the_readme_names_pages_that_there_are():
    pages = re.findall(rf"{SITE}/stable/(\S+)\.html", read("README.md"))
    assert len(pages) > 5
    for page in set(pages) - {"auto_examples/index"}:  # the gallery's is made
        assert (ROOT / f"docs/{page}.rst").is_file(), page


def test_the_notebook_is_where_sphinx_puts_it():
    (link,) = re.findall(r"^\[colab\]: \S+/_downloads/(\S+)$", read("README.md"), re.M)
    folder, name = link.split("/")
    assert folder == hashlib.md5(f"auto_examples/{name}".encode()).hexdigest()
    assert (ROOT / "examples" / name.replace("ipynb", "py")).is_file()


def test_pictures_of_the_start_page_are_small_and_need_no_font():
    for theme in ("light", "dark"):
        picture = read(f"docs/_static/front_{theme}.svg")
        assert len(picture) < 60_000
        assert "<text" not in picture  # letters are drawn: no font is needed
        assert f"_static/front_{theme}.svg" in read("docs/index.rst")


@pytest.fixture
def publish():
    path = ROOT / "docs/publish.py"
    spec = importlib.util.spec_from_file_location("publish", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.publish


@pytest.fixture
def built(tmp_path):
    html = tmp_path / "html"
    html.mkdir()

    def build(text):
        (html / "index.html").write_text(text)
        return html

    return build


def test_the_site_has_a_folder_for_each_version(publish, built, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    publish(built("main"), site, "dev")
    assert "url=dev/" in (site / "index.html").read_text()
    for release in ["0.9.0", "0.10.0", "0.9.1"]:  # the last mends an older one
        publish(built(release), site, release)
    pages = {path.parent.name: path.read_text() for path in site.glob("*/index.html")}
    assert pages == {
        "dev": "main",
        "0.9": "0.9.1",
        "0.10": "0.10.0",
        "stable": "0.10.0",
    }
    assert "url=stable/" in (site / "index.html").read_text()
    entries = json.loads((site / "switcher.json").read_text())
    assert [entry["version"] for entry in entries] == ["dev", "0.10", "0.9"]
    assert [entry.get("preferred") for entry in entries] == [None, True, False]
    assert entries[1]["url"] == f"{SITE}/stable/"
