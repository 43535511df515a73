"""Scripts and configuration that people save, break, delete and mend while the service runs."""

import json
import os
import shutil
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


@ROWS.each()
def test_change_is_taken_or_reported(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


def proc_of(rig: Rig) -> Path:
    return rig.path / "reduce_POWDER_live_proc.py"


def save(path: Path, text: str) -> None:
    """As vim, rsync and mv do."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


def goes_on(rig: Rig, generation: int = 1) -> None:
    """A broken save changes nothing: the same worker, at work on the run."""
    rig.beam_to(MORE)
    status = rig.wait_reduced(MORE_EVENTS, generation=generation)
    assert (status.generation, status.restarts) == (generation, 0)


def takes_over(rig: Rig, generation: int = 2, factor: float = 2.0, reconnects: int = 0) -> None:
    """The newest script has begun the run anew: no product mixes it with the one before."""
    status = rig.back(HALF_EVENTS, generation=generation, reconnects=reconnects)
    assert status.restarts == 0
    rig.finish(factor=factor)


@ROWS("script replaced by rename")
def replaced(rig: Rig) -> None:
    rig.begin()
    rig.inject()
    save(proc_of(rig), DOUBLED)
    rig.saw_log("the scripts have changed", "proc")
    takes_over(rig)


@ROWS("script edited in place")
def edited(rig: Rig) -> None:
    rig.begin()
    rig.inject()
    proc_of(rig).write_text(DOUBLED)
    rig.saw_log("the scripts have changed", "proc")
    takes_over(rig)


PARAMETERS = "import livereduce\noutput = input.data * livereduce.parameter('factor')\n"


@ROWS("parameters changed, after a save that cannot be used")
def parameters_changed(rig: Rig) -> None:
    file = rig.path / "parameters.json"
    save(file, '{"factor": {"value": 1.0, "units": "1"}, "never": "asked for"}')
    rig.begin(PARAMETERS)
    save(file, '{"factor": {"value": 2.0, "units": 1}}')
    rig.saw(StateWord.DEGRADED, "factor.units: expected a text of at most 32 characters, got 1")
    goes_on(rig)
    rig.inject()
    save(file, '{"factor": [{"runs": "1-", "value": 2.0}]}')
    rig.saw_log("the scripts have changed", "parameters.json changed")
    takes_over(rig)
    index = json.loads((rig.path / "state/products/index.json").read_text())
    (entry,) = index["runs"][-1]["products"]
    assert entry["parameters"] == [{"name": "factor", "value": "2.0", "units": "", "runs": "1-", "md5": ""}]


@ROWS("script is a link to another target")
def linked(rig: Rig) -> None:
    (rig.path / "v1.py").write_text(PASS)
    (rig.path / "v2.py").write_text(DOUBLED)
    proc_of(rig).symlink_to("v1.py")
    rig.begin("")
    rig.inject()
    (rig.path / "link").symlink_to("v2.py")
    (rig.path / "link").replace(proc_of(rig))
    rig.saw_log("the scripts have changed", "proc")
    takes_over(rig)


def broken_then_mended(rig: Rig, text: str, *seen: str) -> None:
    """A save that cannot be used is shown and passed over; the next good one takes over."""
    rig.begin()
    save(proc_of(rig), text)
    rig.saw(StateWord.DEGRADED, *seen)
    goes_on(rig)
    rig.inject()
    save(proc_of(rig), DOUBLED)
    rig.saw_log("the scripts have changed", "proc")
    takes_over(rig)


@ROWS("script broken, then mended")
def broken(rig: Rig) -> None:
    broken_then_mended(rig, "x = 1\ny = = 2\n", "_proc.py:2", "stays in use")


@ROWS("script half-written, then whole")
def half_written(rig: Rig) -> None:
    broken_then_mended(rig, DOUBLED + "def focus(\n", "_proc.py:2", "stays in use")


@ROWS("script truncated to nothing, then whole")
def truncated(rig: Rig) -> None:
    broken_then_mended(rig, "", "_proc.py", "empty", "stays in use")


@ROWS("script unreadable, then readable")
def unreadable(rig: Rig) -> None:
    """Root reads whatever its mode: a directory in its place stands for a file without permission."""
    rig.begin()
    proc_of(rig).unlink()
    proc_of(rig).mkdir()
    rig.saw(StateWord.DEGRADED, "_proc.py", "stays in use")
    goes_on(rig)
    rig.inject()
    proc_of(rig).rmdir()
    save(proc_of(rig), DOUBLED)
    rig.saw_log("the scripts have changed", "proc")
    takes_over(rig)


@ROWS("post_proc deleted")
def post_proc_deleted(rig: Rig) -> None:
    rig.begin(post_proc=DOUBLED)
    rig.inject()
    (rig.path / "reduce_POWDER_live_post_proc.py").unlink()
    rig.saw_log("the scripts have changed", "post_proc.py removed")
    takes_over(rig, factor=1.0)


@ROWS("both scripts deleted, then back")
def deleted(rig: Rig) -> None:
    rig.begin(post_proc=PASS)
    proc_of(rig).unlink()
    (rig.path / "reduce_POWDER_live_post_proc.py").unlink()
    parked = rig.saw(StateWord.PARKED, "reduce_POWDER_live")
    assert parked.worker_pid is None
    assert rig.beamline.livereduce("status", "livereduce.conf").returncode == 1
    rig.inject()
    save(proc_of(rig), DOUBLED)
    takes_over(rig, reconnects=1)  # parked, it receives nothing


@ROWS("script appears")
def appears(rig: Rig) -> None:
    rig.begin()
    rig.inject()
    rig.beamline.script("post_proc", DOUBLED)
    rig.saw_log("the scripts have changed", "post_proc.py appeared")
    takes_over(rig)


@ROWS("script touched")
def touched(rig: Rig) -> None:
    """Nothing restarts, also not by another file with the same bytes; the watcher looks once a second."""
    rig.begin()
    rig.inject()
    proc_of(rig).touch()
    shutil.copy(proc_of(rig), rig.path / "same.py")
    (rig.path / "same.py").replace(proc_of(rig))
    rig.until("3 s of watching", lambda: rig.seconds() > 3.5)
    rig.note("running; nothing restarts")
    goes_on(rig)
    rig.back(MORE_EVENTS)
    rig.finish()


@ROWS("module of a script changed")
def module_changed(rig: Rig) -> None:
    (rig.path / "my_factors.py").write_text("FACTOR = 1.0\n")
    rig.begin("import my_factors\noutput = input.data * my_factors.FACTOR\n")
    rig.inject()
    save(rig.path / "my_factors.py", "FACTOR = 2.0\n")
    rig.saw_log("the scripts have changed", "my_factors.py changed")
    takes_over(rig)


@ROWS("module of a script broken, then mended")
def module_broken(rig: Rig) -> None:
    (rig.path / "my_factors.py").write_text("FACTOR = 1.0\n")
    rig.begin("import my_factors\noutput = input.data * my_factors.FACTOR\n")
    save(rig.path / "my_factors.py", "FACTOR = = 2.0\n")
    rig.saw(StateWord.DEGRADED, "my_factors.py:1")
    goes_on(rig)
    rig.inject()
    save(rig.path / "my_factors.py", "FACTOR = 2.0\n")
    takes_over(rig)


@ROWS("script changed while it hangs")
def changed_in_a_hang(rig: Rig) -> None:
    """No limit is waited for: a person has already mended what hangs."""
    rig.begin(f"import os, time\nif os.path.exists({str(rig.path / 'fault')!r}):\n    time.sleep(600)\n")
    rig.let_fault()
    rig.wait("the script hangs", lambda one: one.phase == "process")
    rig.inject()
    save(proc_of(rig), DOUBLED)
    rig.saw_log("the scripts have changed", "proc")
    takes_over(rig)


# ---- the configuration


@ROWS("configuration changed")
def configuration_changed(rig: Rig) -> None:
    rig.begin()
    rig.inject()
    rig.configure(tof_bins_us=[0, 500, 17000], update_every=0.25)
    assert rig.beamline.daemons[-1].wait(PATIENCE_S) == 0
    rig.saw_log("the configuration has changed")
    rig.beamline.start()  # as systemd does
    rig.back(HALF_EVENTS, generation=2)
    rig.beamline.configure(source=rig.url)
    assert rig.beamline.daemons[-1].wait(PATIENCE_S) == 0
    rig.configure()
    rig.beamline.start()
    rig.wait_reduced(HALF_EVENTS, generation=3)
    rig.finish()


def configuration_breaks(rig: Rig, break_it: Callable[[Path], None], *seen: str) -> None:
    """What cannot be used is shown and passed over; so is its mending, since that is what runs."""
    rig.begin()
    path = rig.path / "livereduce.conf"
    before = path.read_text()
    break_it(path)
    rig.saw(StateWord.DEGRADED, *seen, "stays in use")
    goes_on(rig)
    rig.inject()
    if path.is_dir():
        path.rmdir()
    save(path, before)
    rig.wait("nothing is wrong any more", is_well)
    rig.back(MORE_EVENTS)
    rig.finish()


@ROWS("configuration broken, then as it was")
def configuration_broken(rig: Rig) -> None:
    configuration_breaks(rig, lambda path: save(path, '{"update_every": "often"}'), "update_every")


@ROWS("configuration broken, then mended")
def configuration_mended(rig: Rig) -> None:
    """One that can be used and is not that in use ends the daemon in order."""
    rig.begin()
    save(rig.path / "livereduce.conf", '{"update_every": "often"}')
    rig.saw(StateWord.DEGRADED, "update_every", "stays in use")
    goes_on(rig)
    rig.inject()
    rig.configure(update_every=0.25)
    assert rig.beamline.daemons[-1].wait(PATIENCE_S) == 0
    rig.beamline.start()  # as systemd does
    rig.back(MORE_EVENTS, generation=2)
    rig.finish()


@ROWS("configuration half-written, then whole")
def configuration_half_written(rig: Rig) -> None:
    def halve(path: Path) -> None:
        text = path.read_text()
        path.write_text(text[: len(text) // 2])

    configuration_breaks(rig, halve, "JSON")


@ROWS("configuration truncated to nothing, then whole")
def configuration_truncated(rig: Rig) -> None:
    """An empty file means the defaults, which name no instrument on a host without Mantid."""
    configuration_breaks(rig, lambda path: os.truncate(path, 0), "instrument")


@ROWS("configuration deleted, then back")
def configuration_deleted(rig: Rig) -> None:
    configuration_breaks(rig, Path.unlink, "livereduce.conf")


@ROWS("configuration unreadable, then readable")
def configuration_unreadable(rig: Rig) -> None:
    def replace_by_directory(path: Path) -> None:
        path.unlink()
        path.mkdir()

    configuration_breaks(rig, replace_by_directory, "livereduce.conf")


@ROWS("started with a broken configuration")
def started_broken(rig: Rig) -> None:
    rig.play()
    rig.beam_to(HALF)
    rig.configure(update_every="often")
    rig.beamline.script("proc", PASS)
    rig.beamline.start()
    rig.saw(StateWord.PARKED, "update_every")
    rig.inject()
    rig.configure()
    rig.back(HALF_EVENTS)
    rig.finish()


@ROWS("started without usable scripts")
def started_without_scripts(rig: Rig) -> None:
    rig.play()
    rig.beam_to(HALF)
    rig.configure()
    rig.beamline.script("proc", "x = = 1\n")
    rig.beamline.start()
    rig.saw(StateWord.PARKED, "_proc.py:1")
    rig.inject()
    save(proc_of(rig), PASS)
    rig.back(HALF_EVENTS)
    rig.finish()
