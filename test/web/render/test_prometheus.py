"""The numbers for Prometheus: named by its conventions, and what is not known is left out."""

import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from helpers.progress import changed
from livereduce.messages.beat import Phase
from livereduce.messages.progress import Progress, RunProgress, RunState, SourceProgress, StepProgress, TotalProgress
from livereduce.messages.status import RecordingSeen, Restart, StateWord, Status, iso
from livereduce.web.render.prometheus import metrics_text, restart_reason
from livereduce.web.state.snapshot import View

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PROGRESS = Progress(
    run=RunProgress(number=7, state=RunState.RUNNING, proton_charge_pc=3.6e9),
    total=TotalProgress(chunks=3, events=1000),
    source=SourceProgress(data_age_s=1.0),
    steps=StepProgress(proc_s=0.25),
)
STATUS = Status(
    state=StateWord.RUNNING,
    why="",
    since=iso(NOW),
    pid=os.getpid(),
    started=iso(NOW - timedelta(hours=1)),
    updated=iso(NOW - timedelta(seconds=2)),
    version="1",
    events_per_s=50.0,
    memory_bytes=5,
    restarts=4,
    last_restarts=(
        Restart(at="", reason="livereduce killed the worker: stuck in proc for 600 s (limits.process)", generation=1),
    )
    * 2,
    progress=PROGRESS,
)
VIEW = View(id="powder", name="POWDER", status=STATUS)


def scraped(*views: View) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(metrics_text(views, NOW).decode())
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_what_a_snapshot_says() -> None:
    told = scraped(VIEW)
    assert told["livereduce_up", "powder"] == 1
    assert told["livereduce_state", "powder", "running"] == 1
    assert told["livereduce_state", "powder", "parked"] == 0
    assert told["livereduce_events_total", "powder"] == 1000
    assert told["livereduce_run_charge_coulombs", "powder"] == pytest.approx(3.6e-3)
    assert told["livereduce_data_age_seconds", "powder"] == 3.0
    assert told["livereduce_phase_duration_seconds", "powder", "process"] == 0.25
    assert told["livereduce_recent_restarts", "powder", "hang"] == 2
    assert told["livereduce_worker_restarts_total", "powder"] == 4
    assert told["livereduce_receiver_restarts_total", "powder"] == 0
    assert told["livereduce_spare_workers", "powder"] == 0
    assert ("livereduce_worker_memory_limit_bytes", "powder") not in told, "there is none"


def test_a_recording_is_told_where_one_is_wanted() -> None:
    assert ("livereduce_recording", "powder") not in scraped(VIEW)
    for problem, well in (("", 1), ("the disk is full", 0)):
        recording = RecordingSeen(directory="/r", pid=5, written_bytes=7, gaps=2, problem=problem)
        told = scraped(replace(VIEW, status=replace(STATUS, recording=recording)))
        assert told["livereduce_recording", "powder"] == well
        assert told["livereduce_recorded_bytes_total", "powder"] == 7
        assert told["livereduce_recording_gaps_total", "powder"] == 2


def test_the_phase_that_lasts_is_seen_while_it_lasts() -> None:
    since = iso(NOW - timedelta(seconds=45))
    view = replace(VIEW, status=replace(STATUS, phase=Phase.POST_PROCESS, phase_since=since))
    assert scraped(view)["livereduce_phase_age_seconds", "powder", "post_process"] == 45.0
    down = scraped(replace(view, down="gone"))
    assert ("livereduce_phase_age_seconds", "powder", "post_process") not in down


def test_of_a_daemon_that_is_down_no_old_value_looks_like_a_live_one() -> None:
    told = scraped(replace(VIEW, down="gone"))
    assert told["livereduce_up", "powder"] == 0
    assert told["livereduce_state", "powder", "down"] == 1
    assert told["livereduce_state", "powder", "running"] == 0
    assert ("livereduce_events_per_second", "powder") not in told
    assert ("livereduce_worker_memory_bytes", "powder") not in told
    assert ("livereduce_source_connected", "powder") not in told
    assert not any(name == "livereduce_run_state" for name, *_ in told)
    assert told["livereduce_events_total", "powder"] == 1000


