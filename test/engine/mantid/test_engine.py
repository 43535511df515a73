"""The mantid engine on the double, through the shipped worker."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.engines import CHUNK, KEEP, REBIN, Bench, events_of, record_of
from livereduce.base.errors import ExitCode
from livereduce.messages.beat import Phase
from livereduce.messages.progress import RunState
from livereduce.publish.product import Axis, Product
from livereduce.publish.products.folder import Products
from livereduce.publish.products.index import END_UNSEEN

pytestmark = pytest.mark.timeout(300)

ONE_RUN: list[dict[str, Any]] = [{"new_run": 1}, {"chunk": CHUNK, "times": 3}, {"end_run": 1}]
Make = Callable[..., Bench]
NOTHING = Axis(name="tof", values=np.array([0.0, 1.0]))


# ---- what Mantid is told


def test_mantid_is_set_up_and_told_as_the_original_did(bench: Make) -> None:
    at = bench(*ONE_RUN)
    job = at.job(proc=REBIN, post_proc=KEEP)
    reducing = at.start(job)
    reducing.wait_ended(1)
    assert reducing.stop() == ExitCode.OK
    record = record_of(at)
    assert {"what": "application", "name": "livereduce"}.items() <= record[0].items()
    (told,) = (line["properties"] for line in record if line["what"] == "StartLiveData")
    assert {name: told[name] for name in ("Instrument", "OutputWorkspace", "AccumulationWorkspace")} == {
        "Instrument": "POWGEN",
        "OutputWorkspace": "result",
        "AccumulationWorkspace": "accumulation",
    }
    assert (told["FromNow"], told["FromStartOfRun"]) == ("0", "1")
    assert told["ProcessingScriptFilename"].endswith("mantid_proc.py")
    log = "\n".join(reducing.lines)
    assert job.proc is not None
    assert f'"ProcessingScriptFilename": "{job.proc.path}"' in log
    assert "facility switched from " in log
    assert "instrument POWGEN (PG3) of SNS" in log
    assert "INFO Mantid: " in log


def test_without_post_proc_nothing_is_said_of_an_accumulation(bench: Make) -> None:
    at = bench(*ONE_RUN)
    at.start(at.job(proc=REBIN)).wait_ended(1)
    (told,) = (line["properties"] for line in record_of(at) if line["what"] == "StartLiveData")
    assert not {"AccumulationWorkspace", "PostProcessingScriptFilename"} & set(told)


def test_a_shim_is_a_few_lines_beside_the_frozen_copy(bench: Make) -> None:
    at = bench(*ONE_RUN)
    at.start(at.job(proc=REBIN)).wait_ended(1)
    shim = (at.path / "mantid_proc.py").read_text()
    assert len(shim.splitlines()) < 8
    assert str(at.path / "proc.py") in shim


def test_a_configured_source_overrides_listener_and_address(bench: Make) -> None:
    at = bench(*ONE_RUN)
    at.start(at.job(proc=REBIN, source="adara://localhost:31415")).wait_ended(1)
    (connect,) = (line for line in record_of(at) if line["what"] == "connect")
    assert (connect["listener"], connect["address"]) == ("SNSLiveEventDataListener", "localhost:31415")


@pytest.mark.parametrize(
    ("instrument", "complaint"),
    [
        (("NOWHERE", "NOWHERE"), "instrument: Mantid does not know 'NOWHERE'"),
        (("BASIS", "BSS"), "instrument: BASIS has no live data in this Mantid (expected one of"),
    ],
)
def test_an_instrument_that_mantid_cannot_use_is_the_operators_business(
    bench: Make, instrument: tuple[str, str], complaint: str
) -> None:
    at = bench(instrument=instrument)
    reducing = at.start(at.job(proc=REBIN))
    assert reducing.end() == ExitCode.UNUSABLE
    assert any(line.startswith(f"livereduce.worker: {complaint}") for line in reducing.lines), reducing.lines
    assert not any(line["what"] == "connect" for line in record_of(at))


def test_add_for_a_histogram_listener_is_refused_with_what_is_allowed(bench: Make) -> None:
    at = bench(instrument=("ISIS_Histogram", "ISIS_Histogram"))
    reducing = at.start(at.job(proc="pass\n"))
    assert reducing.end() == ExitCode.UNUSABLE
    (complaint,) = (line for line in reducing.lines if line.startswith("livereduce.worker: "))
    assert "accum_method: Mantid refuses AccumulationMethod" in complaint
    assert "seen 'Add', expected Replace or Append" in complaint
    assert not any(line["what"] == "connect" for line in record_of(at))


# ---- runs


@pytest.mark.parametrize("era", ["A", "B", "C"])
@pytest.mark.parametrize("scripts", ["proc", "post_proc", "both"])
def test_each_run_has_its_own_result_in_all_states_of_the_listener(bench: Make, era: str, scripts: str) -> None:
    """The states differ in which chunk an edge comes with, and the later ones report the joining of a run, too."""
    second = [{"new_run": 2}, {"chunk": CHUNK, "times": 3}, {"end_run": 2}, {"silence": 2}]
    at = bench(*ONE_RUN, {"silence": 2}, *second, shape={"era": era})
    job = at.job(proc=REBIN if scripts != "post_proc" else "", post_proc=KEEP if scripts != "proc" else "")
    reducing = at.start(job)
    reducing.wait_ended(1, 2)
    reducing.wait("the time between runs", lambda one: one.run.number == 0)
    # B and C report the beginning of a run with its first chunk, which the next one then replaces
    held = {1: 3000, 2: 3000 if era == "A" else 2000}
    assert {run: np.nansum(reducing.product(run).signal) for run in held} == held
    if scripts != "post_proc":  # the chunks are seen: what is dropped of them is said
        said = {run: bool(reducing.product(run).attributes["incomplete"]) for run in held}
        assert said == {run: events < 3000 for run, events in held.items()}
    assert reducing.progress.run.state in (RunState.NO_RUN, RunState.ENDED)
    assert reducing.stop() == ExitCode.OK


def test_what_an_earlier_worker_left_of_another_run_is_flagged_and_what_passed_is_said(bench: Make) -> None:
    at = bench({"new_run": 3}, {"chunk": CHUNK, "times": 3}, {"end_run": 3})
    job = at.job(proc=REBIN)
    earlier = Products(Path(job.state_dir))
    earlier.in_run(1, joined=True)
    earlier.publish(Product(pipeline="live", run=1, name="result", signal=np.zeros(1), axes=(NOTHING,)))
    reducing = at.start(job)
    progress = reducing.wait("what was missed", lambda one: len(one.incomplete_runs) == 2)
    assert [text.partition(":")[0] for text in progress.incomplete_runs] == ["run 1", "run 2"]
    assert progress.total.gaps == 2
    assert reducing.product(1).attributes["incomplete"] == END_UNSEEN
    reducing.wait_ended(3)
    facts = reducing.product(3).attributes
    assert (facts["incomplete"], facts["ended"]) == ("", 1)
    assert str(facts["start_time"]) < str(facts["end_time"])


def test_a_run_whose_last_post_proc_fails_says_that_its_result_is_older(bench: Make) -> None:
    fails = KEEP + "if input.getNumberEvents() > 2500:\n    raise ValueError('no such peak')\n"
    at = bench(*ONE_RUN, {"silence": 2}, {"new_run": 2}, {"chunk": CHUNK})
    reducing = at.start(at.job(post_proc=fails))
    reducing.wait_ended(1)
    assert "of 3000 events (post_proc failed: " in str(reducing.product(1).attributes["incomplete"])


def test_a_paused_run_is_shown_as_paused(bench: Make) -> None:
    at = bench({"new_run": 1}, {"chunk": CHUNK}, {"pause": True}, {"forever": CHUNK})
    reducing = at.start(at.job(proc=REBIN))
    reducing.wait("the pause", lambda one: one.run.state is RunState.PAUSED)
    assert reducing.stop() == ExitCode.OK


def test_progress_counts_events_pulses_and_charge(bench: Make) -> None:
    at = bench(*ONE_RUN)
    reducing = at.start(at.job(proc=REBIN, post_proc=KEEP))
    reducing.wait_ended(1)
    progress = reducing.wait("the run", lambda one: one.total.events == 3000)
    assert (progress.total.pulses, progress.total.script_errors, progress.source.connected) == (30, 0, True)
    assert progress.source.data_age_s is not None
    product = reducing.product(1)
    assert (events_of(product), product.attributes["pulses"]) == (3000, 30)
    assert product.attributes["proton_charge_pc"] == 30e6


def test_periods_are_products_of_their_own(bench: Make) -> None:
    at = bench(
        {"forever": CHUNK},
        instrument=("ISIS_Histogram", "ISIS_Histogram"),
        shape={"periods": 3, "spectra": 2},
    )
    reducing = at.start(at.job(proc="pass\n", accum_method="Replace", periods=(1, 3)))
    reducing.wait_reduced(1)
    names = {product["name"] for product in reducing.index()[0]["products"]}
    assert names == {"result_1", "result_2"}
    assert reducing.stop() == ExitCode.OK


# ---- waiting


def test_not_ready_is_waiting_and_said(bench: Make) -> None:
    at = bench({"not_yet": 5}, *ONE_RUN)
    reducing = at.start(at.job(proc=REBIN))
    said = reducing.wait("the reason", lambda one: one.source.reason)
    assert reducing.beats[-1].phase is Phase.WAITING
    assert said.silent_s == 0
    reducing.wait_ended(1)
    assert reducing.stop() == ExitCode.OK


def test_a_refused_connection_ends_the_worker_with_mantids_reason(bench: Make) -> None:
    at = bench(shape={"connect": "refused"})
    reducing = at.start(at.job(proc=REBIN))
    assert reducing.end() == 1
    assert "Unable to connect listener" in reducing.lines[-1]
    assert "Unable to connect listener" in reducing.progress.last_errors["source"]


def test_a_script_at_work_is_silent_for_as_long_as_it_works(bench: Make) -> None:
    """The beats of the main thread prove nothing: the age of the last sign of life does."""
    at = bench(*ONE_RUN)
    reducing = at.start(at.job(proc="import time\ntime.sleep(600)\n"))
    reducing.wait("silence", lambda one: one.silent_s > 2)
    assert reducing.beats[-1].phase is Phase.PROCESS
    silences = [beat.progress.silent_s for beat in reducing.beats if beat.phase is Phase.PROCESS]
    assert silences == sorted(silences)


def test_an_error_of_the_accumulation_ends_the_worker_with_its_text(bench: Make) -> None:
    """Plus refuses histograms that do not fit together."""
    number = "n = len(mtd.getObjectNames())\nCloneWorkspace(input, OutputWorkspace=f'n{n}')\n"
    proc = number + "Rebin(input, Params=f'0,{1000 * (1 + n)},18000', OutputWorkspace=output)\n"
    at = bench({"new_run": 1}, {"forever": CHUNK})
    reducing = at.start(at.job(proc=proc, preserve_events=False))
    assert reducing.end() == 1
    assert "MonitorLiveData: " in reducing.lines[-1]


def test_a_script_that_is_cancelled_has_not_failed(bench: Make) -> None:
    """A cancel reaches the algorithms that a script calls: they raise in it."""
    at = bench({"new_run": 1}, {"forever": CHUNK})
    proc = "for _ in range(1000):\n    CloneWorkspace(input, OutputWorkspace='one')\n    time.sleep(0.01)\n"
    reducing = at.start(at.job(proc=f"import time\n{proc}raise ValueError('it was not')\n"))
    reducing.wait("the script", lambda _: reducing.beats[-1].phase is Phase.PROCESS)
    assert reducing.stop() == ExitCode.OK
    assert reducing.progress.total.script_errors == 0
    assert not [line for line in reducing.lines if "proc failed" in line]


# ---- what nobody has verified


@pytest.mark.parametrize("switch", ["other_error_type", "merge_drops_duplicates", "odd_handlers", "-weak_handles"])
def test_nothing_relies_on_what_is_not_verified(bench: Make, switch: str) -> None:
    at = bench(*ONE_RUN, switches=switch)
    reducing = at.start(at.job(proc=REBIN, post_proc="undefined\n"))
    reducing.wait("the errors", lambda one: one.total.script_errors >= 3)
    assert "post_proc.py:1: NameError" in reducing.progress.last_errors["post_proc"]
    assert reducing.stop() == ExitCode.OK


def test_products_say_what_they_are_made_of(bench: Make) -> None:
    at = bench(*ONE_RUN)
    reducing = at.start(at.job(proc=REBIN))
    reducing.wait_ended(1)
    index = json.loads((at.path / "state/products/index.json").read_text())
    run = next(run for run in index["runs"] if run["run"] == 1)
    assert [(product["name"], product["events"]) for product in run["products"]] == [("result", 3000)]


# ---- chunks without events

NEEDS_EVENTS = "if not input.getNumberEvents():\n    raise ValueError('nothing here')\n"
EMPTY_FIRST: list[dict[str, Any]] = [
    {"new_run": 1},
    {"chunk": {"events": 0, "pulses": 10}},
    {"chunk": CHUNK, "times": 2},
    {"end_run": 1},
]


def test_an_error_without_events_says_so(bench: Make) -> None:
    at = bench(*EMPTY_FIRST)
    reducing = at.start(at.job(post_proc=NEEDS_EVENTS + KEEP))
    told = reducing.wait("the error", lambda seen: "post_proc" in seen.last_errors).last_errors["post_proc"]
    assert told.endswith('ValueError: nothing here (no events yet; "skip_empty": true spares scripts such data)')
    reducing.wait_ended(1)
    assert reducing.stop() == ExitCode.OK


def test_post_proc_is_spared_a_run_without_events_so_far(bench: Make) -> None:
    at = bench(*EMPTY_FIRST)
    reducing = at.start(at.job(post_proc=NEEDS_EVENTS + KEEP, skip_empty=True))
    reducing.wait_ended(1)
    assert reducing.progress.total.script_errors == 0
    assert reducing.stop() == ExitCode.OK
