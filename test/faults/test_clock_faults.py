"""The host's clock is set while a run is reduced: nothing is restarted, nothing is lost, the service goes on telling.

The clock of the machine is left alone: daemon and worker see another one through libfaketime (Debian: faketime), which
changes what the wall clock says and leaves the monotonic one as it is, as settimeofday(2) does.
"""

from pathlib import Path

import pytest

from helpers.faults import MORE, MORE_EVENTS, Matrix, Rig, Row, Rows, skip_row
from helpers.tools import not_installed

ROWS = Rows()
pytestmark = pytest.mark.timeout(300)


@ROWS.each()
def test_a_clock_that_is_set_costs_nothing(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


def library() -> Path:
    """The library that fakes the wall clock of a process with threads."""
    found = sorted(Path("/usr/lib").glob("**/faketime/libfaketimeMT.so.1"))
    if not found:
        skip_row(not_installed(["faketime"]))
    return found[0]


def set_clock(rig: Rig, offset: str) -> None:
    """Move the wall clock of the beamline's processes."""
    fresh = rig.path / "clock.new"
    fresh.write_text(f"{offset}\n")
    fresh.replace(rig.path / "clock")


def with_own_clock(rig: Rig) -> None:
    set_clock(rig, "+0")
    rig.beamline.environ = {
        **rig.beamline.environ,
        "LD_PRELOAD": str(library()),
        "FAKETIME_TIMESTAMP_FILE": str(rig.path / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


def jump(rig: Rig, offset: str) -> None:
    with_own_clock(rig)
    before = rig.begin()
    assert before.worker_pid
    set_clock(rig, offset)
    rig.inject()
    rig.beam_to(MORE)
    moved = rig.wait("a snapshot of the other day", lambda one: one.updated[:10] != before.updated[:10])
    rig.note(f"{moved.state}; the snapshot is of {moved.updated[:10]}, before of {before.updated[:10]}")
    seen = rig.back(MORE_EVENTS)
    assert (seen.restarts, seen.renewals) == (0, 0)
    rig.finish()


@ROWS("clock set back by two days")
def back(rig: Rig) -> None:
    jump(rig, "-2d")


@ROWS("clock set forward by two days")
def forward(rig: Rig) -> None:
    jump(rig, "+2d")