def test_events_that_are_not_in_the_plot_are_seen() -> None:
    seen = changed(PROGRESS, run={"unmapped": 1, "erroneous": 2, "unknown_pixel": 4, "outside_tof": 8})
    told = scraped(replace(VIEW, status=replace(STATUS, progress=seen)))
    assert told["livereduce_run_erroneous_events", "powder"] == 7
    assert told["livereduce_run_outside_tof_events", "powder"] == 8


@pytest.mark.parametrize(("silent", "dark"), [(False, False), (True, False), (False, True)])
def test_a_silent_source_and_a_beam_that_is_off_are_two_things(silent: bool, dark: bool) -> None:
    assert VIEW.status
    assert VIEW.status.progress
    at = NOW.timestamp()
    seen = changed(VIEW.status.progress, run={"state": RunState.RUNNING}, source={"connected": True})
    seen = changed(seen, source={"no_pulses_since": at if silent else None, "no_beam_since": at if dark else None})
    view = replace(VIEW, status=replace(VIEW.status, progress=seen))
    told = scraped(view)
    assert told["livereduce_pulses_missing", "powder"] == silent
    assert told["livereduce_beam_off", "powder"] == dark
    down = scraped(replace(view, down="gone"))
    assert not {"livereduce_pulses_missing", "livereduce_beam_off"} & {name for name, *_ in down}


def test_where_nothing_is_known_it_is_down_and_no_more() -> None:
    names = {key[0] for key in scraped(View(id="new", name="NEW"))}
    assert names == {"livereduce_up", "livereduce_state"}


def test_names_and_units_follow_the_conventions() -> None:
    """https://prometheus.io/docs/practices/naming: a prefix, base units in the plural, _total for counters."""
    families = list(text_string_to_metric_families(metrics_text([VIEW], NOW).decode()))
    assert len(families) > 30
    for family in families:
        assert re.fullmatch(r"livereduce_[a-z_]+", family.name)
        assert family.documentation.endswith("."), family.name
        assert not re.search(r"_(ms|us|ns|kb|mb|pc|minutes|percent)$", family.name)
        if family.type == "counter":
            assert all(one.name.endswith("_total") for one in family.samples)
        else:
            assert not family.name.endswith("_total")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("livereduce killed the worker: stuck in proc for 600 s (limits.process), at /live/proc.py:4", "hang"),
        ("the worker was killed by SIGTERM", "killed"),
        ("the worker crashed (segmentation fault, SIGSEGV)", "crash"),
        ("proc crashed at /live/proc.py:5 (segmentation fault, SIGSEGV)", "crash"),
        (
            "the worker was killed by SIGKILL from the out-of-memory killer (it killed 1 processes of this service)",
            "memory",
        ),
        ("the worker was killed by SIGKILL, not by livereduce and not by the out-of-memory killer", "killed"),
        ("the worker crashed (exit code 1): MemoryError: the worker's memory of scripts", "crash"),
        ("the worker exited without being asked to (exit code 0)", "crash"),
        ("replacing the worker: the worker's memory of 5 GB is over the limit of 4 GB", "memory"),
        ("the worker's memory of 5 GB is over the limit of 4 GB", "memory"),
        ("replacing the worker: the memory of receiver and worker, 5 GB, is over the limit of 4 GB", "memory"),
        ("replacing the worker: the run's events fill the memory allowed for them, 4 GB: run 7 goes on", "memory"),
        ("replacing receiver and worker: the memory of receiver and worker, 5 GB, is over the limit", "memory"),
        (
            "the receiver was killed by SIGKILL from the out-of-memory killer (it killed 1 processes of this service)",
            "memory",
        ),
        ("the receiver was killed by SIGTERM", "receiver"),
        ("the receiver crashed (exit code 1): it printed nothing", "receiver"),
        ("livereduce killed the receiver: stuck while receiving for 30 s (limits.waiting)", "receiver"),
        ("the scripts have changed (proc)", "scripts"),
        ("asked to restart the worker (SIGHUP)", "asked"),
        ("the worker could not be started: no memory", "start"),
        ("something new", "other"),
    ],
)
def test_a_reason_is_one_of_few_words(text: str, reason: str) -> None:
    assert restart_reason(text) == reason
