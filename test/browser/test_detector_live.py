"""Regions drawn by real mouse events on the detector of a daemon at work: counts are numpy's on the same events."""

import json
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from helpers.browsing import PATIENCE_S, Visit, Visiting, web
from helpers.drawing import drag, open_detector, plotted, regions
from helpers.panel_beam import F8, I8, L2_M, PIXELS, Panels, panels, positions
from helpers.reduced import Beamline, beamline_in
from helpers.viewed import inside

pytestmark = pytest.mark.timeout(180)  # a browser on a busy machine

TOKEN = "right-token-of-the-beamline"
RATE = 20_000.0
SHAPES = {
    "rectangle": [(0.05, 0.1), (0.33, 0.77)],
    "ellipse": [(0.4, 0.2), (0.9, 0.9)],
    "lasso": [(0.1, 0.3), (0.6, 0.15), (0.45, 0.5), (0.8, 0.95), (0.2, 0.8)],
}


HOT = 3 * 16 * 32 + 5 * 32 + 9
"""A pixel in the last bank."""


@pytest.fixture
def played() -> Iterator[Panels]:
    with panels(RATE, hot=HOT) as one:
        yield one


@pytest.fixture
def beamline(tmp_path: Path, environ: Mapping[str, str], played: Panels) -> Iterator[Beamline]:
    with beamline_in(tmp_path, environ) as beamline:
        beamline.configure(source=played.url, update_every=0.5)
        beamline.script("proc", "output = input\n")
        beamline.script("post_proc", "output = input\n")
        beamline.start()
        played.play(2)
        beamline.wait(lambda status: bool(status.progress and status.progress.run.events))
        yield beamline


@contextmanager
def looking(beamline: Beamline, visiting: Visiting, choices: str = "") -> Iterator[Visit]:
    token = beamline.path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    with web(beamline.path, beamline.environ, [beamline.path / "livereduce.conf"], "--token-file", str(token)) as url:
        seen: Visit = visiting(url, expected=("503", "409"))
        try:
            open_detector(seen, "/instrument/powder/detector" + choices)
            yield seen
        finally:
            seen.page.close()  # before its server goes


def api(seen: Visit, path: str) -> Any:
    with urllib.request.urlopen(f"{seen.url.rstrip('/')}/api/instruments/powder/{path}") as response:
        return json.load(response)


def until_all_is_counted(seen: Visit, played: Panels) -> tuple[I8, F8]:
    """Play on, and wait until the picture has all of it: pixels and times of flight of the events."""
    played.play(6)
    pixel, tof_us = played.events()
    seen.until("document.getElementById('picture').dataset.total === given.total", total=str(len(pixel)))
    return pixel, tof_us


def counts_in(region: dict[str, Any], pixel: I8) -> int:
    """Plain numpy on the same events."""
    x, y = positions()
    return int(inside(region, x, y, np.arange(PIXELS))[pixel].sum())


def test_regions_have_numpys_counts_of_the_whole_run(beamline: Beamline, played: Panels, visiting: Visiting) -> None:
    with looking(beamline, visiting) as seen:
        for tool, points in SHAPES.items():
            drag(seen, tool, *points)
        plotted(seen, ["region 1", "region 2", "region 3"])
        pixel, tof_us = until_all_is_counted(seen, played)
        expected = [counts_in(region, pixel) for region in regions(seen)]
        assert all(0 < count < len(pixel) for count in expected)
        seen.wait_text("#spectra-text", f"region 3: {expected[2]:,}".replace(",", " "))
        assert plotted(seen, ["region 1", "region 2", "region 3"]) == expected
        spectrum = api(seen, f"region?region={quote(json.dumps(regions(seen)[2]))}")
        x, y = positions()
        within = inside(regions(seen)[2], x, y, np.arange(PIXELS))[pixel]
        edges = np.array(spectrum["axes"][0]["values"])
        assert spectrum["signal"] == np.histogram(tof_us[within], edges)[0].tolist()
        assert api(seen, "detector")["events"] == len(pixel)


