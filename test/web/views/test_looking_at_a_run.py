"""The detector and its regions by the page: a real daemon, receiver and page, and processes that are killed or hang."""

import json
import os
import signal
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from helpers.fabricated import Fabricated, pattern
from helpers.reduced import Beamline, beamline_in, environ_of
from helpers.served import Clock, powder_play, serving
from helpers.viewing import by_pixels, counts_of
from helpers.watching import Web, web
from livereduce.messages.regions import encode_region, encode_regions
from livereduce.notify.findings import PageSilent, ask_page
from livereduce.web.views.viewers import MANTID

pytestmark = pytest.mark.timeout(300)
PATIENCE_S = 60.0
PIXELS = 64
RATE = 6000
LOW = by_pixels("low", "0-9")


class Looking:
    """A beamline at work, its page, and what is asked of it."""

    def __init__(self, beamline: Beamline, clock: Clock, page: Web) -> None:
        self.beamline, self.clock, self.page = beamline, clock, page

    def get(self, path: str, **headers: str) -> Any:
        request = urllib.request.Request(f"{self.page.url}/api/instruments/powder/{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
            return json.load(response)

    def refused(self, path: str) -> tuple[int, str]:
        return refused(f"{self.page.url}/api/instruments/powder/{path}")

    def answers(self, path: str, there: Callable[[Any], bool]) -> Any:
        """What an address answers once it is as expected."""
        deadline, last = time.monotonic() + PATIENCE_S, None
        while time.monotonic() < deadline:
            try:
                last = self.get(path)
                if there(last):
                    return last
            except urllib.error.HTTPError as error:
                with error:
                    last = error.code, error.read()
            time.sleep(0.05)
        raise AssertionError(f"{path} answers {last}\n{self.beamline.log()}")

    def spectrum(self, text: str) -> Any:
        return self.get(f"region?region={urllib.parse.quote(encode_region(by_pixels('drawn', text)))}")

    def viewers(self) -> list[psutil.Process]:
        children = psutil.Process(self.page.process.pid).children()
        alive = [one for one in children if one.status() != psutil.STATUS_ZOMBIE]
        return [one for one in alive if "livereduce.viewer" in one.cmdline()]


def refused(url: str, **headers: str) -> tuple[int, str]:
    """Status and sentence of a refusal."""
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=PATIENCE_S)
    with error.value:
        body = error.value.read()
    return error.value.code, json.loads(body)["error"] if body else ""


@contextmanager
def looking(tmp_path: Path, factory: pytest.TempPathFactory, **settings: Any) -> Iterator[Looking]:
    clock = Clock()
    play = powder_play(runs=2, run_s=20, gap_s=2, rate=RATE)
    with (
        serving(play, speed=1.0, clock=clock) as url,
        beamline_in(tmp_path, environ_of(factory)) as beamline,
    ):
        clock.now_s = 10.0
        beamline.configure(source=url, **settings)
        beamline.script("proc", "pass\n")
        beamline.start()
        beamline.wait(lambda status: status.progress is not None and status.progress.run.events > 0)
        with web(tmp_path, [tmp_path / "livereduce.conf"], environ=beamline.environ) as page:
            one = Looking(beamline, clock, page)
            yield one
            left = one.viewers()
            assert page.stop()[0] == 0
            assert not any(process.is_running() for process in left), "nothing of it stays"
        assert beamline.stop() == 0


