"""The parts of the benchmarks that are arithmetic, text or plumbing."""

import io
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import _data, _flops, _report, _stats
from benchmarks._outcome import outcomes
from benchmarks._process import ROOT, MissingPeerError, Process
from benchmarks._run import Results, run, worth_running
from benchmarks._task import Contestant, Measure, Row, Task

JOBS = """
import os
def counter(start, step=1):
    print("noise from a library")
    os.write(1, b"more noise, past Python")
    calls = iter(range(start, 10_000, step))
    return lambda: {"seconds": float(next(calls)), "pid": os.getpid()}
def needs(package):
    raise ModuleNotFoundError(f"No module named {package!r}", name=package)
def breaks():
    return lambda: 1 / 0
def dies():
    print("last words")
    os._exit(3)
"""


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    (tmp_path / "fake_jobs.py").write_text(JOBS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def fake(name, job="counter", fresh=False, group=None, **parameters):
    return Contestant(name, f"fake_jobs:{job}", parameters, fresh, group)


def speedup(*peers, target=None, stretch=None):
    measures = tuple(Measure(peer) for peer in peers)
    return Row("work", "speedup", Measure("ours"), measures, target, stretch)


def results_of(**seconds):
    return Results(
        {name: [{"seconds": s} for s in values] for name, values in seconds.items()}
    )


# --- statistics ---


def test_summary_is_the_median_with_its_range():
    summary = _stats.summarize([3.0, 1.0, 10.0, 2.0])
    assert summary == _stats.Summary(median=2.5, low=1.0, high=10.0, n=4)


def test_summary_of_nothing_is_an_error():
    with pytest.raises(ValueError, match="0 rounds"):
        _stats.summarize([])


def test_ratios_are_taken_within_rounds():
    # the machine slowed down by 10 in the second round: the ratio does not see it
    assert _stats.ratios([4.0, 40.0], [2.0, 20.0]) == [2.0, 2.0]


def test_ratios_leave_out_rounds_that_one_side_did_not_run():
    assert _stats.ratios([4.0, 40.0], [2.0]) == [2.0]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.0"), (0.0012345, "0.00123"), (12.345, "12.3"), (12345.6, "12,346")],
)
def test_three_significant_digits(value, text):
    assert _stats.significant(value) == text


# --- operations ---


def test_flops_of_one_step_are_those_of_its_two_products():
    n_inputs, n_units = 3, 5
    inputs = 2 * n_inputs * 4 * n_units  # (1, 3) @ (3, 20)
    states = 2 * n_units * 4 * n_units  # (1, 5) @ (5, 20)
    assert _flops.lstm_forward(1, n_inputs, n_units) == inputs + states
    assert _flops.lstm_forward(7, n_inputs, n_units) == 7 * (inputs + states)


def test_a_repeated_input_is_projected_once_a_sequence():
    inputs, states = 2 * 3 * 20, 2 * 5 * 20
    assert _flops.lstm_forward(7, 3, 5, n_projections=2) == 2 * inputs + 7 * states


def test_epoch_is_three_passes_of_two_encoders_and_a_decoder():
    encoder = _flops.lstm_forward(6, 3, 5)
    decoder = _flops.lstm_forward(6, 4, 5, n_projections=2)
    assert _flops.epoch([2, 4], 3, 5, 4) == 3 * (2 * encoder + decoder)
    assert _flops.epoch([2, 4], 3, 5, 4, bidirectional=False) == 3 * (encoder + decoder)


def test_the_last_patch_may_be_partial():
    assert _flops.patched([1, 4, 5], 4) == [1, 1, 2]


# --- data ---


def test_sequences_have_lengths_in_range_and_come_back_the_same():
    first, second = _data.make(50, 10, 20, 3), _data.make(50, 10, 20, 3)
    lengths = [len(x) for x in first]
    assert min(lengths) >= 10 and max(lengths) <= 20 and len(set(lengths)) > 5
    for a, b in zip(first, second, strict=True):
        assert a.shape[1] == 3 and a.dtype == np.float32
        np.testing.assert_array_equal(a, b)


def test_one_length_is_possible():
    assert set(_data.log_uniform_lengths(20, 7, 7)) == {7}


def test_padding_is_zero_and_not_observed():
    sequences = [np.ones((2, 1), "float32"), np.ones((3, 1), "float32")]
    expected = [[1, 1, 0, 0], [1, 1, 1, 0]]
    np.testing.assert_array_equal(_data.pad(sequences, 4)[..., 0], expected)
    np.testing.assert_array_equal(_data.observed(sequences, 4), expected)


def test_batches_by_length_hold_every_sequence_once():
    sequences = _data.make(25, 3, 30)
    groups = _data.batches_by_length(sequences, 10)
    assert [len(group) for group in groups] == [10, 10, 5]
    order = np.concatenate(groups)
    assert sorted(order) == list(range(25))
    assert (np.diff([len(sequences[k]) for k in order]) >= 0).all()


# --- processes and rounds ---


def test_a_kept_process_goes_on_and_a_fresh_one_starts_anew(jobs):
    task = Task("t", "T", [fake("kept", start=1), fake("new", fresh=True, start=1)], [])
    rounds = run(task, 3, log=io.StringIO()).rounds
    assert [done["seconds"] for done in rounds["kept"]] == [1, 2, 3]
    assert [done["seconds"] for done in rounds["new"]] == [1, 1, 1]
    assert len({done["pid"] for done in rounds["kept"]}) == 1
    assert len({done["pid"] for done in rounds["new"]}) == 3
    assert all(done["process"] > done["seconds"] for done in rounds["new"])


