"""Somebody looks at the detector while something dies: what is shown is right again, and nothing of the run is lost."""

import itertools
import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest

from helpers.faults import HALF_EVENTS, MORE, MORE_EVENTS, OVER, PATIENCE_S, Matrix, Rig, Row, Rows
from helpers.watching import Web, web

ROWS = Rows()
RUN_EVENTS = 60_000
pytestmark = pytest.mark.timeout(300)


@ROWS.each()
def test_the_run_is_unharmed(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


@contextmanager
def looked_at(rig: Rig) -> Iterator[Web]:
    """A page on which somebody sees the first half of the run."""
    rig.begin()
    with web(rig.path, [rig.path / "livereduce.conf"], environ=rig.beamline.environ) as page:
        shows(rig, page, HALF_EVENTS)
        yield page


def asked(page: Web, path: str) -> Any:
    """What the page answers; None if it refuses."""
    try:
        with urllib.request.urlopen(f"{page.url}/api/instruments/powder/{path}", timeout=PATIENCE_S) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        error.close()
        return None


def shows(rig: Rig, page: Web, events: int) -> Any:
    def look() -> Any:
        found = asked(page, "detector")
        return found if found and found["total"] >= events else None

    return rig.until(f"{events} events on the page", look)


def viewer_of(rig: Rig, page: Web) -> int:
    """The viewer that answers now: asked what nobody has asked before, since answers are shared for a while."""
    at = itertools.count()

    def look() -> int | None:
        if asked(page, f"detector/at?projection=map&x=0&y={time.monotonic_ns() % 10**9}.{next(at)}") is None:
            return None
        alive = [one for one in psutil.Process(page.process.pid).children() if one.status() != psutil.STATUS_ZOMBIE]
        viewers = [one.pid for one in alive if "livereduce.viewer" in one.cmdline()]
        return viewers[0] if viewers else None

    pid = rig.until("a viewer", look)
    assert isinstance(pid, int)
    return pid


@ROWS("page: a worker that is killed while somebody looks at the detector")
def worker_killed(rig: Rig) -> None:
    """The viewer reads on: it is the receiver's reader, not the worker's."""
    with looked_at(rig) as page:
        before, viewer = rig.status(), viewer_of(rig, page)
        assert before
        assert before.worker_pid
        rig.inject()
        os.kill(before.worker_pid, signal.SIGKILL)
        rig.beam_to(MORE)
        seen = shows(rig, page, MORE_EVENTS)
        assert seen["since"] == ""
        assert viewer_of(rig, page) == viewer
        rig.saw_restart("SIGKILL")
        rig.back(MORE_EVENTS, generation=2)
        rig.beam_to(OVER)
        assert shows(rig, page, RUN_EVENTS)["total"] == RUN_EVENTS
        rig.finish()


@ROWS("page: a receiver that is killed while somebody looks at the detector")
def receiver_killed(rig: Rig) -> None:
    with looked_at(rig) as page:
        before, viewer = rig.status(), viewer_of(rig, page)
        assert before
        assert before.receiver_pid
        rig.inject()
        os.kill(before.receiver_pid, signal.SIGKILL)
        rig.beam_to(MORE)
        rig.back(MORE_EVENTS, generation=2, reconnects=None)
        seen = shows(rig, page, MORE_EVENTS)
        assert (seen["since"], viewer_of(rig, page) != viewer) == ("", True)
        rig.note("another viewer counts the run from its start")
        rig.finish()


@ROWS("page: a viewer that is killed, and one that stands still")
def viewer_harmed(rig: Rig) -> None:
    with looked_at(rig) as page:
        before = rig.status()
        assert before
        rig.inject()
        os.kill(viewer_of(rig, page), signal.SIGKILL)
        shows(rig, page, HALF_EVENTS)
        os.kill(viewer_of(rig, page), signal.SIGSTOP)
        rig.beam_to(MORE)
        after = rig.back(MORE_EVENTS)
        assert (after.worker_pid, after.receiver_pid, after.restarts) == (before.worker_pid, before.receiver_pid, 0)
        rig.until("the refusal", lambda: asked(page, "detector?projection=flat") is None)
        shows(rig, page, MORE_EVENTS)
        rig.note("another viewer is started")
        rig.finish()
