"""Make the pictures of ``docs/images``: ``PYTHONPATH=test .venv/bin/python test/browser/pictures.py``.

The page of the instrument is that of the demo's beamline at work; the overview is of instruments that are only files.
"""

import hashlib
import math
import os
import shutil
import tempfile
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from helpers.browsing import ARGUMENTS, CHROMIUM, Scheme, Visit, web
from helpers.drawing import drag, open_detector, plotted
from helpers.fabricated import Fabricated, image, pattern
from helpers.panel_beam import panels
from helpers.paths import ROOT
from helpers.reduced import beamline_in
from helpers.served import simulating
from livereduce.base.times import epics_ns
from livereduce.commands.demo import examples
from livereduce.messages.progress import RunState
from livereduce.messages.status import StateWord, iso
from livereduce.publish.trends.trends import Exposure, Trends, add_reported, encode_trends
from livereduce.scripting.reporting.report import ReportedMetric

IMAGES = ROOT / "docs" / "images"
RUN_S = 24
ENOUGH_RESULTS = 8


def window(browser: Browser, url: str, height: int, scheme: Scheme) -> Visit:
    page = browser.new_page(viewport={"width": 1280, "height": height}, color_scheme=scheme)
    return Visit(page, url)


def overview(browser: Browser, folder: Path) -> None:
    ago = [0.0, 340.0, 1400.0, 86_000.0, 4100.0, 9000.0, 95.0, 8.0]
    since = [iso(datetime.now().astimezone() - timedelta(seconds=seconds + 30)) for seconds in ago]
    hall = [Fabricated(folder / name.lower(), name) for name in ("BEAM1", "BEAM2", "BEAM3", "BEAM4", "BEAM5", "BEAM6")]
    titles = ("Si NIST 640f, 300 K", "LaB6, 50 K", "vanadium rod", "D2O in a can", "liquid gallium, 40 °C", "Cu foil")
    for place, one in enumerate(hall):
        made = image(61_321, name="result") if place == 1 else pattern(61_320 + place, 30_000 * (place + 1), seed=place)
        one.publish(replace(made, title=titles[place]))
        counted(one, 61_320 + place, 0.08 / (place + 1))
        one.say(since=since[place], progress={"run": {"number": 61_320 + place}}, why=f"reducing run {61_320 + place}")
    hall[0].say(events_per_s=264_300.0, memory_bytes=8_140_000_000)
    hall[1].say(
        state=StateWord.DEGRADED, why="post_proc: NameError: name 'vanadum' is not defined", events_per_s=1_204_000.0
    )
    hall[2].say(state=StateWord.WAITING_FOR_RUN, why="run 61322 has ended", progress={"run": {"state": RunState.ENDED}})
    hall[3].say(state=StateWord.PARKED, why="reduce_BEAM4_live_post_proc.py, line 17: '(' was never closed")
    hall[3].say(worker_pid=None, memory_bytes=None, progress={"run": {"number": 0, "state": RunState.NO_RUN}})
    hall[4].say(events_per_s=89_020.0, memory_bytes=2_260_000_000, progress={"source": {"data_age_s": 1.2}})
    hall[5].say(pid=4_000_000, ahead=timedelta(minutes=-20))
    with web(folder, os.environ, [one.conf for one in hall]) as url:
        seen = window(browser, url, 900, "dark")
        seen.go("/#target=2")
        seen.wait_card("beam6", "down")
        for name in ("beam1", "beam6"):
            seen.page.wait_for_selector(f"article.card[data-id={name}] .drawing[data-kind=curve]")
        seen.page.wait_for_timeout(1000)
        seen.page.screenshot(path=IMAGES / "overview.png")
        seen.page.close()


def counted(one: Fabricated, run: int, relative: float) -> None:
    """A metric over the last ten minutes that has this relative error now."""
    began = datetime.now().timestamp() - 600
    trends = Trends(run=run, began_unix_s=began)
    for step in range(1, 60):
        at = Exposure(time_unix_s=began + 10 * step, events=step, charge_pc=2e9 * step)
        error = 1000 * relative * math.sqrt(59 / step)
        metric = ReportedMetric(name="peak_area", value=1000.0, error=error, units="counts")
        trends = add_reported(trends, [metric], at)
    (one.path / "state" / "products" / str(run) / "trends.json").write_text(encode_trends(trends, began))


def instrument(browser: Browser, folder: Path) -> None:
    server, beam = folder / "server", folder / "beam"
    for path in (server, beam):
        path.mkdir()
    for script in examples().glob("*.py"):
        shutil.copy(script, beam)
    words = ("--powder", "--rate", "200000", "--run-seconds", str(RUN_S), "--gap-seconds", "2")
    with simulating(server, os.environ, *words) as (host, port), beamline_in(beam, os.environ) as beamline:
        beamline.configure(source=f"adara://{host}:{port}", script_dir=str(beam), update_every=2)
        beamline.start()
        with web(beam, os.environ, [beam / "livereduce.conf"]) as url:
            seen = window(browser, url, 1280, "light")
            seen.go("/instrument/powder#target=1")
            first = beamline.wait(lambda status: bool(status.progress and status.progress.run.number)).progress
            run = max(1, first.run.number if first else 0)
            beamline.wait(
                lambda status: bool(
                    status.progress
                    and status.progress.run.number > run
                    and status.progress.run.chunks >= ENOUGH_RESULTS
                )
            )
            seen.page.wait_for_timeout(6000)  # the time line is asked for every five seconds
            seen.page.screenshot(path=IMAGES / "instrument.png")
            seen.page.close()


