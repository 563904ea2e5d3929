"""``docs/representations.rst``, from the results."""

from collections.abc import Sequence

from benchmarks import _report
from benchmarks._process import ROOT
from benchmarks.representations import _picture, _tables, published
from benchmarks.representations._ranks import Scores, critical_difference, friedman
from benchmarks.representations._scores import Study, beside_others, with_published
from benchmarks.representations._study import SEEDS
from benchmarks.representations.designs import HEADLINE, OTHER_INPUTS, OURS

PATH = ROOT / "docs" / "representations.rst"
TITLES = {
    "svm": "SVM, accuracy",
    "logistic": "Logistic regression, accuracy",
    "kmeans": "k-means, adjusted Rand index",
}

INTRODUCTION = """\
.. This page is written by ``python -m benchmarks.representations``. Do not edit it by
   hand.

===============
Representations
===============

How much of the classes of labelled sequences is in an embedding that was learnt without
the labels. Every embedding is fitted on the training sequences of a data set, and
judged by what simple models get out of it on the test sequences:

- an SVM with an RBF kernel on the embedding as it is, C by cross-validation in five
  folds over 1e-4 to 1e4 and infinity: the protocol of T-Loss [1]_ and TS2Vec [2]_;
- logistic regression on the standardised embedding;
- k-means on the standardised embedding of the test sequences, with as many clusters as
  there are classes: the adjusted Rand index.

A figure is the median of {n_seeds} seeds; what no seed changes was run once. Ranks are
means over data sets [5]_, taken at three decimals, as papers print their figures.
Designs were compared on the *development* sets alone; nothing was chosen by the
*held-out* ones.

Beside ours stand statistics of each feature (mean, standard deviation, extremes and
ends of values and of steps, and the length), catch22 [3]_ with mean and standard
deviation, principal components of sequences padded with zeros (99% of the variance, and
16 components), MiniRocket [4]_ (about 10,000 numbers; unequal lengths padded with
zeros), and a nearest neighbour by dynamic time warping with a full window, a classifier
that makes no embedding and stands with its own accuracy. *Published* rows are the
figures of the papers, measured by their authors. Where a published figure of DTW
differs from ours, the sequences may have been prepared in another way.
"""

REFERENCES = """\
.. [1] Franceschi, J.-Y., Dieuleveut, A. and Jaggi, M. (2019). Unsupervised scalable
   representation learning for multivariate time series. NeurIPS. The figures are those
   that accompany its code: K = 10 for univariate sets, K = 20 for the others.
.. [2] Yue, Z. et al. (2022). TS2Vec: Towards universal representation of time series.
   AAAI.
.. [3] Lubba, C. H. et al. (2019). catch22: CAnonical Time-series CHaracteristics. Data
   Mining and Knowledge Discovery 33.
.. [4] Dempster, A., Schmidt, D. F. and Webb, G. I. (2021). MiniRocket: A very fast
   (almost) deterministic transform for time series classification. KDD.
.. [5] Demsar, J. (2006). Statistical comparisons of classifiers over multiple data
   sets. Journal of Machine Learning Research 7.
"""


def write(study: Study) -> None:
    """Write the page, and the picture if there is enough for one."""
    PATH.write_text(page(study, draw_picture(study)))


def draw_picture(study: Study) -> str:
    """Draw the critical-difference diagram; return what the page says of it."""
    sets = [name for name in study.sets if _published_on(name)]
    scores = _ranked(study, sets)
    ranks = _tables.entrants(scores, sets)
    if not ranks:
        return ""
    difference = critical_difference(len(ranks), len(sets))
    _picture.draw(ranks, difference, HEADLINE, _picture.PATH)
    absent = [row for row in scores if row not in ranks]
    left_out = f" Without {', '.join(absent)}: figures are missing." if absent else ""
    return f"""\
.. figure:: _static/{_picture.PATH.name}
   :alt: Mean ranks on a line, from the best on the left to the worst on the right

   Mean ranks by the SVM's accuracy over the {len(sets)} data sets with published
   figures. What a bar joins, Nemenyi's test does not tell apart at 5%; that is not to
   say that it is equal. Friedman's test: p = {friedman(scores, sets):.2g}.{left_out}
"""


def page(study: Study, picture: str) -> str:
    """The page in reStructuredText."""
    parts = [
        INTRODUCTION.format(n_seeds=len(SEEDS)),
        _beside_others(study, picture),
        *(_costs(study, name) for name in HEADLINE),
        _designs(study),
        _section("The data", _table(_tables.sizes(study.results, study.sets))),
        _machines(study),
        REFERENCES,
    ]
    return "\n".join(part for part in parts if part)


def _beside_others(study: Study, picture: str) -> str:
    groups = {"Development": study.development, "Held out": study.held_out}
    parts = [
        picture,
        _ranks(study),
        _pairs(study),
        *(
            _accuracies(study, protocol, title, group, sets)
            for protocol, title in TITLES.items()
            for group, sets in groups.items()
        ),
        _missing_seeds(study, beside_others()),
    ]
    return _section("The defaults beside others", *parts)


