"""A full disk under products, log and status: the reduction goes on, and so do they when there is room again."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from helpers.disks import fill, small_disk
from helpers.faults import MORE, MORE_EVENTS, RUN, SECOND, Matrix, Rig, Row, Rows, is_well
from livereduce.messages.status import StateWord

ROWS = Rows()
pytestmark = pytest.mark.timeout(300)


@ROWS.each()
def test_full_disk_costs_only_what_lies_there(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


@ROWS("disk full for products")
def products(rig: Rig) -> None:
    disk = small_disk(rig)
    rig.begin(state_dir="small/state")
    (rig.path / "state").symlink_to("small/state")  # where a beamline of these tests looks for products
    filler = fill(disk)
    rig.beam_to(1.1)
    rig.saw(StateWord.DEGRADED, "No space left on device")
    filler.unlink()
    rig.inject()
    rig.beam_to(1.2)
    rig.wait("well again", is_well)
    seen = rig.back(MORE_EVENTS)
    assert (seen.restarts, seen.renewals) == (0, 0)
    rig.finish()


def at_the_end(rig: Rig, break_it: Callable[[Path], object], mend_it: Callable[[Path], object], *seen: str) -> None:
    """The disk fails when the run ends, and the next run begins: the last result is written when it is well again."""
    disk = small_disk(rig)
    rig.play(runs=2)
    rig.begin(state_dir="small/state")
    (rig.path / "state").symlink_to("small/state")
    rig.beam_to(MORE)
    rig.wait_reduced(MORE_EVENTS)
    break_it(disk)
    rig.beam_to(SECOND)
    rig.wait("the next run", lambda one: one.progress is not None and one.progress.run.number == RUN + 1)
    rig.saw(StateWord.DEGRADED, *seen)
    assert not rig.beamline.index().get(RUN, {}).get("ended")
    mend_it(disk)
    rig.inject()
    rig.until("the end of the run", lambda: rig.beamline.index().get(RUN, {}).get("ended"))
    rig.outcome.recovery_s = rig.seconds()
    seen_now = rig.wait("well again", is_well)
    assert (seen_now.restarts, seen_now.renewals) == (0, 0)
    rig.check_totals()
    rig.stop()


@ROWS("disk full at the end of a run")
def full_at_the_end(rig: Rig) -> None:
    at_the_end(rig, fill, lambda disk: (disk / "filler").unlink(), "No space left")


def cover_read_only(disk: Path, covers: ExitStack) -> None:
    """The file system once more, above itself: while the daemon has its lock open for writing, it cannot be changed."""
    subprocess.run(["mount", "--bind", str(disk), str(disk)], check=True)
    covers.callback(subprocess.run, ["umount", "--lazy", str(disk)], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(disk)], check=True)


@ROWS("disk read-only at the end of a run")
def read_only_at_the_end(rig: Rig) -> None:
    with ExitStack() as covers:
        at_the_end(
            rig, lambda disk: cover_read_only(disk, covers), lambda disk: covers.close(), "Read-only file system"
        )


def put_in_the_way(disk: Path) -> None:
    shutil.rmtree(disk / "state" / "products")
    (disk / "state" / "products").write_text("not a directory")


@ROWS("products replaced by a file at the end of a run")
def directory_lost_at_the_end(rig: Rig) -> None:
    at_the_end(rig, put_in_the_way, lambda disk: (disk / "state" / "products").unlink(), "Not a directory")


@ROWS("products removed at the end of a run")
def products_removed(rig: Rig) -> None:
    rig.begin()
    shutil.rmtree(rig.path / "state" / "products")
    rig.inject()
    rig.finish()
    rig.note("made again with the next result")


@ROWS("disk full for a new worker")
def new_worker(rig: Rig) -> None:
    """A crash while its folder cannot be made: the back-off goes on until there is room."""
    disk = small_disk(rig)
    before = rig.begin(state_dir="small/state")
    (rig.path / "state").symlink_to("small/state")
    filler = fill(disk)
    assert before.worker_pid
    os.kill(before.worker_pid, signal.SIGKILL)
    rig.saw(StateWord.RESTARTING, "No space left on device")
    filler.unlink()
    rig.inject()
    rig.beam_to(1.2)
    rig.back(MORE_EVENTS, generation=2, exactly=False)
    rig.finish()


@ROWS("disk full for the log")
def log(rig: Rig) -> None:
    disk = small_disk(rig)
    (rig.path / "livereduce.log").symlink_to("small/livereduce.log")
    before = rig.begin("print('x' * 1000)\n")
    filler = fill(disk)
    assert before.worker_pid
    rig.inject()
    os.kill(before.worker_pid, signal.SIGKILL)
    rig.saw_restart("SIGKILL")
    rig.beam_to(1.2)
    rig.back(MORE_EVENTS, generation=2)
    filler.unlink()
    rig.finish()
    rig.outcome.seen = ""
    rig.saw_log("running -> stopping")


@ROWS("disk full for status")
def status(rig: Rig) -> None:
    disk = small_disk(rig)
    (rig.path / "run").symlink_to("small/run")
    rig.begin(runtime_dir="small/run")
    filler = fill(disk)
    rig.beam_to(1.1)
    rig.saw_log("the status cannot be written", "No space left on device")
    assert rig.beamline.status().worker_pid  # the old one stands, whole
    filler.unlink()
    rig.inject()
    rig.beam_to(1.2)
    seen = rig.back(MORE_EVENTS)
    assert (seen.restarts, seen.renewals) == (0, 0)
    rig.finish()
