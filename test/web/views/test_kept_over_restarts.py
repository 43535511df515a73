"""A region that is kept by the page and a real daemon: it outlives both, is counted, and a full disk is said."""

import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpers.reduced import Beamline, beamline_in, environ_of
from helpers.served import Clock, powder_play, serving
from helpers.viewing import by_pixels
from helpers.watching import Web, web
from livereduce.messages.regions import FILE_NAME, encode_region, read_regions

pytestmark = pytest.mark.timeout(300)
TOKEN = "correct-horse-battery"
PATIENCE_S = 60.0
LOW = by_pixels("low", "0-9")


class Page:
    """What is asked of a page, with the token."""

    def __init__(self, page: Web) -> None:
        self._one = f"{page.url}/api/instruments/powder"
        self._regions = f"{self._one}/regions"

    def ask(self, method: str, path: str = "", body: bytes | None = None) -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {TOKEN}"}
        request = urllib.request.Request(self._regions + path, method=method, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def found(self) -> Any:
        with urllib.request.urlopen(f"{self._one}/findings", timeout=PATIENCE_S) as response:
            return json.load(response)

    def card(self) -> Any:
        with urllib.request.urlopen(self._one, timeout=PATIENCE_S) as response:
            return json.load(response)["card"]

    def keep(self) -> tuple[int, Any]:
        return self.ask("POST", body=encode_region(LOW).encode())

    def until(self, there: Callable[[list[Any]], bool]) -> list[Any]:
        deadline = time.monotonic() + PATIENCE_S
        answer: tuple[int, Any] = (0, {})
        while time.monotonic() < deadline:
            answer = self.ask("GET")
            if answer[0] == 200 and there(answer[1]["regions"]):
                regions: list[Any] = answer[1]["regions"]
                return regions
            time.sleep(0.05)
        raise AssertionError(f"not as expected: {answer}")


def at_work(beamline: Beamline) -> None:
    beamline.start()
    beamline.wait(lambda status: status.progress is not None and status.progress.run.events > 0)


def test_a_region_is_kept_and_counted_over_a_daemon_that_is_killed_and_a_page_that_ends(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clock, token = Clock(), tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    confs, words = [tmp_path / "livereduce.conf"], ("--token-file", str(token))
    with (
        serving(powder_play(runs=1, run_s=60, gap_s=2, rate=6000), speed=1.0, clock=clock) as url,
        beamline_in(tmp_path, environ_of(tmp_path_factory)) as beamline,
    ):
        clock.now_s = 10.0
        beamline.configure(source=url)
        beamline.script("proc", "pass\n")
        at_work(beamline)
        with web(tmp_path, confs, *words, environ=beamline.environ) as served:
            assert Page(served).keep() == (200, {"text": "region 'low' is kept: 1 of at most 20"})
            assert read_regions(tmp_path / "state") == (LOW,)
            before = Page(served).until(lambda regions: any(one["counts"] > 0 for one in regions))
        beamline.daemons[-1].send_signal(signal.SIGKILL)
        beamline.daemons[-1].wait(PATIENCE_S)
        at_work(beamline)
        with web(tmp_path, confs, *words, environ=beamline.environ) as served:
            page = Page(served)
            again = page.until(lambda regions: any(one["counts"] >= before[0]["counts"] for one in regions))
            assert (again[0]["name"], again[0]["pixels"]) == ("low", "0-9")
            told = page.found()
            assert (told["run"], told["note"], told["findings"]) == (1, "", []), "it is watched, and nothing is wrong"
            assert page.card()["findings"] == 0
            (tmp_path / "state" / FILE_NAME).write_bytes(b"torn")
            status, answer = page.keep()
            assert (status, "mend it, or move it away" in answer["error"]) == (409, True)
            assert (tmp_path / "state" / FILE_NAME).read_bytes() == b"torn"
            (tmp_path / "state" / FILE_NAME).unlink()
            assert page.keep()[0] == 200
            assert page.ask("DELETE", "/low") == (200, {"text": "region 'low' is removed"})
            assert page.until(lambda regions: not regions) == []
        assert beamline.stop() == 0
        assert "set_regions: done for the page, for 127.0.0.1" in beamline.log()
