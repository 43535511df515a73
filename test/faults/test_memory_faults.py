"""Scripts and runs that take more memory than there is, more output than anybody reads."""

from collections.abc import Iterator
from functools import partial

import pytest

from helpers.faults import (
    HALF,
    MORE_EVENTS,
    OVER,
    PASS,
    RUN,
    UPDATE_S,
    Matrix,
    Rig,
    Row,
    Rows,
    Totals,
    difference,
    once,
    while_there,
)
from helpers.reduced import Beamline, beamline_in, limited_to
from livereduce.daemon.memory.mappings import read_mappings
from livereduce.daemon.memory.usage import PROC
from livereduce.messages.status import StateWord, Status

ROWS = Rows()
pytestmark = pytest.mark.timeout(300)
MB = 1_000_000
LOG_LIMIT_BYTES, MINUTE_BYTES = 3 << 20, 1 << 20
"""Of a script at once, and what it may add each minute: rows wait for each other on a slow machine."""


@ROWS.each()
def test_memory_and_output_are_bounded(row: Row, matrix: Matrix) -> None:
    matrix.check(row)


LIMIT = 400 * MB
"""Receiver and worker take 180 MB of it before any data."""
ROOMY = 900 * MB
"""The receiver may hold 600 MB of it."""


@ROWS("script leaks slowly")
def leaks(rig: Rig) -> None:
    """15 MB with each chunk: at the limit the worker alone is replaced, at a chunk boundary, and nothing before."""
    leak = "import sys\nsys.leaked = getattr(sys, 'leaked', [])\nsys.leaked.append(b'x' * 15_000_000)\n"
    before = rig.begin(while_there(rig.path, leak), **limited_to(LIMIT))
    (rig.path / "fault").touch()
    rig.inject()
    for beam_s in steps():
        if leaked_once_more(rig, beam_s) > 1:
            break
    (rig.path / "fault").unlink()
    rig.saw_log("memory", "over the limit of 400 MB")
    status = rig.back(MORE_EVENTS - 12_000, generation=2)
    assert (status.restarts, status.renewals) == (0, 1)
    rig.saw_log("the memory of receiver and worker", "the data of proc have grown")
    assert (status.receiver_pid, status.receiver_restarts) == (before.receiver_pid, 0)
    assert status.progress
    assert status.progress.source.connects == 1, "the run was held"
    assert "Traceback" not in rig.log()
    rig.finish()


def leaked_once_more(rig: Rig, beam_s: float) -> int:
    """The generation at work after one more chunk."""
    before = rig.status()
    assert before
    rig.beam_to(beam_s)
    return rig.wait("another chunk", lambda one: one.generation > 1 or chunks(one) > chunks(before)).generation


def chunks(status: Status) -> int:
    return status.progress.total.chunks if status.progress else 0


def steps() -> Iterator[float]:
    return (HALF + 0.02 * k for k in range(1, 25))


@ROWS("script allocates 10 x the limit at once")
def allocates(rig: Rig) -> None:
    rig.begin(once(rig.path, "import time\nhold = b'x' * 3_000_000_000\ntime.sleep(600)\n"), **limited_to(LIMIT))
    rig.let_fault()
    rig.saw_restart("memory", "over the limit of 400 MB", "added by proc")
    rig.back(MORE_EVENTS, generation=2)
    rig.finish()


@ROWS("post_proc keeps arrays of its own, again and again")
def keeps_arrays(rig: Rig) -> None:
    """The run is small: its events are kept whatever the script takes, and the script is named with figures."""
    hoard = "import sys\nsys.hoard = getattr(sys, 'hoard', [])\nsys.hoard.append(b'x' * 250_000_000)\n"
    rig.beamline.script("post_proc", while_there(rig.path, hoard))
    rig.begin(PASS, **limited_to(LIMIT))
    (rig.path / "fault").touch()
    rig.inject()
    rig.beam_to(HALF + 0.1)
    rig.wait("the second end", lambda one: one.renewals + one.restarts >= 2)
    (rig.path / "fault").unlink()
    status = rig.back(MORE_EVENTS - 12_000, generation=3)
    assert all("added by post_proc" in one.reason for one in status.last_restarts), status.last_restarts
    assert status.progress
    assert (status.progress.run.keeps_events, status.progress.run.counted_because) == (True, "")
    assert "too large to keep its events" not in rig.log()
    rig.saw_log("post_proc takes too much memory for the limit of 400 MB")
    rig.finish()