def test_a_saved_region_stays_when_service_and_page_restart(beamline: Beamline, visiting: Visiting) -> None:
    with looking(beamline, visiting) as seen:
        drag(seen, "rectangle", *SHAPES["rectangle"])
        plotted(seen, ["region 1"])
        seen.page.click("#regions [data-act=save]")
        seen.page.fill("#keep-name", "first bank")
        seen.page.fill("#token", TOKEN)
        seen.page.press("#token", "Enter")
        seen.wait_text("#keep-answer", "first bank")
        plotted(seen, ["first bank"])
        assert regions(seen) == []
    beamline.daemons[-1].terminate()
    beamline.daemons[-1].wait()
    beamline.start()
    with looking(beamline, visiting) as seen:
        plotted(seen, ["first bank"])
        seen.wait_text("#regions", "first bank")
        seen.page.click("#regions [data-act=remove]")
        seen.page.fill("#token", TOKEN)
        seen.page.click("#keep-remove")
        seen.until("!document.getElementById('no-regions').hidden")
        seen.wait_text("#keep-answer", "first bank")
        deadline = time.monotonic() + PATIENCE_S
        while api(seen, "regions")["regions"]:  # the server looks at the file a few times a second
            assert time.monotonic() < deadline
            seen.page.wait_for_timeout(50)


def test_a_region_over_a_log_counts_every_event_once(beamline: Beamline, played: Panels, visiting: Visiting) -> None:
    with looking(beamline, visiting, "#over=SampleTemp&of=region:region+1&per=pulse") as seen:
        drag(seen, "ellipse", *SHAPES["ellipse"])
        plotted(seen, ["region 1"])
        pixel, _ = until_all_is_counted(seen, played)
        expected = counts_in(regions(seen)[0], pixel)
        seen.page.locator("#over-title").scroll_into_view_if_needed()
        seen.until("document.getElementById('over').dataset.of === 'region:region 1'")
        region = quote(json.dumps(regions(seen)[0]))
        curve = api(seen, f"over?of=region:region%201&log=SampleTemp&per=pulse&region={region}")
        assert sum(curve["events"]) == expected
        seen.until("document.getElementById('over')._fullData[0].y.length === given.points", points=len(curve["x"]))


def test_a_hot_pixel_is_named_and_marked_where_it_is(beamline: Beamline, played: Panels, visiting: Visiting) -> None:
    with looking(beamline, visiting) as seen:
        played.play(20)
        seen.wait_text("#findings", "hot pixel")
        mark = seen.page.locator("#overlay .mark[data-kind=hot]").bounding_box()
        overlay = seen.page.locator("#overlay").bounding_box()
        box = json.loads(seen.page.get_attribute("#picture", "data-box") or "")
        view = api(seen, "detector")
        assert mark
        assert overlay
        x, y = positions()
        across = (x[HOT] - view["x"]["min"]) / (view["x"]["max"] - view["x"]["min"])
        up = (y[HOT] - view["y"]["min"]) / (view["y"]["max"] - view["y"]["min"])
        at = overlay["x"] + box["left"] + across * box["width"], overlay["y"] + box["top"] + (1 - up) * box["height"]
        assert mark["x"] <= at[0] <= mark["x"] + mark["width"]
        assert mark["y"] <= at[1] <= mark["y"] + mark["height"]
        assert view["findings"][0]["pixels"] == str(HOT)


def test_the_pixel_under_the_pointer_is_the_one_that_lies_there(beamline: Beamline, visiting: Visiting) -> None:
    with looking(beamline, visiting) as seen:
        x, y = positions()
        chosen = 700
        found = api(seen, f"detector/at?projection=cylinder&x={x[chosen]}&y={y[chosen]}")
        assert found["pixel"] == chosen
        assert found["bank"] == "bank2"
        forward = L2_M * np.cos(np.radians(x[chosen])) / np.hypot(L2_M, y[chosen])
        assert found["two_theta_deg"] == pytest.approx(np.degrees(np.arccos(forward)))
