"""The page of a beamline at work: a simulated stream server, ``livereduce run``, ``livereduce web``, as in the demo."""

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpers.browsing import PATIENCE_S, Visit, Visiting, web
from helpers.reduced import Beamline, beamline_in
from helpers.served import simulating
from livereduce.commands.demo import examples

pytestmark = pytest.mark.timeout(180)  # a browser on a busy machine

RUN_S, GAP_S = 8, 1
TOKEN = "right-token-of-the-beamline"


@pytest.fixture
def beamline(tmp_path: Path, environ: Mapping[str, str]) -> Iterator[Beamline]:
    """The demo's beamline with its scripts."""
    words = ("--powder", "--rate", "20000", "--run-seconds", str(RUN_S), "--gap-seconds", str(GAP_S))
    server, folder = tmp_path / "server", tmp_path / "beamline"
    for path in (server, folder):
        path.mkdir()
    for script in examples().glob("*.py"):
        shutil.copy(script, folder)
    with simulating(server, environ, *words) as (host, port), beamline_in(folder, environ) as beamline:
        beamline.configure(source=f"adara://{host}:{port}", script_dir=str(folder), update_every=0.5)
        beamline.start()
        yield beamline


@contextmanager
def looking(beamline: Beamline, visiting: Visiting) -> Iterator[Visit]:
    token = beamline.path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    with web(beamline.path, beamline.environ, [beamline.path / "livereduce.conf"], "--token-file", str(token)) as url:
        seen: Visit = visiting(url)
        seen.go("/instrument/powder")
        try:
            yield seen
        finally:
            seen.page.close()  # before its server goes


# Keeps what the caption said at each drawing of the plot: [run, events].
KEEP = """() => {
  const plot = document.getElementById("plot");
  window.history_ = [];
  new MutationObserver(() => {
    const events = / ([0-9 ]+) events/.exec(document.getElementById("caption").innerText);
    if (events && plot.dataset.name) history_.push([Number(plot.dataset.run), Number(events[1].replaceAll(" ", ""))]);
  }).observe(plot, { attributeFilter: ["data-drawn"] });
}"""


def growth(seen: Visit) -> dict[int, list[int]]:
    """How many events were drawn of each run, one after the other."""
    drawn: dict[int, list[int]] = {}
    for run, events in seen.page.evaluate("history_"):
        if run and events not in drawn.setdefault(run, [])[-1:]:
            drawn[run].append(events)
    return drawn


def test_the_pattern_grows_and_a_new_run_clears_it(beamline: Beamline, visiting: Visiting) -> None:
    with looking(beamline, visiting) as seen:
        seen.drawn(name="result")
        seen.page.evaluate(KEEP)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            drawn = growth(seen)
            grown = [run for run, events in drawn.items() if len(events) >= 3]
            if grown and max(drawn) > grown[0]:
                break
            assert time.monotonic() < deadline, drawn
            seen.page.wait_for_timeout(100)
        assert list(drawn) == sorted(drawn)
        assert all(events == sorted(events) for events in drawn.values())  # it grows
        after = min(run for run in drawn if run > grown[0])
        assert drawn[after][0] < drawn[grown[0]][-1]  # and begins anew


def test_an_error_of_a_script_is_shown_with_its_line_and_goes_when_it_is_mended(
    beamline: Beamline, visiting: Visiting
) -> None:
    script = beamline.path / "reduce_POWDER_live_post_proc.py"
    good = script.read_text()
    with looking(beamline, visiting) as seen:
        seen.wait_state("running")
        seen.wait_text("#printed", "focused ")
        script.write_text(good + "\nratio = input.data / vanadum\n")
        seen.wait_state("degraded")
        seen.wait_text("#why", "vanadum")
        line = len(good.splitlines()) + 2
        seen.wait_text("#traceback", f"line {line}")
        seen.wait_text("#traceback", "ratio = input.data / vanadum")
        seen.wait_text("#said", "POWDER is degraded")
        md5 = seen.text("#hashes li:last-child code")
        script.write_text(good)
        seen.wait_state("running")
        seen.until("document.getElementById('traceback').hidden")
        assert seen.text("#hashes li:last-child code") != md5
        assert seen.text("#failure") == "No script error."


def test_a_killed_daemon_is_down_on_the_page_and_comes_back(beamline: Beamline, visiting: Visiting) -> None:
    with looking(beamline, visiting) as seen:
        seen.wait_state("running")
        seen.drawn(name="result")
        seen.page.evaluate("window.mine = 1")
        beamline.daemons[-1].kill()  # nobody reaps it: its pid lives on, and only its lock tells
        seen.wait_state("down")
        seen.wait_text("#why", "is gone, although nobody stopped it, since ")
        seen.wait_text("#facts", "not connected: the daemon is down")
        beamline.daemons[-1].wait()
        assert seen.page.locator("#plot .main-svg").count() > 0  # the last result stays
        assert "down" in seen.page.title()
        beamline.start()
        seen.wait_state("running")
        assert seen.page.evaluate("window.mine") == 1


def test_a_restart_is_asked_for_with_the_token(beamline: Beamline, visiting: Visiting) -> None:
    before = beamline.wait(lambda status: status.state == "running")
    with looking(beamline, visiting) as seen:
        seen.wait_state("running")
        seen.page.click("text=Restart the reduction")
        seen.page.fill("#token", TOKEN)
        seen.page.press("#token", "Enter")
        seen.wait_text("#restart-answer", ": a new worker takes over with the scripts as they are now.")
        assert seen.page.input_value("#token") == ""
        after = beamline.wait(lambda status: status.generation > before.generation and status.state == "running")
        assert after.pid == before.pid
        seen.wait_text("#facts", f"generation {after.generation}")
