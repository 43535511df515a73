"""Files replaced by what is no file, or none of theirs: at the start and while everything runs, of each kind there is.

What the service writes itself is written again; what people write is named, and the previous version stays in use.
"""

from pathlib import Path

import pytest

from helpers.faults import HALF_EVENTS, MORE_EVENTS, PASS, Matrix, Rig, Row, Rows
from helpers.odd_files import ODD, put_odd, take_away
from livereduce.messages.status import StateWord

ROWS = Rows()
pytestmark = pytest.mark.timeout(300)
FIRST, STEP_S = 0.6, 2.4 / 60
"""Where the beam stands before the first kind, and how far it goes at each step: two pulses, and so a chunk."""
OWN = (
    *("run/status.json", "state/script_failure.json", "state/restarts.jsonl", "state/script_times.json"),
    *(
        "state/good/index.json",
        "state/products/index.json",
        "state/products/1/trends.json",
        "state/products/1/result.nxs",
    ),
    "state/suspects.json",
)
"""What the service writes."""
NAMED = tuple(kind for kind in ODD if kind not in ("empty", "a dangling link"))
"""Kinds that are wrong for a script and for a configuration alike; the others are a removal, or the defaults."""
REPORTS = "import livereduce\nlivereduce.metric('counts', input.getNumberEvents())\n"


@ROWS.each()
def test_replaced_file_costs_no_event(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


def pause(rig: Rig) -> None:
    """A second with what is there."""
    until_s = rig.seconds() + 1.0
    rig.until("a second with it", lambda: rig.seconds() > until_s)


def spoil(rig: Rig, kind: str) -> None:
    for name in OWN:
        path = rig.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        put_odd(path, kind)


@ROWS("files of the service replaced while it runs")
def own_files(rig: Rig) -> None:
    rig.play()
    rig.configure()
    rig.beamline.script("proc", PASS)
    rig.beamline.script("post_proc", REPORTS)
    rig.beam_to(FIRST)
    rig.beamline.start()
    before = rig.wait_reduced(1)
    rig.inject()
    for number, kind in enumerate(ODD):
        spoil(rig, kind)
        rig.beam_to(FIRST + (2 * number + 1) * STEP_S)
        pause(rig)
        for name in OWN:
            take_away(rig.path / name)
        rig.beam_to(FIRST + (2 * number + 2) * STEP_S)
        least = 1000 * (6 + 4 * number)
        rig.wait_reduced(least)
    rig.note(f"{len(ODD)} kinds in the place of {len(OWN)} files: the same worker goes on")
    seen = rig.back(MORE_EVENTS)
    assert (seen.worker_pid, seen.restarts) == (before.worker_pid, 0)
    rig.finish()


def starts_on(rig: Rig, kind: str) -> None:
    spoil(rig, kind)
    if kind == "a directory":  # no file takes the place of one
        for name in ("run/status.json", "state/products/index.json", "state/products/1/result.nxs"):
            take_away(rig.path / name)
    rig.inject()
    rig.begin(post_proc=REPORTS)
    rig.note("it starts and reduces")
    for name in OWN[1:]:
        if (rig.path / name).is_dir():
            take_away(rig.path / name)
    rig.back(HALF_EVENTS)
    rig.finish()


def _enter(kind: str) -> None:
    @ROWS(f"started where each file of the service is {kind}")
    def act(rig: Rig) -> None:
        starts_on(rig, kind)


for _kind in ODD:
    _enter(_kind)


@ROWS("script and configuration replaced while it runs")
def files_of_people(rig: Rig) -> None:
    """Each kind is named with its file, nothing restarts, and what was there is taken back without a word."""
    before = rig.begin()
    paths = [rig.path / name for name in ("reduce_POWDER_live_proc.py", "livereduce.conf")]
    texts = [path.read_text() for path in paths]
    rig.inject()
    for kind in NAMED:
        for path in paths:
            put_odd(path, kind)
        told = rig.wait(f"both named: {kind}", lambda one: all(str(path) in "\n".join(one.problems) for path in paths))
        assert told.state is StateWord.DEGRADED
        for path, text in zip(paths, texts, strict=True):
            fresh = path.with_suffix(".new")
            fresh.write_text(text)
            take_away(path)
            fresh.replace(path)
        rig.wait(f"nothing is wrong with them: {kind}", lambda one: not any(str(path) in one.why for path in paths))
    rig.note(f"{len(NAMED)} kinds are named and passed over")
    rig.beam_to(1.2)
    seen = rig.back(MORE_EVENTS)
    assert (seen.worker_pid, seen.restarts, seen.renewals) == (before.worker_pid, 0, 0)
    rig.finish()


def test_all_files_of_the_service_are_meant() -> None:
    names = {Path(name).name for name in OWN}
    from livereduce.daemon.worker import restarts
    from livereduce.messages import marks, script_failure, status
    from livereduce.scripting import last_good as last_good_module

    assert {script_failure.FILE_NAME, status.FILE_NAME, last_good_module.INDEX, restarts.FILE_NAME} <= names, names
    assert marks.FILE_NAME