@ROWS("children take the memory")
def children_take_it(rig: Rig) -> None:
    child = "hold = b'x' * 600_000_000; import time; time.sleep(600)"
    fault = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-S', '-c', {child!r}])\n"
    rig.begin(once(rig.path, fault), **limited_to(LIMIT))
    rig.let_fault()
    rig.saw_restart("memory", "over the limit of 400 MB", "in processes that scripts started")
    rig.back(MORE_EVENTS, generation=2)
    rig.finish()


@ROWS("run is too large for its events")
def too_large(rig: Rig) -> None:
    """The run goes on as histograms, with the counts of one that had room; the receiver gives up what is counted."""
    rig.play(rate=100_000_000)
    roomy = rig.path / "roomy"
    roomy.mkdir()
    with beamline_in(roomy, rig.beamline.environ) as other:
        for beamline, settings in ((other, {}), (rig.beamline, limited_to(ROOMY))):
            beamline.script("proc", PASS)
            beamline.configure(source=rig.url, update_every=UPDATE_S, **settings)
        rig.inject()
        rig.beamline.start()
        rig.beam_to(OVER - 0.1)
        rig.wait("histograms", lambda one: one.progress is not None and not one.progress.run.keeps_events)
        status = rig.saw(StateWord.RUNNING, "histograms")
        assert status.generation == 2
        rig.saw_log("the run's events fill the memory allowed for them, 600 MB: run 1 goes on as histograms")
        status = rig.back(90_000_000, generation=2)
        assert status.progress
        assert status.progress.source.connects == 1, "the new worker had the run from the receiver"
        assert status.worker_pid
        left = read_mappings(status.worker_pid, PROC).held
        other.start()
        rig.until("the whole run", lambda: reduced(other) >= 90_000_000)
        whole = other.status().worker_pid
        assert whole
        assert left < read_mappings(whole, PROC).held, "what was counted is given up"
        rig.beam_to(OVER)
        for beamline in (other, rig.beamline):
            rig.until("the end of the run", partial(has_ended, beamline))
        seen, expected = Totals.of(rig.beamline.product(RUN)), Totals.of(other.product(RUN))
        assert expected.facts[:2] == (60, 99_999_990)
        rig.outcome.lost = difference(seen, expected)
        assert rig.outcome.lost == "nothing"
        rig.stop()


def has_ended(beamline: Beamline) -> bool:
    return bool(beamline.index().get(RUN, {}).get("ended"))


def reduced(beamline: Beamline) -> int:
    try:
        progress = beamline.status().progress
    except FileNotFoundError:
        return 0
    return progress.run.events if progress else 0


@ROWS("script prints 300 MB")
def prints(rig: Rig) -> None:
    fault = "block = (b'x' * 1023 + b'\\n') * 1024\nfor _ in range(300):\n    os.write(1, block)\n"
    rig.begin(once(rig.path, fault))
    rig.let_fault()
    rig.back(MORE_EVENTS)
    rig.finish()
    rig.saw_log("are left out of this log")
    minutes = rig.seconds() / 60
    assert (rig.path / "livereduce.log").stat().st_size < LOG_LIMIT_BYTES + minutes * MINUTE_BYTES


@ROWS("script prints 100 MB without an end of line")
def prints_without_end(rig: Rig) -> None:
    rig.begin(once(rig.path, "block = b'x' * (1 << 20)\nfor _ in range(100):\n    os.write(2, block)\n"))
    rig.let_fault()
    rig.back(MORE_EVENTS)
    rig.finish()
    rig.saw_log("are left out of this log")
    assert (rig.path / "livereduce.log").stat().st_size < LOG_LIMIT_BYTES