def test_pictures_and_spectra_are_those_of_the_reduction_over_the_edge_of_a_run(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bins = [0.0, 100.0, 16_700.0]
    with looking(tmp_path, tmp_path_factory, tof_bins_us=bins) as one:
        (tmp_path / "state" / "regions.json").write_bytes(encode_regions([LOW]))
        early = one.answers("detector", lambda body: body["total"] > 0)
        assert (early["run"], early["pixels"], early["projection"], early["since"]) == (1, PIXELS, "cylinder", "")
        one.clock.now_s = 22.0
        one.beamline.wait_ended(1)
        picture = one.answers("detector", lambda body: body["total"] > early["total"])
        product = one.beamline.product(1)
        events = product.attributes["events"]
        assert picture["total"] == picture["events"] == events
        assert np.isclose(counts_of(picture).sum(), events)
        drawn = one.spectrum(f"0-{PIXELS - 1}")
        assert drawn["signal"] == np.asarray(product.signal).reshape(-1, 167).sum(axis=0).astype(int).tolist()
        kept = one.answers("regions", lambda body: len(body["regions"]) == 1)["regions"][0]
        assert kept["counts"] == sum(one.spectrum("0-9")["signal"]) == one.get("regions/low")["counts"]
        one.clock.now_s = 60.0
        one.beamline.wait_ended(2)
        second = one.answers("regions/low", lambda body: body["run"] == 2)
        assert second["counts"] == sum(one.spectrum("0-9")["signal"])
        assert len(one.viewers()) == 1


def test_a_viewer_that_is_killed_or_hangs_is_replaced_and_the_reduction_never_notices(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with looking(tmp_path, tmp_path_factory) as one:
        total = one.answers("detector", lambda body: body["total"] > 0)["total"]
        before = one.beamline.status()
        (viewer,) = one.viewers()
        viewer.kill()
        assert one.answers("detector?projection=map", lambda body: body["total"] >= total)["since"] == ""
        (other,) = one.viewers()
        assert other.pid != viewer.pid
        os.kill(other.pid, signal.SIGSTOP)
        status, text = one.refused("detector?projection=flat")
        assert (status, "was ended" in text) == (409, True)
        one.answers("detector", lambda body: body["total"] >= total)
        one.clock.now_s = 22.0
        one.beamline.wait_ended(1)
        after = one.beamline.status()
        assert (after.worker_pid, after.receiver_pid, after.restarts) == (before.worker_pid, before.receiver_pid, 0)


def test_a_receiver_that_is_killed_takes_its_viewer_along_and_another_one_counts_the_run_again(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with looking(tmp_path, tmp_path_factory) as one:
        total = one.answers("detector", lambda body: body["total"] > 0)["total"]
        receiver = one.beamline.status().receiver_pid
        assert receiver
        os.kill(receiver, signal.SIGKILL)
        one.beamline.wait(lambda status: status.receiver_pid not in (None, receiver))
        seen = one.answers("detector?projection=map", lambda body: body["total"] >= total)
        assert (seen["run"], seen["since"], len(one.viewers())) == (1, "", 1)


def test_an_answer_that_is_known_is_not_sent_again_and_many_who_ask_share_it(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with looking(tmp_path, tmp_path_factory) as one:
        one.answers("detector", lambda body: body["total"] > 0)
        url = f"{one.page.url}/api/instruments/powder/detector"
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as response:
            etag = response.headers["etag"]
        assert refused(url, **{"if-none-match": etag}) == (304, "")
        packed = urllib.request.Request(url, headers={"accept-encoding": "gzip"})
        with urllib.request.urlopen(packed, timeout=PATIENCE_S) as response:
            assert response.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("path", "status", "part"),
    [
        ("detector?projection=cube", 422, "projection: expected one of"),
        ("detector?tof_min_us=nan&tof_max_us=3", 422, "tof_min_us: expected a number"),
        ("detector/at?x=1", 422, "x, y"),
        ("region", 422, "region:"),
        ("region?region=%7B%7D", 422, "region:"),
        ("regions/none", 404, "there is no region"),
        ("detector", 409, "there is no such socket"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, path: str, status: int, part: str) -> None:
    powder = Fabricated(tmp_path / "powder", "POWDER")
    powder.publish(pattern(41, 2000))
    powder.say()
    with web(tmp_path, [powder.conf]) as page:
        code, text = refused(f"{page.url}/api/instruments/powder/{path}")
        assert code == status
        assert part in text


def test_with_mantid_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    powder = Fabricated(tmp_path / "powder", "POWDER")
    powder.say(engine="mantid")
    with web(tmp_path, [powder.conf]) as page:
        assert refused(f"{page.url}/api/instruments/powder/detector") == (409, MANTID)


def test_notifications_can_ask_the_page_for_dead_banks(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with looking(tmp_path, tmp_path_factory) as one:
        one.answers("findings", lambda body: body["run"] == 1)
        one.clock.now_s = 18.0
        one.answers("findings", lambda body: body["looked_s"] > 0)
        assert ask_page(one.page.url, "POWDER") == ()
        with pytest.raises(PageSilent, match="does not show PG3"):
            ask_page(one.page.url, "PG3")