def test_contestants_take_turns(jobs):
    log = io.StringIO()
    run(Task("t", "T", [fake("a", start=1), fake("b", start=1)], []), 2, log)
    assert [line[-1] for line in log.getvalue().splitlines()] == list("abab")


def test_a_peer_that_is_not_installed_is_said_and_left_out(jobs):
    task = Task(
        "t",
        "T",
        [fake("ours", start=1), fake("peer", "needs", package="torch")],
        [speedup("peer", target=2.0)],
    )
    results = run(task, 2, log=io.StringIO())
    assert results.missing == {"peer": "torch"}
    (outcome,) = outcomes(task, results)
    assert outcome.ratio is None
    assert "torch is not installed" in _report.screen("T", [outcome])


def test_a_missing_module_that_is_no_peer_is_an_error(jobs):
    task = Task("t", "T", [fake("ours", "needs", package="numpyy")], [])
    with pytest.raises(MissingPeerError, match="numpyy"):
        run(task, 1, log=io.StringIO())


def test_an_error_in_a_round_comes_with_its_traceback(jobs):
    with (
        Process("fake_jobs:breaks", {}) as process,
        pytest.raises(RuntimeError, match=r"(?s)fake_jobs:breaks.*ZeroDivisionError"),
    ):
        process.round()


def test_a_process_that_dies_leaves_its_last_words(jobs):
    with pytest.raises(RuntimeError, match="last words"):
        Process("fake_jobs:dies", {})


def test_only_hopeless_members_of_a_group_are_dropped():
    members = [fake(n, group="g") for n in ("fast", "near", "far")] + [fake("alone")]
    rounds = results_of(fast=[1.0], near=[1.9], far=[2.1], alone=[99.0]).rounds
    names = [one.name for one in worth_running(members, rounds)]
    assert names == ["fast", "near", "alone"]


def test_a_task_module_runs_alone():
    command = [sys.executable, "-m", "benchmarks.tasks.memory", "--list"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("memory")


# --- outcomes ---


def test_speedup_is_against_the_fastest_peer():
    task = Task("t", "T", [], [speedup("slow", "quick", target=2, stretch=3)])
    results = results_of(ours=[1.0, 2.0], slow=[9.0, 9.0], quick=[2.0, 5.0])
    (outcome,) = outcomes(task, results)
    assert outcome.peer == "quick"
    assert outcome.ratio == _stats.Summary(2.25, 2.0, 2.5, 2)
    assert outcome.verdict == "met"


@pytest.mark.parametrize(
    ("peer", "verdict"), [(1.9, "missed"), (2.0, "met"), (3.0, "stretch met")]
)
def test_verdict_of_a_speedup(peer, verdict):
    task = Task("t", "T", [], [speedup("peer", target=2, stretch=3)])
    (outcome,) = outcomes(task, results_of(ours=[1.0], peer=[peer]))
    assert outcome.verdict == verdict


@pytest.mark.parametrize(
    ("large", "verdict"), [(24.0, "missed"), (22.0, "met"), (20.0, "stretch met")]
)
def test_growth_is_per_unit_and_should_be_small(large, verdict):
    row = Row(
        "steps",
        "growth",
        Measure("large", per=10),
        (Measure("small", per=1),),
        target=1.15,
        stretch=1.0,
    )
    results = results_of(large=[large], small=[2.0])
    (outcome,) = outcomes(Task("t", "T", [], [row]), results)
    assert outcome.verdict == verdict


def test_share_is_of_the_matmul_rate_of_the_same_round():
    row = Row("arithmetic", "share", Measure("ours"), (), 0.5, 0.7, flops=60.0)
    results = results_of(ours=[1.0, 2.0])
    results.rounds["matmul"] = [{"flops_per_second": 100.0}, {"flops_per_second": 50.0}]
    (outcome,) = outcomes(Task("t", "T", [], [row]), results)
    assert outcome.ratio == _stats.Summary(0.6, 0.6, 0.6, 2)
    assert outcome.verdict == "met"


# --- report ---


def test_screen_shows_figures_ratios_and_goals():
    task = Task("t", "T", [], [speedup("peer", target=2, stretch=3)])
    (outcome,) = outcomes(task, results_of(ours=[1.0, 2.0], peer=[2.0, 5.0]))
    title, header, rule, line = _report.screen("Title", [outcome]).splitlines()
    assert title == "Title" and header.startswith("work") and set(rule) == {"-", " "}
    for text in ("1.50 s (1.00 to 2.00)", "peer: 3.50 s", "2.25x", "≥ 2x", "≥ 3x"):
        assert text in line


def test_page_has_the_machine_and_a_section_for_each_task():
    task = Task("t", "T", [], [speedup("peer")])
    found = outcomes(task, results_of(ours=[1.0], peer=[2.0]))
    here, there = {"cores": "2"}, {"cores": "64"}
    sections = [
        _report.Section("First", found, ["A note."], here),
        _report.Section("Second", found, [], there),
    ]
    page = _report.page(sections)
    assert ":cores: 2\n" in page
    first, second = page.index("First\n====="), page.index("Second\n======")
    assert "A note." in page[first:second]
    assert "cores here: 64." in page[second:] and "here:" not in page[first:second]
    assert page.count(".. list-table::") == 2
