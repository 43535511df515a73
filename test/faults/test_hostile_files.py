"""Scripts and modules that are no such thing, or too much of it: the daemon stays there for everybody else."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.faults import (
    DOUBLED,
    HALF,
    HALF_EVENTS,
    MORE,
    MORE_EVENTS,
    PASS,
    PATIENCE_S,
    Matrix,
    Rig,
    Row,
    Rows,
    is_well,
)
from livereduce.messages.status import StateWord

ROWS = Rows()
pytestmark = pytest.mark.timeout(300)
TERABYTE = 1 << 40
IMPORTS = "import my_factors\noutput = input.data * my_factors.FACTOR\n"


@ROWS.each()
def test_daemon_stays_responsive(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


def save(path: Path, text: str) -> None:
    """As vim, rsync and mv do."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


def proc_of(rig: Rig) -> Path:
    return rig.path / "reduce_POWDER_live_proc.py"


def is_fresh(rig: Rig) -> None:
    """The daemon still tells: its snapshot is replaced, although the beam stands."""
    before = rig.wait("a snapshot", lambda _: True)
    rig.wait("a newer snapshot", lambda one: one.updated > before.updated)


def nested_finally(levels: int) -> str:
    """A page of text whose code fills the memory: Python writes out the body of `finally` twice at each level."""
    heads = "".join(f"{' ' * k}try:\n{' ' * k}  pass\n{' ' * k}finally:\n" for k in range(levels))
    return f"{heads}{' ' * levels}{'x = 1; ' * 400}y = x\n"


def swell(path: Path) -> None:
    os.truncate(path, TERABYTE)


def write_60_mb(path: Path) -> None:
    path.write_text("x = 1  # calibration\n" * 2_900_000)


def goes_on_then_mended(rig: Rig, path: Path, spoil: Callable[[Path], None], mended: str, *seen: str) -> None:
    """What cannot be used is named and passed over; meanwhile everything else goes on."""
    spoil(path)
    rig.saw(StateWord.DEGRADED, path.name, "stays in use", *seen)
    is_fresh(rig)
    rig.beam_to(MORE)
    rig.wait_reduced(MORE_EVENTS, generation=1)
    rig.inject()
    path.unlink()
    save(path, mended)
    rig.back(HALF_EVENTS, generation=2)
    rig.finish(factor=2.0)


@ROWS("script becomes a terabyte")
def large_script(rig: Rig) -> None:
    rig.begin()
    goes_on_then_mended(rig, proc_of(rig), swell, DOUBLED, "1 TiB, at most 1 MiB")


@ROWS("script becomes 60 MB of code")
def long_script(rig: Rig) -> None:
    rig.begin()
    goes_on_then_mended(rig, proc_of(rig), write_60_mb, DOUBLED, "58.08 MiB, at most 1 MiB")


@ROWS("module becomes a terabyte")
def large_module(rig: Rig) -> None:
    save(rig.path / "my_factors.py", "FACTOR = 1.0\n")
    rig.begin(IMPORTS)
    goes_on_then_mended(rig, rig.path / "my_factors.py", swell, "FACTOR = 2.0\n", "1 TiB, at most 16 MiB")


@ROWS("modules become too much together")
def many_modules(rig: Rig) -> None:
    names = [f"my_table_{k}" for k in range(5)]
    for name in names:
        save(rig.path / f"{name}.py", "FACTOR = 1.0\n")
    rig.begin(f"import {', '.join(names)}\noutput = input.data * my_table_0.FACTOR\n")

    def swell_all(path: Path) -> None:
        for name in names:
            os.truncate(path.with_name(f"{name}.py"), 15 << 20)

    swell_all(rig.path / "my_table_0.py")
    rig.saw(StateWord.DEGRADED, "my_table_4.py", "together", "75 MiB, at most 64 MiB", "stays in use")
    is_fresh(rig)
    rig.inject()
    for name in names:
        save(rig.path / f"{name}.py", "FACTOR = 2.0\n")
    rig.back(HALF_EVENTS, generation=2)
    rig.finish(factor=2.0)


@ROWS("module of 2 MiB is used")
def module_of_data(rig: Rig) -> None:
    """A table of data is valid Python: its changes are seen, nobody parses it."""
    save(rig.path / "my_factors.py", "FACTOR = 1.0\n" + "# data\n" * 300_000)
    rig.begin(IMPORTS)
    rig.inject()
    save(rig.path / "my_factors.py", "FACTOR = 2.0\n" + "# data\n" * 300_000)
    rig.saw_log("the scripts have changed", "my_factors.py changed")
    rig.back(HALF_EVENTS, generation=2)
    rig.finish(factor=2.0)


