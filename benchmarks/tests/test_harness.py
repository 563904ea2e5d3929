"""The parts of the benchmarks that are arithmetic, text or plumbing."""

import sys

import numpy as np
import pandas as pd
import pytest

from benchmarks import __main__ as program
from benchmarks import _against, _data, _figures, _flops, _page
from benchmarks._task import (
    Contestant,
    Results,
    Row,
    Task,
    run,
    tiny,
)
from benchmarks._worker import start
from benchmarks.tasks import TASKS

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
    os._exit(3)
"""


class Fake(Contestant):
    """Of a module of jobs that is not in the package."""

    def start(self):
        return start(f"fake_jobs:{self.job}", dict(self.parameters), self.root)


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    (tmp_path / "fake_jobs.py").write_text(JOBS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def counter(name, **options):
    return Fake(name, "counter", {"start": 1}, **options)


def results_of(**seconds):
    return Results(
        {name: [{"seconds": s} for s in values] for name, values in seconds.items()}
    )


def line_of(row, results):
    (line,) = _figures.table(Task("t", "T", [], [row]), results).to_dict("records")
    return line


# --- operations and data ---


def test_flops_of_steps_are_those_of_their_two_products():
    inputs, states = 2 * 3 * 4 * 5, 2 * 5 * 4 * 5  # (1, 3) @ (3, 20), (1, 5) @ (5, 20)
    assert _flops.lstm_forward(7, 3, 5, 7) == 7 * (inputs + states)
    assert _flops.lstm_forward(7, 3, 5, 2) == 2 * inputs + 7 * states  # repeated


def test_epoch_is_three_passes_of_two_encoders_and_a_decoder():
    encoder = _flops.lstm_forward(6, 3, 5, 6)
    decoder = _flops.lstm_forward(6, 4, 5, 2)
    assert _flops.epoch([2, 4], 3, 5, 4) == 3 * (2 * encoder + decoder)
    assert _flops.epoch([2, 4], 3, 5, 4, bidirectional=False) == 3 * (encoder + decoder)


def test_sequences_have_lengths_in_range_and_come_back_the_same():
    data = {"n": 50, "shortest": 10, "longest": 20, "n_features": 3}
    first, second = _data.make(**data), _data.make(**data)
    lengths = [len(x) for x in first]
    assert lengths == _data.lengths_of(data)
    assert min(lengths) >= 10 and max(lengths) <= 20 and len(set(lengths)) > 5
    for a, b in zip(first, second, strict=True):
        assert a.shape[1] == 3 and a.dtype == np.float32
        np.testing.assert_array_equal(a, b)
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
    rounds = run(
        Task("t", "T", [counter("kept"), counter("new", fresh=True)], []), 3
    ).rounds
    assert [done["seconds"] for done in rounds["kept"]] == [1, 2, 3]
    assert [done["seconds"] for done in rounds["new"]] == [1, 1, 1]
    assert len({done["pid"] for done in rounds["kept"]}) == 1
    assert len({done["pid"] for done in rounds["new"]}) == 3
    assert all(done["process"] > done["seconds"] for done in rounds["new"])


def test_contestants_take_turns(jobs, capsys):
    run(Task("t", "T", [counter("a"), counter("b")], []), 2)
    assert [line[-1] for line in capsys.readouterr().err.splitlines()] == list("abab")


def test_a_peer_that_is_not_installed_is_said_and_left_out(jobs):
    peer = Fake("peer", "needs", {"package": "torch"})
    task = Task("t", "T", [counter("ours"), peer], [Row("work", ("peer",), 2.0)])
    results = run(task, 2)
    assert results.missing == {"peer": "torch"}
    line = line_of(task.rows[0], results)
    assert line["ratio"] == ""
    assert line["result"] == "not measured: torch is not installed"


def test_a_missing_module_that_is_no_peer_is_an_error(jobs):
    task = Task("t", "T", [Fake("ours", "needs", {"package": "numpyy"})], [])
    with pytest.raises(ModuleNotFoundError, match="numpyy is not installed"):
        run(task, 1)


def test_an_error_in_a_round_comes_with_its_traceback(jobs):
    with (
        pytest.raises(RuntimeError, match=r"(?s)fake_jobs:breaks.*ZeroDivisionError"),
        start("fake_jobs:breaks", {}) as round_,
    ):
        round_()


def test_a_process_that_dies_is_an_error(jobs):
    with pytest.raises(RuntimeError, match="died"), start("fake_jobs:dies", {}):
        pass


# --- figures ---


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.0"), (0.0012345, "0.00123"), (12.345, "12.3"), (12345.6, "12,346")],
)
def test_three_significant_digits(value, text):
    assert _figures.significant(value) == text


def test_speedup_is_against_the_fastest_peer_and_within_rounds():
    row = Row("work", ("slow", "quick"), target=2, stretch=3)
    # the machine slowed down by 10 in the second round: the ratio does not see it
    results = results_of(ours=[1.0, 10.0], slow=[9.0, 90.0], quick=[2.0, 25.0])
    line = line_of(row, results)
    assert line["ours"] == "5.50 s (1.00 to 10.0)"
    assert line["peer"] == "quick: 13.5 s (2.00 to 25.0)"
    assert line["ratio"] == "2.25x (2.00x to 2.50x)"
    assert (line["target"], line["stretch"], line["result"]) == ("≥ 2x", "≥ 3x", "met")


def test_results_of_fewer_rounds_are_compared_in_those():
    line = line_of(Row("work", ("peer",)), results_of(ours=[4.0, 5.0], peer=[2.0]))
    assert line["ratio"] == "0.500x (0.500x to 0.500x)"
    assert line["result"] == ""  # nothing was promised


@pytest.mark.parametrize(
    ("peer", "verdict"), [(1.9, "missed"), (2.0, "met"), (3.0, "stretch met")]
)
def test_verdict_of_a_speedup(peer, verdict):
    results = results_of(ours=[1.0], peer=[peer])
    assert line_of(Row("work", ("peer",), 2, 3), results)["result"] == verdict


@pytest.mark.parametrize(
    ("large", "verdict"), [(24.0, "missed"), (22.0, "met"), (20.0, "stretch met")]
)
def test_growth_is_per_unit_and_should_be_small(large, verdict):
    row = Row("a step", ("small",), 1.15, 1, kind="growth", ours="large", per=(10, 1))
    line = line_of(row, results_of(large=[large], small=[2.0]))
    assert (line["target"], line["result"]) == ("≤ 1.15x", verdict)


def test_share_is_of_the_matmul_rate_of_the_same_round():
    results = results_of(ours=[1.0, 2.0])
    results.rounds["matmul"] = [  # 10 operations take 0.1 and 0.2 seconds
        {"seconds": 0.1, "flops_per_second": 100.0},
        {"seconds": 0.2, "flops_per_second": 50.0},
    ]
    row = Row("arithmetic", ("matmul",), 0.5, 0.7, flops=60.0, per=(1, 10 / 60))
    line = line_of(row, results)
    assert line["of matmul rate"] == "60% (60% to 60%)"
    assert line["ratio"] == "0.600x (0.600x to 0.600x)"
    assert (line["target"], line["result"]) == ("≥ 0.5x", "met")


# --- the page and the command line ---


def test_a_table_has_a_header_and_quotes_commas():
    table = pd.DataFrame([("a, c", ""), ("b", 2)], columns=["", "n"])
    expected = ".. csv-table:: T\n   :header-rows: 1\n\n   ,n\n"
    expected += '   "a, c",\n   b,2'
    assert _page.csv_table(table, "T") == expected


def test_the_page_tells_where_the_machine_was_another():
    measured = {"rounds": {"a": [{}]}, "missing": {}}
    kept = {
        "tutorial": {**measured, "machine": {"cores": "2"}},
        "memory": {**measured, "machine": {"cores": "64"}},
    }
    tasks = [Task(task.name, task.title, [], []) for task in TASKS]
    page = _page.page(tasks, kept)
    assert ":cores: 2\n" in page and page.count("Rounds: 1.") == 2
    assert page.index("cores here: 64.") > page.index("Memory of 60 fits")
    assert page.count("Not measured yet.") == len(TASKS) - 2


def test_every_task_has_its_section():
    template = _page.TEMPLATE.read_text()
    for task in TASKS:
        heading = f"{task.title}\n{'=' * len(task.title)}\n"
        assert f"\n{heading}" in template and f"\n{{{task.name}}}\n" in template


def test_sizes_are_cut_for_a_quick_run():
    parameters = {"data": {"n": 1024, "shortest": 3}, "epochs": 400, "checks": [1, 9]}
    small = {"data": {"n": 40, "shortest": 3}, "epochs": 2, "checks": [1, 9]}
    assert tiny(parameters) == small
    grid = {"n_components": [4, 8], "learning_rate": [0.1, 0.2]}
    assert tiny({"grid": grid})["grid"] == {"n_components": [4], "learning_rate": [0.1]}


def test_the_tasks_that_are_asked_for_are_listed(monkeypatch, capsys):
    command = ["benchmarks", "--list", "--only", "memory", "tutorial"]
    monkeypatch.setattr(sys, "argv", command)
    program.main()
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names == ["tutorial", "memory"]


def test_ours_is_measured_in_both_checkouts(tmp_path, capsys):
    jobs = tmp_path / "benchmarks"
    jobs.mkdir()
    jobs.joinpath("__init__.py").touch()
    jobs.joinpath("ours.py").write_text(
        "def long_table(**_): return lambda: {'seconds': 50.0, 'peak': 7.0}"
    )
    small = {"library": "pandas", "n_series": 5, "n_rows": 100}
    contestants = [Contestant("ours", "ours:long_table", small), counter("peer")]
    row = Row("cutting", ("peer",))
    _against.main([Task("t", "T", contestants, [row])], tmp_path, n_rounds=1)
    title, header, line, *_ = capsys.readouterr().out.splitlines()
    assert title == "T" and header.split()[0] == "before"
    assert line.split()[:3] == ["ours:seconds", "50.0", "s"]