def _ranks(study: Study) -> str:
    known = [name for name in study.sets if _published_on(name)]
    columns = {
        "development": (study.scores(beside_others(), "svm"), study.development),
        "held out": (study.scores(beside_others(), "svm"), study.held_out),
        "all": (study.scores(beside_others(), "svm"), study.sets),
        "all, logistic": (study.scores(beside_others(), "logistic"), study.sets),
        "all, k-means": (study.scores(beside_others(), "kmeans"), study.sets),
        "beside published": (_ranked(study, known), known),
    }
    title = "Mean ranks, by the SVM where nothing else is said"
    return _table(_tables.ranks(columns), title)


def _pairs(study: Study) -> str:
    rows = _tables.pairs(_ranked(study, study.sets), HEADLINE)
    return _table(rows, "SVM: sets on which ours is better / level / worse")


def _accuracies(
    study: Study, protocol: str, title: str, group: str, sets: Sequence[str]
) -> str:
    scores = study.scores(beside_others(), protocol)
    if protocol == "svm":
        scores = with_published(scores, sets)
    if not sets:
        return ""
    # Measured here as well, it would be ranked twice
    rows = _tables.accuracies(scores, sets, unranked=[published.DTW])
    return _table(rows, f"{group}: {title}")


def _costs(study: Study, design: str) -> str:
    rows = _tables.costs(study, design)
    if len(rows) == 1:
        return ""
    text = """\
Seconds to fit, of the first fit of a process (imports done, compiling included) and of
those that follow; to embed the test sequences; the numbers of an embedding; the mean
squared error of reconstructed test sequences, in scaled units; and how many of them
were decoded at their exact length."""
    others = [name for name in beside_others() if name not in HEADLINE]
    seconds = [
        _table(
            _tables.medians(study, [design, *others], f"{work}_seconds"),
            f"{title}, in seconds",
        )
        for work, title in (
            ("fit", "Fitting; the first of the seeds compiles"),
            ("transform", "Embedding the test sequences (DTW: classifying)"),
        )
    ]
    return _section(
        f"What {design} cost and keep",
        text,
        _table(rows, f"{design}, by data set"),
        *seconds,
    )


def _designs(study: Study) -> str:
    """Ours among each other."""
    sets, designs = study.development, [*OURS, *OTHER_INPUTS]
    tables = [
        _table(_tables.accuracies(study.scores(designs, protocol), sets), title)
        for protocol, title in TITLES.items()
    ]
    # The held-out sets are run with the headline alone
    only_development = Study(study.results.restricted_to(sets), study.designs)
    if len(only_development.scores(designs, "svm")) < 2:
        return ""
    for path, title in (
        ("reconstruction_error", "Reconstruction error on the test sequences"),
        ("fit_seconds", "Seconds to fit; the first of the seeds compiles"),
    ):
        rows = _tables.medians(only_development, designs, path)
        tables.append(_table(rows, title))
    return _section(
        "Designs that were compared",
        "On the development sets; parameters not named are the defaults.",
        _table(_given(study)),
        *tables,
        _missing_seeds(only_development, designs),
    )


def _given(study: Study) -> _tables.Rows:
    """What each design of ours is that was run."""
    what = {
        name: ", ".join(f"``{k}={v!r}``" for k, v in parameters.items())
        for name, parameters in OURS.items()
    }
    for name, wrapper in OTHER_INPUTS.items():
        what[name] = str(wrapper.__doc__).partition("\n")[0]
    run = study.scores(list(what), "svm")
    return [["", "parameters"], *([name, what[name]] for name in run)]


def _machines(study: Study) -> str:
    fields = [
        "\n".join(f":{key}: {value}" for key, value in machine.items())
        for machine in study.results.machines.values()
    ]
    return _section("The machine", *fields)


def _ranked(study: Study, sets: Sequence[str]) -> Scores:
    """The SVM's scores and the published; of DTW those that were measured here."""
    scores = with_published(study.scores(beside_others(), "svm"), sets)
    return {row: found for row, found in scores.items() if row != published.DTW}


def _published_on(dataset: str) -> bool:
    return any(dataset in found for found in published.PUBLISHED.values())


def _missing_seeds(study: Study, designs: Sequence[str]) -> str:
    few = study.few_seeds(designs, len(SEEDS))
    return f"Fewer than {len(SEEDS)} seeds: {', '.join(few)}." if few else ""


def _section(title: str, *parts: str) -> str:
    shown = [part.rstrip() for part in parts if part]
    return "\n\n".join([f"{title}\n{'=' * len(title)}", *shown]) + "\n"


def _table(rows: _tables.Rows, title: str = "") -> str:
    """Nothing, if there is nothing below the header."""
    return _report.list_table(rows, title) if len(rows) > 1 else ""
