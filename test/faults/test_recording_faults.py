"""What happens to a recorder, or to its disk, costs the recording a marked gap at most; the reduction is unharmed."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from helpers.disks import fill, small_disk
from helpers.faults import HALF, MORE, OVER, RUN, Matrix, Rig, Row, Rows, gone
from helpers.recorded import read_again
from livereduce.messages.status import RecordingSeen, StateWord, Status
from livereduce.stream.items import EventBatch, Gap, RunEnded, RunStarted
from livereduce.stream.recording.runs import read_recording

ROWS = Rows()
pytestmark = pytest.mark.timeout(300)
EVENTS = 60_000
FOLDER = f"POWDER_{RUN}"


@ROWS.each()
def test_a_recording_harms_nobody(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


def begin(rig: Rig, directory: str = "recordings") -> RecordingSeen:
    """Half of the run is reduced, and recorded."""
    rig.begin(record={"directory": str(rig.path / directory)})
    return at_work(rig, lambda one: one.run_bytes > 0)


def at_work(rig: Rig, there: object = None) -> RecordingSeen:
    found = rig.wait("a recorder", lambda one: _is(one.recording, there)).recording
    assert found
    return found


def _is(recording: RecordingSeen | None, there: object) -> bool:
    return recording is not None and recording.pid is not None and (not callable(there) or bool(there(recording)))


def recorded(rig: Rig, directory: str = "recordings") -> tuple[int, list[str], bool]:
    """Events of the run in its recording, gaps, and whether its start and its end are there."""
    items = read_again(rig.path / directory / FOLDER)
    events = sum(len(one.tof_ns) for one in items if isinstance(one, EventBatch))
    edges = [one for one in items if isinstance(one, RunStarted | RunEnded)]
    whole = [type(one) for one in edges] == [RunStarted, RunEnded]
    return events, [one.reason for one in items if isinstance(one, Gap)], whole


def beam_on(rig: Rig, what: str, there: Callable[[Status], bool]) -> None:
    """Let the beam go on, pulse by pulse, until something is so."""
    moments = iter(np.linspace(HALF, 1.49, 200).tolist())

    def look() -> bool:
        rig.beam_to(max(rig.clock.now_s, next(moments, 1.49)))
        time.sleep(0.2)
        status = rig.status()
        return status is not None and there(status)

    rig.until(what, look)


@ROWS("nothing, while a run is recorded")
def nothing(rig: Rig) -> None:
    begin(rig)
    rig.inject()
    rig.note("the run is reduced, and recorded")
    rig.outcome.recovery_s = 0.0
    rig.finish()
    assert recorded(rig) == (EVENTS, [], True)
    modes = {path.stat().st_mode & 0o777 for path in (rig.path / "recordings" / FOLDER).iterdir()}
    assert modes == {0o640}


@ROWS("recorder SIGKILLed")
def killed(rig: Rig) -> None:
    pid = begin(rig).pid
    assert pid
    rig.inject()
    os.kill(pid, signal.SIGKILL)
    rig.saw_log("running -> degraded: runs are not recorded", "SIGKILL")  # for two seconds
    at_work(rig, lambda one: one.pid != pid)
    rig.outcome.recovery_s = rig.seconds()
    beam_on(rig, "a gap", lambda one: bool(one.recording and one.recording.run_gaps == 1))
    rig.finish()
    events, gaps, whole = recorded(rig)
    assert events <= EVENTS
    assert len(gaps) == 1
    assert whole


@ROWS("recorder stands still, to the end")
def stopped(rig: Rig) -> None:
    pid = begin(rig).pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    rig.inject()
    rig.beam_to(OVER)
    rig.until("the end of the run", lambda: rig.beamline.index().get(RUN, {}).get("ended"))
    rig.saw(StateWord.DEGRADED, "the recorder does not answer")
    rig.check_totals()
    rig.stop()
    assert gone(pid)
    rig.outcome.recovery_s = rig.seconds()
    assert recorded(rig)[0] < EVENTS


@ROWS("receiver SIGKILLed while a run is recorded")
def receiver_killed(rig: Rig) -> None:
    begin(rig)
    status = rig.status()
    assert status
    assert status.receiver_pid
    rig.inject()
    os.kill(status.receiver_pid, signal.SIGKILL)
    rig.saw_restart("the receiver")
    rig.back(generation=2, reconnects=1)
    rig.finish()
    assert recorded(rig) == (EVENTS, [], True)
    recording = read_recording(rig.path / "recordings" / FOLDER)
    assert recording.pulses <= 60 + 2, "what was recorded was written again"


@ROWS("disk full for recordings")
def disk_full(rig: Rig) -> None:
    disk = small_disk(rig)
    begin(rig, "small/recordings")
    filler = fill(disk)
    rig.inject()
    rig.beam_to(MORE)
    rig.saw(StateWord.DEGRADED, "runs are not recorded")
    filler.unlink()
    beam_on(rig, "a recording", lambda one: bool(one.recording and one.recording.run_gaps == 1))
    rig.outcome.recovery_s = rig.seconds()
    rig.finish()
    events, gaps, _ = recorded(rig, "small/recordings")
    assert events < EVENTS
    assert len(gaps) == 1


@ROWS("directory of recordings is a file")
def no_directory(rig: Rig) -> None:
    Path(rig.path / "recordings").write_text("")
    rig.begin(record={"directory": str(rig.path / "recordings")})
    rig.inject()
    rig.saw(StateWord.DEGRADED, "runs are not recorded")
    (rig.path / "recordings").unlink()
    beam_on(rig, "a recording", lambda one: bool(one.recording and one.recording.run_bytes))
    rig.outcome.recovery_s = rig.seconds()
    rig.finish()
