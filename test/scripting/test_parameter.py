"""`livereduce.parameter` as scripts call it: in a worker, and outside of one."""

import runpy
import threading
from pathlib import Path

import pytest

import livereduce
from livereduce.base.errors import OperatorError
from livereduce.messages.job import NamedFileSeen, ParametersCopy
from livereduce.scripting.files import md5_of
from livereduce.scripting.parameters.asking import Parameters, RunParameters, UsedParameter, load_parameters
from livereduce.scripting.reporting.report import CycleReport, reporting_to

TEXT = b"""{"d_max": 2.5, "peaks": [1, "cal/a.h5"],
 "cal": [{"runs": "-7", "value": "cal/a.h5", "units": "x"}, {"runs": "9-", "value": "cal/b.h5"}]}"""
FILES = (NamedFileSeen(text="cal/a.h5", path="/s/cal/a.h5", md5="aa"),)


@pytest.fixture
def known(tmp_path: Path) -> Parameters:
    """Those of a generation whose scripts are in ``/s``."""
    copy = tmp_path / "parameters.json"
    copy.write_bytes(TEXT)
    job = ParametersCopy(path="/s/parameters.json", copy=str(copy), md5=md5_of(TEXT), files=FILES)
    return load_parameters(job, "/s")


def test_a_script_gets_the_value_of_its_run_and_files_with_their_place(known: Parameters) -> None:
    of_run = RunParameters(known, 7)
    with reporting_to(CycleReport(parameters=of_run)):
        assert livereduce.parameter("d_max") == 2.5
        assert livereduce.parameter("cal") == "/s/cal/a.h5"
        assert livereduce.parameter("peaks") == [1, "/s/cal/a.h5"]
    assert of_run.used == (
        UsedParameter(name="d_max", value=2.5, runs="all runs"),
        UsedParameter(name="cal", value="cal/a.h5", units="x", runs="-7", md5s={"/s/cal/a.h5": "aa"}),
        UsedParameter(name="peaks", value=(1, "cal/a.h5"), runs="all runs", md5s={"/s/cal/a.h5": "aa"}),
    )


def test_a_list_is_the_scripts_own(known: Parameters) -> None:
    with reporting_to(CycleReport(parameters=RunParameters(known, 7))):
        livereduce.parameter("peaks").clear()
        assert livereduce.parameter("peaks")


def test_a_thread_of_a_script_asks_the_same(known: Parameters) -> None:
    found: list[float] = []
    with reporting_to(CycleReport(parameters=RunParameters(known, 7))):
        thread = threading.Thread(target=lambda: found.append(livereduce.parameter("d_max")))
        thread.start()
        thread.join()
    assert found == [2.5]


@pytest.mark.parametrize(
    ("name", "run", "said"),
    [
        (
            "d_mx",
            7,
            "/s/parameters.json: no parameter named 'd_mx'; did you mean 'd_max'? (existing parameters: d_max, ",
        ),
        ("cal", 8, "/s/parameters.json: cal has no value for run 8, only for -7, 9-"),
        (["cal"], 8, "/s/parameters.json: no parameter named"),
    ],
)
def test_what_there_is_not_is_an_error_that_names_what_there_is(
    known: Parameters, name: str, run: int, said: str
) -> None:
    with reporting_to(CycleReport(parameters=RunParameters(known, run))), pytest.raises(LookupError) as error:
        livereduce.parameter(name)
    assert str(error.value).startswith(said)


def test_without_a_file_the_error_says_where_it_would_be() -> None:
    of_run = RunParameters(load_parameters(None, "/s"), 7)
    with (
        reporting_to(CycleReport(parameters=of_run)),
        pytest.raises(LookupError, match=r"there is no file /s/parameters\.json"),
    ):
        livereduce.parameter("d_max")


def test_a_copy_that_was_changed_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "parameters.json"
    copy.write_bytes(TEXT)
    with pytest.raises(OperatorError, match="but feed was checked"):
        load_parameters(ParametersCopy(path="/s/parameters.json", copy=str(copy), md5="feed"), "/s")
    with pytest.raises(OperatorError, match="cannot be read"):
        load_parameters(ParametersCopy(path="/s/parameters.json", copy=str(tmp_path / "gone"), md5=""), "/s")


def test_outside_of_a_worker_the_file_beside_the_script_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cal").mkdir()
    (tmp_path / "cal/b.h5").touch()
    (tmp_path / "parameters.json").write_bytes(TEXT)
    (tmp_path / "script.py").write_text("import livereduce\nd, cal = map(livereduce.parameter, ('d_max', 'cal'))\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    left = runpy.run_path(str(tmp_path / "script.py"))
    assert (left["d"], left["cal"]) == (2.5, str(tmp_path / "cal/b.h5"))


def test_outside_of_a_worker_else_that_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LookupError, match=f"there is no file .* or {tmp_path}/parameters.json"):
        livereduce.parameter("d_max")
    (tmp_path / "parameters.json").write_text('{"d_max": 3}')
    assert livereduce.parameter("d_max") == 3
    (tmp_path / "parameters.json").write_text('{"d_max": }')
    with pytest.raises(ValueError, match=r"parameters.json: line 1, column \d+: the value is missing"):
        livereduce.parameter("d_max")