def run_table(browser: Browser, folder: Path) -> None:
    """Thirty runs of a sample that is heated, with scripts that were changed twice."""
    one = Fabricated(folder / "runs", "BEAM1")
    random = np.random.default_rng(1)
    began = datetime.now().astimezone() - timedelta(hours=8)
    for place in range(30):
        run, start = 61_300 + place, began + timedelta(minutes=17 * place)
        trends = Trends(run=run, began_unix_s=start.timestamp())
        for step in range(1, 40):
            at = Exposure(time_unix_s=start.timestamp() + 20 * step, events=step, charge_pc=1e9 * step)
            spread = 1 / math.sqrt(step)
            noise = spread * random.standard_normal(2)
            area = 1000 + 8 * place + 60 * noise[0]
            d_peak = 1.0912 + 1e-4 * place + 2e-4 * noise[1]
            reported = [
                ReportedMetric(name="peak_area", value=area, error=60 * spread, units="counts"),
                ReportedMetric(name="d_peak", value=d_peak, error=2e-4 * spread, units="angstrom"),
            ]
            trends = add_reported(trends, reported, at)
        product = pattern(run, int(2e5 * (1 + random.random())), seed=run)
        facts: dict[str, float | int | str] = {
            "start_time": iso(start),
            "end_time": iso(start + timedelta(minutes=15)) if place < 29 else "",
            "proton_charge_pc": 3.6e9 * (2 + random.random()),
            "scripts": f"reduce_BEAM1_live_proc.py:{hashlib.md5(bytes([(place > 12) + (place > 21)])).hexdigest()}",
        }
        path = one.path / "state" / "products" / str(run)
        path.mkdir(parents=True)
        (path / "trends.json").write_text(encode_trends(trends, start.timestamp()))
        title = f"Si NIST 640f, {10 + place * 10} K"
        one.publish(replace(product, title=title, attributes=product.attributes | facts))
        if place < 29:
            one.shelf.ended(run, "the end of the run was not seen" if place == 26 else "")
    one.say(progress={"run": {"number": 61_329}}, why="reducing run 61329")
    with web(folder, os.environ, [one.conf]) as url:
        seen = window(browser, url, 1000, "light")
        seen.go("/instrument/beam1/runs#over=61329,61324,61320&logx=1")
        seen.page.wait_for_selector("#against.js-plotly-plot")
        seen.page.wait_for_selector("#plot.js-plotly-plot")
        seen.page.wait_for_timeout(500)
        seen.page.screenshot(path=IMAGES / "runs.png")
        seen.page.close()


def beside(browser: Browser, folder: Path) -> None:
    """A shadow that has moved a peak a little."""
    one = Fabricated(folder / "beside", "BEAM1")
    live = pattern(61_320, 4_100_000)
    at = live.axes[0].values[:-1]
    moved = np.interp(at - 0.002 * np.exp(-(((at - 1.28) / 0.1) ** 2)), at, live.signal).round()
    names = [f"reduce_BEAM1_live_{step}.py" for step in ("proc", "post_proc")]
    scripts = {f"/SNS/BEAM1/livereduce/{name}": hashlib.md5(name.encode()).hexdigest() for name in names}
    one.publish(live)
    one.say(progress={"run": {"number": 61_320}}, why="reducing run 61320", files=scripts)
    files = dict(
        zip([f"/SNS/BEAM1/shadow/{name}" for name in names], ["2f" * 16, list(scripts.values())[1]], strict=True)
    )
    one.beside(replace(live, signal=moved, errors=np.sqrt(moved)), directory="/SNS/BEAM1/shadow", files=files)
    token = folder / "token"
    token.write_text("token-of-the-beamline")
    token.chmod(0o600)
    with web(folder, os.environ, [one.conf], "--token-file", str(token)) as url:
        seen = window(browser, url, 900, "light")
        seen.go("/instrument/beam1#beside=difference")
        seen.drawn(beside="difference")
        seen.page.click("#promote-box summary")
        seen.page.wait_for_timeout(500)
        seen.page.screenshot(path=IMAGES / "shadow.png")
        seen.page.close()


def detector(browser: Browser, folder: Path) -> None:
    """Regions on the detector of a daemon at work, with a curve over a log."""
    folder.joinpath("panels").mkdir()
    with (
        panels(60_000.0, epics_ns(time.time() - 90), hot=1705) as played,
        beamline_in(folder / "panels", os.environ) as beamline,
    ):
        beamline.configure(source=played.url, update_every=2)
        for step in ("proc", "post_proc"):
            beamline.script(step, "output = input\n")
        beamline.start()
        played.play(58)
        with web(beamline.path, os.environ, [beamline.path / "livereduce.conf"]) as url:
            seen = window(browser, url, 1330, "light")
            open_detector(seen, "/instrument/powder/detector#over=SampleTemp&of=region:region+2&logy=1")
            drag(seen, "rectangle", (0.05, 0.2), (0.2, 0.8))
            drag(seen, "ellipse", (0.3, 0.1), (0.45, 0.9))
            drag(seen, "lasso", (0.6, 0.3), (0.75, 0.15), (0.9, 0.5), (0.8, 0.85), (0.7, 0.6))
            played.play(64)  # so that the page does not say that no pulses come
            total = str(len(played.events()[0]))
            seen.until("document.getElementById('picture').dataset.total === given.total", total=total)
            plotted(seen, ["region 1", "region 2", "region 3"])
            seen.page.wait_for_timeout(2000)  # the curves follow the picture
            seen.page.evaluate("scrollTo(0, 0)")
            seen.page.screenshot(path=IMAGES / "detector.png")
            seen.page.close()


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        overview(browser, Path(folder))
        instrument(browser, Path(folder))
        run_table(browser, Path(folder))
        beside(browser, Path(folder))
        detector(browser, Path(folder))
        browser.close()


if __name__ == "__main__":
    main()
