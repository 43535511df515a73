import json
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.reduced import job_of
from livereduce.engine.mantid.live.arguments import Offer, arguments_of, find_problems, refused, shown
from livereduce.messages.job import Job

ANY = Offer(methods=("Add", "Replace", "Append"), listener_options=frozenset({"PeriodList", "SpectraList"}))


@pytest.fixture
def job(tmp_path: Path) -> Job:
    job = job_of(tmp_path, "", proc="pass\n", post_proc="pass\n", update_every_s=30.0)
    return replace(job, engine="mantid", instrument="POWGEN", short_name="PG3")


SHIMS = {"proc": "/gen/mantid_proc.py", "post_proc": "/gen/mantid_post_proc.py"}


def test_the_arguments_are_those_of_the_original(job: Job) -> None:
    assert arguments_of(job, instrument="POWGEN", shims=SHIMS) == {
        "Instrument": "POWGEN",
        "UpdateEvery": 30.0,
        "PreserveEvents": True,
        "AccumulationMethod": "Add",
        "OutputWorkspace": "result",
        "FromNow": False,
        "FromStartOfRun": True,
        "ProcessingScriptFilename": "/gen/mantid_proc.py",
        "AccumulationWorkspace": "accumulation",
        "PostProcessingScriptFilename": "/gen/mantid_post_proc.py",
    }


def test_a_job_that_begins_now_does_not_ask_for_the_run(job: Job) -> None:
    arguments = arguments_of(replace(job, start="now"), instrument="POWGEN", shims=SHIMS)
    assert (arguments["FromNow"], arguments["FromStartOfRun"]) == (True, False)


def test_what_is_not_configured_is_not_passed(job: Job) -> None:
    arguments = arguments_of(job, instrument="POWGEN", shims={"proc": "/gen/mantid_proc.py"})
    assert not {"AccumulationWorkspace", "PostProcessingScriptFilename"} & set(arguments)
    assert not {"PeriodList", "SpectraList", "Listener", "Address"} & set(arguments)
    only_post = arguments_of(job, instrument="POWGEN", shims={"post_proc": "/gen/mantid_post_proc.py"})
    assert "ProcessingScriptFilename" not in only_post


def test_periods_and_spectra_have_the_names_of_the_listeners_properties(job: Job) -> None:
    arguments = arguments_of(replace(job, periods=(1, 3), spectra=(2,)), instrument="X", shims=SHIMS)
    assert (arguments["PeriodList"], arguments["SpectraList"]) == ([1, 3], [2])


def test_a_configured_source_takes_the_place_of_the_instruments_own(job: Job) -> None:
    arguments = arguments_of(replace(job, source="adara://localhost:31415"), instrument="X", shims=SHIMS)
    assert (arguments["Listener"], arguments["Address"]) == ("SNSLiveEventDataListener", "localhost:31415")
    order = list(arguments)
    assert order[:2] == ["Instrument", "Listener"], "the listener's own properties exist only after these"


def test_the_log_names_the_users_files_in_the_format_of_the_original(job: Job) -> None:
    text = shown(arguments_of(job, instrument="POWGEN", shims=SHIMS), job)
    assert text.startswith("StartLiveData({\n  ")
    seen = json.loads(text.removeprefix("StartLiveData(").removesuffix(")"))
    assert job.proc is not None
    assert job.post_proc is not None
    assert seen["ProcessingScriptFilename"] == job.proc.path
    assert seen["PostProcessingScriptFilename"] == job.post_proc.path
    assert "/gen/" not in text
    assert list(seen) == sorted(seen)


def test_what_mantid_can_do_is_no_problem(job: Job) -> None:
    assert find_problems(replace(job, periods=(1,), spectra=(2,)), ANY) == ()


def test_a_wrong_method_is_told_with_the_allowed_ones(job: Job) -> None:
    problems = find_problems(replace(job, accum_method="Sum"), ANY)
    assert problems == ("accum_method: 'Sum' is not one of Add, Replace, Append",)


def test_all_problems_are_told_at_once_by_their_keys(job: Job) -> None:
    none = Offer(methods=("Add",), listener_options=frozenset())
    problems = find_problems(replace(job, accum_method="Append", periods=(1, 2), spectra=(5,)), none)
    assert [problem.partition(":")[0] for problem in problems] == ["accum_method", "periods", "spectra"]
    assert "PeriodList" in problems[1]
    assert "[1, 2]" in problems[1]


def test_mantids_own_refusal_is_told_by_the_key_to_change(job: Job) -> None:
    (problem,) = refused({"AccumulationMethod": "not for histograms"}, job)
    assert problem.startswith("accum_method: ")
    assert "not for histograms" in problem
    assert "'Add'" in problem
    assert "Replace or Append" in problem