@ROWS("script that the compiler chokes on")
def choking_script(rig: Rig) -> None:
    rig.begin()
    goes_on_then_mended(rig, proc_of(rig), lambda path: save(path, nested_finally(19)), DOUBLED)


@ROWS("module that the compiler chokes on")
def choking_module(rig: Rig) -> None:
    save(rig.path / "my_factors.py", "FACTOR = 1.0\n")
    rig.begin(IMPORTS)
    path = rig.path / "my_factors.py"
    goes_on_then_mended(rig, path, lambda path: save(path, nested_finally(19)), "FACTOR = 2.0\n")


def starts_parked(rig: Rig, path: Path, spoil: Callable[[Path], None], mended: str, *seen: str) -> None:
    rig.play()
    rig.configure()
    path.touch()
    spoil(path)
    rig.beam_to(HALF)
    rig.beamline.start()
    parked = rig.saw(StateWord.PARKED, path.name, *seen)
    assert parked.worker_pid is None
    is_fresh(rig)
    rig.inject()
    path.unlink()
    save(path, mended)
    rig.back(HALF_EVENTS)
    rig.finish()


@ROWS("started on a script of a terabyte")
def started_on_a_large_script(rig: Rig) -> None:
    starts_parked(rig, proc_of(rig), swell, PASS, "1 TiB, at most 1 MiB")


@ROWS("started on a script of 60 MB of code")
def started_on_a_long_script(rig: Rig) -> None:
    starts_parked(rig, proc_of(rig), write_60_mb, PASS, "at most 1 MiB")


@ROWS("started on a module of a terabyte")
def started_on_a_large_module(rig: Rig) -> None:
    rig.beamline.script("proc", "import my_factors\n")
    starts_parked(rig, rig.path / "my_factors.py", swell, "FACTOR = 1.0\n", "1 TiB, at most 16 MiB")


@ROWS("started on a script that the compiler chokes on")
def started_on_a_choking_script(rig: Rig) -> None:
    starts_parked(rig, proc_of(rig), lambda path: save(path, nested_finally(19)), PASS)


@ROWS("started on a module that the compiler chokes on")
def started_on_a_choking_module(rig: Rig) -> None:
    rig.beamline.script("proc", "import my_factors\n")
    path = rig.path / "my_factors.py"
    starts_parked(rig, path, lambda path: save(path, nested_finally(19)), "FACTOR = 1.0\n", "needs too much memory")


@ROWS("stopped while a script is compiled")
def stopped_meanwhile(rig: Rig) -> None:
    """A megabyte of code takes seconds; SIGTERM does not wait for it, and nothing stays."""
    rig.play()
    rig.configure()
    line = "output = input.data.hist(tof=[1.0, 2.0]) + other[3] * 2.5\n"
    proc_of(rig).write_text(line * ((1 << 20) // len(line)))
    rig.beamline.start()
    rig.wait("the daemon starts", lambda one: one.state is StateWord.STARTING)
    rig.beamline.daemons[-1].send_signal(signal.SIGTERM)
    assert rig.beamline.daemons[-1].wait(PATIENCE_S) == 0
    rig.note("stopped")


# ---- the log file


@ROWS("log file is a FIFO")
def log_is_a_fifo(rig: Rig) -> None:
    """Nobody reads it: the daemon reduces, says so and takes SIGTERM."""
    os.mkfifo(rig.path / "livereduce.log")
    rig.begin()
    rig.saw(StateWord.DEGRADED, "livereduce.log cannot be written (not a regular file)", "standard output")
    rig.inject()
    (rig.path / "livereduce.log").unlink()
    rig.wait("lines are written again", is_well)
    rig.beam_to(MORE)
    rig.back(MORE_EVENTS)
    rig.finish()


def log_is_replaced(rig: Rig, replace: Callable[[Path], None]) -> None:
    path = rig.path / "livereduce.log"
    rig.begin("print('a line')\n")
    path.unlink()
    replace(path)
    rig.beam_to(MORE)
    rig.saw(StateWord.DEGRADED, "livereduce.log cannot be written")
    rig.inject()
    path.rmdir() if path.is_dir() else path.unlink()
    rig.wait("lines are written again", is_well)
    seen = rig.back(MORE_EVENTS)
    assert seen.restarts == 0
    rig.finish()


@ROWS("log file becomes a FIFO")
def log_becomes_a_fifo(rig: Rig) -> None:
    log_is_replaced(rig, os.mkfifo)


@ROWS("log file becomes a directory")
def log_becomes_a_directory(rig: Rig) -> None:
    log_is_replaced(rig, Path.mkdir)


@ROWS("log file becomes a device")
def log_becomes_a_device(rig: Rig) -> None:
    log_is_replaced(rig, lambda path: path.symlink_to("/dev/full"))
