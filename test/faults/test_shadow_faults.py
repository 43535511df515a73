"""Scripts of the shadow do what they like, and the scripts in use reduce on; promoted, and taken back."""

import os
import signal
from typing import Any

import psutil
import pytest

from helpers.faults import DOUBLED, HALF_EVENTS, HANG_S, MORE_EVENTS, PASS, Matrix, Rig, Row, Rows, once
from helpers.reduced import limited_to
from livereduce.base.errors import OperatorError
from livereduce.messages.request import NotDone, Request, Want, seen_scripts
from livereduce.messages.status import ShadowStatus, Status
from livereduce.preflight.asking import ask
from livereduce.scripting.promoting import promote_shown
from livereduce.scripting.script_set import read_set

ROWS = Rows()
pytestmark = pytest.mark.timeout(300)
POST_PROC = "reduce_POWDER_live_post_proc.py"


@ROWS.each()
def test_the_scripts_in_use_are_unharmed(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


def shadow_of(status: Status) -> ShadowStatus:
    assert status.shadow
    return status.shadow


def begin(rig: Rig, shadow: str, **settings: Any) -> Status:
    """Reduce the first half, with a shadow that has seen all of it."""
    folder = rig.path / "shadow"
    folder.mkdir()
    (folder / POST_PROC).write_text(shadow)
    rig.begin(post_proc=PASS, shadow_dir=str(folder), **settings)
    return rig.wait("a result of the shadow", lambda one: has_result(one, HALF_EVENTS))


def has_result(status: Status, events: int) -> bool:
    progress = shadow_of(status).progress
    return progress is not None and progress.run.events >= events and progress.total.results > 0


def unharmed(rig: Rig, before: Status) -> None:
    """The same worker and receiver have reduced the rest."""
    after = rig.back(MORE_EVENTS)
    assert (after.worker_pid, after.receiver_pid, after.restarts) == (before.worker_pid, before.receiver_pid, 0)
    rig.finish()


@ROWS("shadow: both results, and nothing of it stays")
def both(rig: Rig) -> None:
    before = begin(rig, "import os\nassert os.environ['LIVEREDUCE_SHADOW'] == '1'\n" + DOUBLED)
    shadow = shadow_of(before)
    assert shadow.pid
    process = psutil.Process(shadow.pid)
    assert process.nice() == 5
    assert process.cwd().startswith(str(rig.path / "state" / "shadow"))
    assert set(shadow.files) == {str(rig.path / "shadow" / POST_PROC)}
    rig.note(shadow.why)
    rig.inject()
    rig.beam_to(1.2)
    rig.wait("more of the shadow", lambda one: has_result(one, MORE_EVENTS))
    unharmed(rig, before)
    assert not psutil.pid_exists(shadow.pid)


@ROWS("shadow that is killed")
def killed(rig: Rig) -> None:
    before = begin(rig, DOUBLED)
    pid = shadow_of(before).pid
    assert pid
    rig.inject()
    os.kill(pid, signal.SIGKILL)
    rig.beam_to(1.2)
    status = rig.wait("its end", lambda one: shadow_of(one).pid is None)
    rig.note(shadow_of(status).why)
    assert "the shadow was killed by SIGKILL" in shadow_of(status).why
    unharmed(rig, before)


@ROWS("shadow that hangs")
def hangs(rig: Rig) -> None:
    before = begin(rig, once(rig.path, "import time\ntime.sleep(600)"), limits={"post_process": HANG_S})
    rig.let_fault()
    status = rig.wait("its end", lambda one: "silent for" in shadow_of(one).why)
    rig.note(shadow_of(status).why)
    unharmed(rig, before)


@ROWS("shadow that eats memory")
def eats(rig: Rig) -> None:
    """It alone goes, although it takes more than 110 % of the limit at once."""
    fault = "import time\nhold = b'x' * 2_000_000_000\ntime.sleep(600)\n"
    before = begin(rig, once(rig.path, fault), **limited_to(900_000_000))
    rig.let_fault()
    status = rig.wait("its end", lambda one: "memory is near its limit" in shadow_of(one).why)
    rig.note(shadow_of(status).why)
    unharmed(rig, before)


@ROWS("shadow that floods the log")
def floods(rig: Rig) -> None:
    before = begin(rig, once(rig.path, "for n in range(300_000):\n    print('a line of the flood', n)"))
    rig.let_fault()
    rig.wait("the chunk after it", lambda one: has_result(one, MORE_EVENTS))
    rig.saw_log("[shadow post_proc ", "a line of the flood 0")
    assert len(rig.log()) < 4 << 20
    unharmed(rig, before)


@ROWS("shadow that is saved again, with a mistake, and mended")
def edited(rig: Rig) -> None:
    before = begin(rig, DOUBLED)
    script = rig.path / "shadow" / POST_PROC
    rig.inject()
    script.write_text("output = (\n")
    status = rig.wait("the mistake", lambda one: "does not run: " in shadow_of(one).why)
    rig.note(shadow_of(status).why)
    assert f"{script}" in shadow_of(status).why
    script.write_text("raise ValueError('in the shadow')\n")
    rig.beam_to(1.2)
    status = rig.wait("the error", lambda one: bool((p := shadow_of(one).progress) and p.total.script_errors))
    assert "in the shadow" in str(shadow_of(status).progress)
    assert not status.errors
    unharmed(rig, before)


def promote(rig: Rig, *words: str) -> str:
    done = rig.beamline.livereduce("promote", "livereduce.conf", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def asked(rig: Rig, want: Want, seen: str = "") -> str:
    return ask((rig.path / "run",), Request(want=want, who="a test", seen=seen), 8.0).answer.text


@ROWS("promoted scripts that work, and back")
def promoted(rig: Rig) -> None:
    """As the page does it: the daemon is asked; it is taken back by the command."""
    before = begin(rig, DOUBLED)
    seen = seen_scripts(shadow_of(before).files, before.files)
    rig.inject()
    with pytest.raises(NotDone, match="not those that you were shown any more"):
        asked(rig, Want.PROMOTE, seen_scripts(shadow_of(before).files, {}))
    shown = rig.beamline.livereduce("status", "livereduce.conf").stdout
    assert "shadow result  result of run 1: " in shown
    said = asked(rig, Want.PROMOTE, seen)
    assert said.startswith(
        f"promoted to {rig.path}: reduce_POWDER_live_proc.py (removed), {POST_PROC}; what was there "
    )
    rig.wait_reduced(HALF_EVENTS, generation=2)
    rig.beam_to(1.2)
    rig.wait_reduced(MORE_EVENTS, generation=2)
    assert (rig.path / POST_PROC).read_text() == DOUBLED
    rig.note(said)
    promote(rig, "--undo")
    rig.back(MORE_EVENTS, generation=3)
    assert (rig.path / POST_PROC).read_text() == PASS
    with pytest.raises(NotDone, match="taken back already"):
        asked(rig, Want.TAKE_BACK)
    rig.finish()


@ROWS("promoted scripts that fail on their first chunks are taken back")
def taken_back(rig: Rig) -> None:
    begin(rig, "import os\nif 'LIVEREDUCE_SHADOW' not in os.environ:\n    raise ValueError('only in use')\n")
    rig.inject()
    promote(rig)
    for tenth in range(1, 5):  # chunks with events, one after the other
        rig.wait(
            f"failure {tenth}",
            lambda one: (
                bool(one.generation == 2 and one.progress and one.progress.total.failed_chunks >= tenth)  # noqa: B023
                or one.generation == 3
            ),
        )
        rig.beam_to(1.0 + tenth / 10)
        if tenth == 3:
            break
    rig.saw_log("the promoted scripts fail", "only in use", "those before them are back")
    rig.back(generation=3)
    assert (rig.path / POST_PROC).read_text() == PASS
    rig.finish()


@ROWS("promotion raced by an edit")
def raced(rig: Rig) -> None:
    before = begin(rig, DOUBLED)
    rig.inject()
    (rig.path / "shadow" / POST_PROC).write_text("output = input\n")
    sets = read_set(rig.path / "shadow", "POWDER"), read_set(rig.path, "POWDER")
    with pytest.raises(OperatorError, match="have changed since the worker that is shown was started on them") as no:
        promote_shown(shadow_of(before), before.files, sets, rig.path, "a test")
    rig.note(str(no.value))
    assert (rig.path / POST_PROC).read_text() == PASS
    rig.beam_to(1.2)
    unharmed(rig, before)
