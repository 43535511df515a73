import math
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import livereduce
from livereduce.scripting.reporting.report import MAX_METRICS, CycleReport, ReportedMetric, reporting_to


@pytest.fixture
def report() -> Iterator[CycleReport]:
    """As in a script's call."""
    made = CycleReport()
    with reporting_to(made):
        yield made


def test_the_last_value_of_a_cycle_counts(report: CycleReport) -> None:
    livereduce.metric("peak_area", 1.0, 0.5, units="counts")
    livereduce.metric("width", np.float32(2.0))
    livereduce.metric("peak_area", np.array(3.0), np.float64(0.25))
    assert report.metrics == (
        ReportedMetric(name="peak_area", value=3.0, error=0.25, units=""),
        ReportedMetric(name="width", value=2.0, error=None, units=""),
    )


def test_two_calls_at_once_keep_their_reports_apart(report: CycleReport) -> None:
    other, both_run = CycleReport(), threading.Barrier(2, timeout=60)

    def call() -> None:
        with reporting_to(other):
            both_run.wait()
            livereduce.metric("theirs", 2.0)
            both_run.wait()

    thread = threading.Thread(target=call)
    thread.start()
    both_run.wait()
    livereduce.metric("ours", 1.0)
    both_run.wait()
    thread.join()
    assert [one.name for one in report.metrics] == ["ours"]
    assert [one.name for one in other.metrics] == ["theirs"]


def test_a_thread_that_a_script_has_started_reports_to_the_call(report: CycleReport) -> None:
    thread = threading.Thread(target=livereduce.metric, args=("width", 2.0))
    thread.start()
    thread.join()
    assert [one.name for one in report.metrics] == ["width"]


def test_a_call_within_a_call_reports_to_its_own_cycle(report: CycleReport) -> None:
    inner = CycleReport()
    with reporting_to(inner):
        livereduce.metric("inner", 1.0)
    livereduce.metric("outer", 1.0)
    assert [one.name for one in report.metrics] == ["outer"]
    assert [one.name for one in inner.metrics] == ["inner"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_a_gap(report: CycleReport, value: float) -> None:
    livereduce.metric("ratio", value, value if value > 0 else math.nan)
    assert report.metrics == (ReportedMetric(name="ratio", value=None, error=None, units=""),)


@pytest.mark.parametrize(
    ("arguments", "kind", "says"),
    [
        (("", 1.0), ValueError, "expected a name"),
        (("7 peaks", 1.0), ValueError, "'7 peaks'"),
        (("../up", 1.0), ValueError, "expected a name"),
        (("a" * 65, 1.0), ValueError, "expected a name"),
        (("peak\n", 1.0), ValueError, "expected a name"),
        ((7, 1.0), ValueError, "expected a name"),
        (("a", "1.0"), TypeError, "expected a number as value; got str"),
        (("a", None), TypeError, "got NoneType"),
        (("a", np.array([1.0, 2.0])), TypeError, r"got ndarray of shape \(2,\)"),
        (("a", 1j), TypeError, "got complex"),
        (("a", 10**400), TypeError, "got int"),
        (("a", 1.0, "x"), TypeError, "expected a number as error; got str"),
        (("a", 1.0, -0.1), ValueError, "expected an error of 0 or more, got -0.1"),
        (("a", 1.0, None, 5), ValueError, "expected units as a text"),
        (("a", 1.0, None, "x" * 33), ValueError, "at most 32"),
        (("a", 1.0, None, "a\nb"), ValueError, "expected units"),
    ],
)
def test_what_is_wrong_costs_itself_in_a_call_and_is_raised_elsewhere(
    arguments: tuple[Any, ...], kind: type[Exception], says: str
) -> None:
    report = CycleReport()
    with reporting_to(report):
        livereduce.metric(*arguments)
        livereduce.metric("well", 1.0)
    (complaint,) = report.complaints
    assert re.search(says, complaint.text)
    assert complaint.text.startswith("metric")
    assert complaint.file == __file__
    assert [one.name for one in report.metrics] == ["well"]
    with pytest.raises(kind, match=says):
        livereduce.metric(*arguments)
    assert report.complaints == (complaint,)


def test_a_blank_becomes_an_underscore_and_that_is_said(report: CycleReport) -> None:
    livereduce.metric("peak area", 2.0)
    assert [one.name for one in report.metrics] == ["peak_area"]
    (said,) = report.complaints
    assert said.text == "metric 'peak area' is kept as 'peak_area': a name has no blanks"
    assert said.is_note


def test_not_any_number_of_metrics(report: CycleReport) -> None:
    for k in range(MAX_METRICS):
        livereduce.metric(f"m{k}", k)
    livereduce.metric("one_more", 1)
    livereduce.metric("m0", 1)
    assert len(report.metrics) == MAX_METRICS
    (complaint,) = report.complaints
    assert "'one_more': at most 50" in complaint.text


def test_outside_of_a_worker_nothing_is_kept_and_nothing_heavy_is_imported() -> None:
    """As in a notebook, or under an engine that does not listen."""
    code = """
import gc
import sys
import livereduce
from livereduce.scripting.reporting.report import ReportedMetric
for k in range(1000):
    livereduce.metric(f"m{k}", k)
assert not any(isinstance(one, ReportedMetric) for one in gc.get_objects())
assert not {"numpy", "psutil", "logging", "socket"} & set(sys.modules), sys.modules
"""
    subprocess.run([sys.executable, "-I", "-c", code], check=True)
