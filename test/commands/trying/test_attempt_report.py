"""What is printed of an attempt: a pure function of it."""

from pathlib import Path
from typing import Any

import numpy as np

from livereduce.commands.trying.attempt_report import MAX_DRAWN, MAX_ROWS, comparison, report
from livereduce.messages.job import Job
from livereduce.messages.progress import Progress, TotalProgress
from livereduce.messages.script_failure import ScriptFailure
from livereduce.publish.difference import compare_all
from livereduce.publish.product import Axis, Product
from livereduce.workbench.attempts.attempt import Attempted
from livereduce.workbench.attempts.step_costs import StepCost, StepCosts
from livereduce.workbench.results import Result

JOB = Job(
    generation=1,
    engine="builtin",
    instrument="TEST",
    short_name="TEST",
    source="file:///x",
    update_every_s=1.0,
    preserve_events=True,
    accum_method="Add",
    periods=(),
    spectra=(),
    tof_bins_us=(0.0, 1.0, 2.0),
    proc=None,
    post_proc=None,
    script_dir="/s",
    state_dir="/t",
    runtime_dir="/r",
)
FAILURE = ScriptFailure(
    at="2026-11-30T05:00:00+00:00",
    generation=1,
    script_errors=3,
    run=7,
    step="proc",
    md5="1a2b",
    file="/s/proc.py",
    line=2,
    text="KeyError: 'x' at /s/proc.py:2",
    traceback='Traceback\n  File "/s/proc.py", line 2\n    y = z["x"]\nKeyError: \'x\'',
)


def product(values: Any, name: str = "result", **changes: Any) -> Product:
    signal = np.asarray(values, np.float64)
    axes = tuple(Axis(name="d", values=np.arange(n + 1.0), units="angstrom") for n in signal.shape)
    facts: dict[str, Any] = {"axes": axes, "attributes": {"events": 5_000_000}} | changes
    return Product(pipeline="live", run=7, name=name, signal=signal, errors=np.sqrt(np.abs(signal)), **facts)


def attempted(*products: Product, **changes: Any) -> Attempted:
    results = tuple(Result(path=Path(f"/t/{one.name}.nxs"), product=one) for one in products)
    progress = Progress(total=TotalProgress(events=5_000_000, chunks=3))
    costs = StepCosts(
        proc=StepCost(calls=3, seconds=0.5, grew_bytes=30_000_000), post_proc=StepCost(calls=1, seconds=0.1)
    )
    facts: dict[str, Any] = {"progress": progress, "costs": costs} | changes
    return Attempted(job=JOB, seconds=2.0, results=results, **facts)


def test_steps_and_results() -> None:
    lines = list(report(attempted(product([1.0, 4.0, 2.0]))))
    assert lines[:3] == [
        "attempt         5,000,000 events in 3 chunks, 2.00 s, 2.5 M events/s",
        "  proc          3 calls, 0.50 s, 10 M events/s, memory +30 MB",
        "  post_proc     1 call, 0.10 s",
    ]
    assert "result          result: 3 values, run 7" in lines
    assert "  file          /t/result.nxs" in lines
    assert lines[-1].split() == ["0", "d", "(angstrom),", "5,000,000", "events", "3"]
    assert not any("mistake" in line for line in lines)


def test_a_failure_comes_with_the_lines_of_the_script_and_how_often() -> None:
    progress = Progress(
        total=TotalProgress(events=9, script_errors=3), last_errors={"proc": "KeyError", "packet": "bad"}
    )
    lines = list(report(attempted(failure=FAILURE, progress=progress, died="proc crashed", reason="the file is torn")))
    assert "proc failed 3 times, the last time: KeyError: 'x' at /s/proc.py:2" in lines
    assert '      y = z["x"]' in lines
    assert "packet          bad" in lines
    assert "ended           proc crashed" in lines
    assert "incomplete      the file is torn" in lines


def test_tables_images_single_values_and_many_results() -> None:
    table = product(np.arange(MAX_ROWS + 2), "table", labels=tuple(f"row{k}" for k in range(MAX_ROWS + 2)))
    many = [product([1.0], f"more{k}") for k in range(MAX_DRAWN)]
    lines = list(report(attempted(product(3.0, "one"), product([[1.0, 2.0], [3.0, 4.0]], "map"), table, *many)))
    assert "  value         3 counts" in lines
    assert any(line.split()[:2] == ["6", "│"] for line in lines)  # the sum of the image's rows
    assert any(line.split() == ["row4", "4", "±", "2", "counts"] for line in lines)
    assert any(line.endswith("… and 2 more") for line in lines)
    assert f"result          more{MAX_DRAWN - 1}: 1 values, /t/more{MAX_DRAWN - 1}.nxs" in lines


def test_what_is_surely_a_mistake_is_said_last() -> None:
    lines = list(report(attempted(product([0.0, 0.0]))))
    assert lines[-2:] == ["surely a mistake:", "  - 5,000,000 events, 0 in `result`: all its values are zero"]


def test_a_curve_without_a_value_above_zero_is_not_drawn() -> None:
    for values in (np.zeros(3), np.array([-1.0, -2.0, np.nan])):
        lines = list(report(attempted(product(values))))
        assert any(line.startswith("(nothing to draw over ") for line in lines), lines


def test_a_difference_with_its_place() -> None:
    ours, theirs = [product([4.0, 9.0]), product([1.0], "mine")], [product([4.0, 16.0]), product([1.0], "its")]
    lines = list(comparison(compare_all(ours, theirs), "other"))
    assert lines[1:3] == ["against other", "  result        1 of 2 values differ"]
    assert lines[3] == "                most by -1.4 sigma at d 1.5 angstrom; chi2/n 0.98"
    assert "                only other has: its" in lines
    assert "                only this attempt has: mine" in lines


def test_no_difference_other_shapes_and_no_errors() -> None:
    from dataclasses import replace

    plain = replace(product([4.0, 9.0]), errors=None)
    other = replace(product([4.0, 8.0]), errors=None)
    assert "  result        the same, value by value" in comparison(compare_all([plain], [plain]), "x")
    assert any(
        "cannot be compared: shape 2 here, 1 there" in line
        for line in comparison(compare_all([plain], [product([1.0])]), "x")
    )
    assert any(
        "most by 1 at d 1.5 angstrom; they have no errors" in line
        for line in comparison(compare_all([plain], [other]), "x")
    )
