import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.mantid_api.golden import golden
from engine.mantid_api.golden.golden import Case, Expect

CASES = list(golden.all_cases())


@pytest.mark.parametrize("case", CASES, ids=[f"{case.family}-{case.name.removeprefix('case_')}" for case in CASES])
def test_the_figures_are_mantids(simpleapi: Any, case: Case) -> None:
    seen = case.outcome(simpleapi)
    assert not seen.wrong, "\n".join([case.title, *seen.wrong])
    assert seen.figures, "a case compares something"


def test_each_case_names_its_algorithm_and_its_source() -> None:
    assert CASES
    for case in CASES:
        assert ":" in case.title, f"{case.name} does not begin with its algorithm"
        assert "Source:" in (case.run.__doc__ or ""), f"{case.name} does not say where its figures are from"


@pytest.mark.parametrize(
    ("seen", "figure", "tolerance", "agrees"),
    [
        ([1, 2], [1, 2.001], 1e-3, True),
        ([1, 2], [1, 2.01], 1e-3, False),
        ([1], [1, 2], 1, False),
        ([float("nan"), float("inf")], [float("nan"), float("inf")], 0, True),
        (float("nan"), 1.0, 1, False),
        ("TOF", "TOF", 0, True),
        (True, False, 0, False),
        (["a"], ["a"], 0, True),
    ],
)
def test_figures_are_compared_to_their_tolerance(seen: Any, figure: Any, tolerance: float, agrees: bool) -> None:
    expect = Expect()
    expect("it", seen, figure, tolerance)
    assert (not expect.wrong) == agrees


def test_an_error_that_does_not_come_is_a_failure() -> None:
    expect = Expect()
    expect.raises("the call", ValueError, lambda: None)
    expect.raises("the call", ValueError, lambda: {"b": 1}["a"])
    expect.raises("the call", KeyError, lambda: {"b": 1}["a"])
    assert [sentence.partition(":")[0] for sentence in expect.wrong] == [
        "the call raises nothing",
        "the call raises KeyError",
    ]


def test_the_table_is_one_file(tmp_path: Path) -> None:
    assert golden.main(["--pack", str(tmp_path / "golden.pyz")]) == 0
    assert len(list(golden.all_cases(str(tmp_path / "golden.pyz")))) == len(CASES)
    ended = subprocess.run(
        [sys.executable, tmp_path / "golden.pyz", "--help"], capture_output=True, text=True, check=True, timeout=50
    )
    assert "--builtin" in ended.stdout
