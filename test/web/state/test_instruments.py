"""The looks at all instruments: one that hangs or fails costs that instrument alone, and only while it does."""

import asyncio
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from helpers.fabricated import Fabricated
from helpers.watching import PATIENCE_S
from livereduce.messages.status import StateWord
from livereduce.seen.locations import Location, find_places
from livereduce.seen.scan import SeenFiles, scan
from livereduce.web.render.process.pool import Renderers
from livereduce.web.state import instruments as module
from livereduce.web.state.broadcast import Broadcast
from livereduce.web.state.instruments import Facility
from livereduce.web.state.snapshot import card
from livereduce.web.state.timeline import Timeline

pytestmark = pytest.mark.timeout(60)


def hall(folder: Path) -> tuple[Fabricated, Fabricated, Facility]:
    bad, good = Fabricated(folder / "bad", "BAD"), Fabricated(folder / "good", "GOOD")
    for one in (bad, good):
        one.say()
    return (
        bad,
        good,
        Facility(find_places([bad.conf, good.conf], {}, folder), Broadcast(), {}, folder, Renderers("reading", 1, 1)),
    )


async def watching(facility: Facility, meanwhile: Callable[[], Any]) -> None:
    """Watch until a generator of conditions has seen all of them come true."""
    task = asyncio.create_task(facility.watch())
    try:
        for condition in meanwhile():
            while not condition():
                assert not task.done(), "the watch goes on whatever happens"
                await asyncio.sleep(0.005)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        facility.close()


def states(facility: Facility) -> dict[str, Any]:
    now = datetime.now().astimezone()
    return {view.id: (card(view, now)["state"], card(view, now)["why"]) for view in facility.views()}


def test_files_that_do_not_answer_hide_only_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, good, facility = hall(tmp_path)
    released = threading.Event()
    hanging: list[int] = []

    def hang(place: Location, before: SeenFiles, now: datetime) -> SeenFiles:
        if place.id == "bad":
            hanging.append(1)
            released.wait(PATIENCE_S)
        return scan(place, before, now)

    monkeypatch.setattr(module, "scan", hang)
    monkeypatch.setattr(module, "STUCK_S", 0.02)

    def meanwhile() -> Any:
        yield lambda: "does not answer" in states(facility)["bad"][1]
        good.say(state=StateWord.PAUSED, why="run 41 is paused")
        yield lambda: states(facility)["good"] == ("paused", "run 41 is paused")
        assert states(facility)["bad"][0] == "down"
        assert len(hanging) == 1, "no more threads are spent on it"
        released.set()
        yield lambda: states(facility)["bad"][0] == "running"

    asyncio.run(watching(facility, meanwhile))


def test_a_mistake_in_one_tick_is_not_the_end_of_the_watch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good, facility = hall(tmp_path)
    take = Timeline.take

    def fail(timeline: Timeline, before: Any, after: Any) -> None:
        if after.instrument == "BAD" and after.why == "trap":
            raise ArithmeticError("a mistake of ours")
        take(timeline, before, after)

    monkeypatch.setattr(Timeline, "take", fail)

    def meanwhile() -> Any:
        yield lambda: [state for state, _ in states(facility).values()] == ["running", "running"]
        bad.say(why="trap")
        yield lambda: states(facility)["bad"] == ("down", "this page cannot read its files (ArithmeticError)")
        good.say(state=StateWord.PAUSED)
        yield lambda: states(facility)["good"][0] == "paused"
        bad.say(why="reducing run 41")
        yield lambda: states(facility)["bad"] == ("running", "reducing run 41")

    asyncio.run(watching(facility, meanwhile))
    assert sum("cannot read the files of" in line.message for line in caplog.records) == 1


HANGING = """
import sys, time
from livereduce.web.state import instruments as facility
facility.scan = lambda *_: time.sleep(3600)
from livereduce.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_look_that_never_returns_does_not_keep_the_server_from_ending(tmp_path: Path) -> None:
    bad = Fabricated(tmp_path / "bad", "BAD")
    command = [sys.executable, "-c", HANGING, "web", str(bad.conf), "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().removeprefix("listening on ").strip()
            urllib.request.urlopen(f"{address}healthz", timeout=PATIENCE_S).close()
            process.terminate()
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()
