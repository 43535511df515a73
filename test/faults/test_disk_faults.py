"""A full disk under products, log and status: the reduction goes on, and so do they when there is room again."""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from helpers.faults import MORE_EVENTS, Matrix, Rig, Row, Rows, skip_row
from livereduce.status import StateWord

ROWS = Rows()
pytestmark = pytest.mark.timeout(300)


@ROWS.each()
def test_full_disk_costs_only_what_lies_there(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


def small_disk(rig: Rig) -> Path:
    """A file system of 1 MB."""
    if os.geteuid() != 0 or not shutil.which("mount"):
        skip_row("a small file system can only be mounted by root")
    path = rig.path / "small"
    path.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        skip_row(f"a small file system cannot be mounted: {done.stderr.strip()}")
    rig.stack.callback(subprocess.run, ["umount", "--lazy", str(path)], check=True)
    return path


def fill(disk: Path) -> Path:
    """Take what is left of a disk."""
    filler = disk / "filler"
    fd = os.open(filler, os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while True:
            os.write(fd, bytes(4096))
    os.close(fd)
    assert os.statvfs(disk).f_bavail == 0
    return filler


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
    rig.wait("well again", lambda one: one.state is StateWord.RUNNING)
    seen = rig.back(MORE_EVENTS)
    assert (seen.restarts, seen.renewals) == (0, 0)
    rig.finish()


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
