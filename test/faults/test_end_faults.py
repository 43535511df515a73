"""Workers and daemons that end shortly before their run does: the run is exact, or it is flagged and says why."""

import os
import signal
from typing import Any

import pytest

from helpers.faults import DOUBLED, HALF, MORE, MORE_EVENTS, OVER, RUN, SECOND, THIRD, Matrix, Rig, Row, Rows
from livereduce.messages.status import Status
from livereduce.publish.products.index import END_UNSEEN

ROWS = Rows()
pytestmark = pytest.mark.timeout(300)


@ROWS.each()
def test_an_end_is_seen_or_said(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


def begins(rig: Rig) -> int:
    """Most of the first run of three is reduced; the pid of the worker."""
    rig.play(runs=3)
    rig.begin()
    rig.beam_to(MORE)
    status = rig.wait_reduced(MORE_EVENTS)
    assert status.worker_pid
    return status.worker_pid


def flagged(rig: Rig, run: int = RUN) -> None:
    """The run's end is missing, and everything says so."""
    rig.until("the end of the run", lambda: rig.beamline.index().get(run, {}).get("ended"))
    entry: dict[str, Any] = rig.beamline.index()[run]
    (product,) = entry["products"]
    facts = rig.beamline.product(run).attributes
    assert END_UNSEEN in product["incomplete"]
    assert (product["incomplete"], product["ended"]) == (facts["incomplete"], bool(facts["ended"]))
    assert entry["incomplete"] == END_UNSEEN
    assert int(facts["events"]) < 60_000
    status = rig.wait("the status to say so", lambda one: any(f"run {run}:" in text for text in notes(one)))
    assert status.progress
    assert status.progress.total.gaps >= 1
    rig.note("status: " + notes(status)[-1])
    shown = rig.beamline.livereduce("status", "livereduce.conf").stdout
    assert f"run {run}: {END_UNSEEN}" in shown
    rig.outcome.lost = "the end, and that is said"
    rig.saw_log("incomplete", f"run {run}")


def notes(status: Status) -> tuple[str, ...]:
    return status.progress.incomplete_runs if status.progress else ()


def exact(rig: Rig) -> None:
    """The receiver has seen the run's end, whoever reduces it: one connection, and nothing is missing."""
    rig.until("the end of the run", lambda: rig.beamline.index().get(RUN, {}).get("ended"))
    rig.check_totals()
    assert rig.connections == 1, rig.asked


@ROWS("worker killed, run over before the next one")
def killed_in_the_last_seconds(rig: Rig) -> None:
    pid = begins(rig)
    rig.inject()
    os.kill(pid, signal.SIGKILL)
    rig.beam_to(SECOND)
    rig.saw_restart("SIGKILL")
    exact(rig)
    rig.stop()


@ROWS("worker killed, then no run")
def killed_then_no_run(rig: Rig) -> None:
    pid = begins(rig)
    rig.inject()
    os.kill(pid, signal.SIGKILL)
    rig.beam_to(OVER)
    rig.saw_restart("SIGKILL")
    exact(rig)
    rig.stop()


@ROWS("receiver killed, run over before the next one")
def receiver_killed(rig: Rig) -> None:
    """Nobody has received the end, and the server gives it no more."""
    begins(rig)
    status = rig.status()
    assert status
    assert status.receiver_pid
    rig.inject()
    os.kill(status.receiver_pid, signal.SIGKILL)
    rig.beam_to(SECOND)
    flagged(rig)
    rig.stop()


@ROWS("daemon killed, run over before the next one")
def daemon_killed(rig: Rig) -> None:
    begins(rig)
    rig.inject()
    rig.beamline.daemons[-1].kill()
    rig.beamline.daemons[-1].wait()
    rig.beam_to(SECOND)
    rig.beamline.start()
    flagged(rig)
    rig.stop()


@ROWS("stopped, and two runs pass unseen")
def planned_stop(rig: Rig) -> None:
    """The end of the first run is missing, and nothing is there of the second."""
    begins(rig)
    rig.stop()
    rig.beam_to(THIRD)
    rig.inject()
    rig.beamline.start()
    flagged(rig)
    status = rig.wait("the run that passed", lambda one: any(f"run {RUN + 1}:" in text for text in notes(one)))
    rig.outcome.seen = ""
    rig.note("status: " + next(text for text in notes(status) if f"run {RUN + 1}:" in text))
    assert RUN + 1 not in rig.beamline.index()
    rig.stop()


@ROWS("script saved in the last second of a run")
def script_changed(rig: Rig) -> None:
    """The new script's worker has the whole run, though it may begin after its end."""
    begins(rig)
    rig.inject()
    rig.beamline.script("proc", DOUBLED)
    rig.saw_log("the scripts have changed")
    rig.beam_to(SECOND)
    rig.wait("the second run", lambda one: one.progress is not None and one.progress.run.number == RUN + 1)
    rig.until("the end of the run", lambda: rig.beamline.index().get(RUN, {}).get("ended"))
    # the beam may have gone on before the old worker had left: then that one has made the last product
    facts = rig.beamline.product(RUN).attributes
    assert (facts["events"], facts["incomplete"], rig.connections) == (60_000, "", 1)
    rig.outcome.lost = "nothing"
    rig.stop()


@ROWS("worker killed twice in a run that is replayed")
def replayed(rig: Rig) -> None:
    """What two dead workers left of the run is replaced by its replay: nothing is flagged."""
    pid = begins(rig)
    rig.inject()
    os.kill(pid, signal.SIGKILL)
    again = rig.wait_reduced(MORE_EVENTS, generation=2)
    assert again.worker_pid
    os.kill(again.worker_pid, signal.SIGKILL)
    rig.back(MORE_EVENTS, generation=3)
    rig.beam_to(OVER)
    rig.until("the end of the run", lambda: rig.beamline.index().get(RUN, {}).get("ended"))
    rig.check_totals()
    facts = rig.beamline.product(RUN).attributes
    assert facts["ended"] == 1
    assert facts["start_time"] < facts["end_time"]  # type: ignore[operator]
    rig.stop()


@ROWS("post_proc fails at the end of a run")
def last_result_fails(rig: Rig) -> None:
    """The last result is older than the run's end, and says so."""
    fails = f"import os\nif os.path.exists({str(rig.path / 'fault')!r}):\n    raise ValueError('no such peak')\n"
    rig.play(runs=2)
    rig.begin(post_proc=fails)
    (rig.path / "fault").touch()
    rig.inject()
    rig.beam_to(HALF + 0.1)
    rig.saw_log("no such peak")
    rig.beam_to(OVER)
    rig.until("the end of the run", lambda: rig.beamline.index().get(RUN, {}).get("ended"))
    facts = rig.beamline.product(RUN).attributes
    assert int(facts["events"]) < 60_000
    assert "of 60000 events" in str(facts["incomplete"])
    assert "no such peak" in str(facts["incomplete"])
    rig.note(f"product: {facts['incomplete']}")
    rig.outcome.lost = "the end, and that is said"
    rig.stop()
