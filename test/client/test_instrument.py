"""The client against the page's own server: status, runs, results, metrics, news, and what can be wrong."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
import scipp as sc

from helpers.fabricated import EDGES, Fabricated, axis, image, pattern, product
from helpers.watching import PATIENCE_S, Web, web
from livereduce.client import Instrument, NotOnPage, PageRefused, PageUnreachable
from livereduce.client import page as pages
from livereduce.publish.trends.trends import FILE_NAME, Exposure, Trends, add_reported, encode_trends
from livereduce.scripting.reporting.report import ReportedMetric

BEGAN = 1_764_000_000.0


@dataclass(frozen=True)
class Served:
    one: Fabricated
    server: Web


def wait_for_results(one: Instrument) -> None:
    """On a busy machine a page answers before it has looked at the files."""
    deadline = time.monotonic() + PATIENCE_S
    while not one.results() and time.monotonic() < deadline:
        time.sleep(0.05)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("client")
    one = Fabricated(folder / "powder", "PG3")
    one.publish(replace(pattern(40, 1000, seed=40), title="vanadium"))
    one.shelf.ended(40)
    one.publish(image(41))
    one.publish(product(41, "ratio", np.array(1.25), (), np.array(0.5)))
    one.publish(product(41, "odd/ näme", np.arange(3.0), (axis("x", np.arange(3.0)),)))
    one.publish(replace(product(41, "parrots", np.ones(2), (axis("", np.arange(2.0)),)), units="parrots"))
    newest = pattern(41, 2000, seed=41)
    facts: dict[str, float | int | str] = {"proton_charge_pc": 3.6e9, "start_time": "2026-11-30T08:00:00+00:00"}
    one.publish(replace(newest, title="a sample", attributes=newest.attributes | facts))
    trends = Trends(run=41, began_unix_s=BEGAN)
    for step in range(1, 4):
        at = Exposure(time_unix_s=BEGAN + step, events=step, charge_pc=1e9 * step)
        reported = [ReportedMetric(name="area", value=None if step == 2 else 2.0 * step, error=0.5, units="mm")]
        trends = add_reported(trends, [*reported, ReportedMetric(name="n", value=step, error=None, units="")], at)
    (one.path / "state" / "products" / "41" / FILE_NAME).write_text(encode_trends(trends, BEGAN))
    one.say()
    with web(folder, [one.conf], "--peer", "http://127.0.0.1:1") as server:
        yield Served(one, server)


@pytest.fixture(scope="module")
def pg3(served: Served) -> Iterator[Instrument]:
    with Instrument(served.server.url, "pg3") as one:
        wait_for_results(one)
        yield one


# ---- what there is


def test_the_status_says_how_the_reduction_stands(pg3: Instrument) -> None:
    status = pg3.status()
    assert (status.name, status.state, status.run, status.run_state) == ("PG3", "running", 41, "running")
    assert status.last_result is not None
    assert status.snapshot is not None
    assert status.snapshot["generation"] == 3


def test_the_runs_are_rows_with_what_the_scripts_reported(pg3: Instrument) -> None:
    newest, older = pg3.runs()
    assert (newest.run, newest.title, newest.state, newest.events) == (41, "a sample", "running", 2000)
    assert (newest.start, newest.end) == (datetime(2026, 11, 30, 8, tzinfo=UTC), None)
    assert (newest.metrics["area"].value, newest.metrics["area"].error, newest.metrics["area"].units) == (
        6.0,
        0.5,
        "mm",
    )
    assert (older.run, older.state, older.metrics) == (40, "ended", {})


def test_a_result_has_variances_units_and_edges(pg3: Instrument) -> None:
    wanted = pattern(41, 2000, seed=41)
    found = pg3.result()
    assert (found.dims, found.unit, found.name) == (("d",), sc.Unit("counts"), "result")
    assert np.array_equal(found.values, wanted.signal)
    assert np.allclose(found.variances, wanted.signal)
    assert found.coords.is_edges("d")
    assert sc.identical(found.coords["d"], sc.array(dims=["d"], values=EDGES, unit="angstrom"))
    assert (found.coords["run"].value, found.coords["title"].value, found.coords["events"].value) == (
        41,
        "a sample",
        2000,
    )
    assert sc.identical(found.coords["proton_charge"], sc.scalar(3.6e9, unit="pC"))


def test_results_of_different_runs_can_be_subtracted(pg3: Instrument) -> None:
    newest, older = pg3.result(), pg3.result(run=40)
    assert older.coords["title"].value == "vanadium"
    assert np.array_equal((newest - older).values, newest.values - older.values)


def test_results_of_any_shape_and_name(pg3: Instrument) -> None:
    assert (pg3.result("detector").dims, pg3.result("detector").shape) == (("y", "x"), (120, 200))
    assert sc.identical(pg3.result("ratio").data, sc.scalar(1.25, variance=0.25, unit="counts"))
    assert pg3.result("odd/ näme").values.tolist() == [0.0, 1.0, 2.0]
    odd = pg3.result("parrots")
    assert (odd.unit, odd.coords["unit_text"].value, odd.dims) == (None, "parrots", ("_",))


def test_the_list_of_results(pg3: Instrument) -> None:
    assert [(one.run, one.name) for one in pg3.results(40)] == [(40, "result")]
    shapes = {one.name: one.shape for one in pg3.results(41)}
    assert shapes == {"result": (360,), "detector": (120, 200), "ratio": (), "odd/ näme": (3,), "parrots": (2,)}


def test_metrics_over_the_run(pg3: Instrument) -> None:
    found = pg3.metrics()
    assert set(found) == {"area", "n"}
    area = found["area"]
    assert (area.unit, area.dims) == (sc.Unit("mm"), ("time",))
    assert np.array_equal(area.values, [2.0, np.nan, 6.0], equal_nan=True)
    assert area.variances is not None
    assert area.coords["time"].values.astype("datetime64[s]").astype(int).tolist() == [BEGAN + 1, BEGAN + 2, BEGAN + 3]
    assert area.coords["proton_charge"].values.tolist() == [1e9, 2e9, 3e9]
    assert found["n"].variances is None
    assert pg3.metrics(40) == {}


# ---- news


def test_new_results_come_as_they_are_written(served: Served, pg3: Instrument) -> None:
    following = pg3.follow()
    assert next(following).coords["events"].value == 2000
    served.one.publish(pattern(41, 3000, seed=41))
    assert next(following).coords["events"].value == 3000
    served.one.publish(pattern(41, 10, name="another"))
    served.one.publish(pattern(42, 4000))
    newest = next(following)
    assert (newest.coords["run"].value, newest.coords["events"].value) == (42, 4000)
    following.close()
    served.one.publish(pattern(41, 2000, seed=41))


def test_a_page_that_goes_while_it_is_followed_is_given_up_at_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "RETRY_S", 0.01)
    monkeypatch.setattr(pages, "GIVE_UP_S", 0.0)
    one = Fabricated(tmp_path / "powder", "PG3")
    one.publish(pattern(41, 2000))
    one.say()
    with web(tmp_path, [one.conf]) as server, Instrument(server.url, "PG3") as pg3:
        following = pg3.follow()
        next(following)
        server.stop()
        with pytest.raises(PageUnreachable, match="no news from http://"):
            next(following)
        with pytest.raises(PageUnreachable, match="cannot be reached: "):
            pg3.status()


# ---- what can be wrong


def test_what_is_not_there_is_named_with_what_there_is(served: Served, pg3: Instrument) -> None:
    with pytest.raises(NotOnPage, match=r"has no instrument 'HB2A'; it has: PG3"):
        Instrument(served.server.url, "HB2A")
    with pytest.raises(NotOnPage, match="PG3 has no result 'reslt'; its results: 'detector', "):
        pg3.result("reslt")
    with pytest.raises(NotOnPage, match=r"run 12 has no product 'result\.npz'"):
        pg3.result(run=12)
    with pytest.raises(NotOnPage, match="there is no run 12 here"):
        pg3.metrics(12)


@pytest.mark.parametrize("address", ["", "nowhere", "ftp://host/", "http://", "http://[::1"])
def test_what_is_no_address_is_named(address: str) -> None:
    with pytest.raises(PageUnreachable, match="expected the address of a page"):
        Instrument(address, "PG3")


ANSWERS = {
    "/text": (200, b"<html>hello</html>", PageUnreachable, "answers, but is no status page"),
    "/json": (200, b'{"instruments": [{"id": 7}]}', PageUnreachable, "is no status page of livereduce: instruments: "),
    "/gone": (404, b"nothing", PageUnreachable, "HTTP status 404; expected a status page"),
    "/proxy": (401, b"password?", PageRefused, "asks for a password .HTTP status 401.; expected an address such as"),
    "/name": (
        421,
        b'{"error": "this server does not accept that host name"}',
        PageRefused,
        "does not accept that host",
    ),
}


@pytest.fixture(scope="module")
def strange() -> Iterator[str]:
    """A server that is no page."""

    class Strange(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, *_ = ANSWERS["/" + self.path.split("/")[1]]
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Strange) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ANSWERS)
def test_an_answer_that_is_none_of_a_page_is_said_without_the_password(path: str, strange: str) -> None:
    _, _, error, text = ANSWERS[path]
    with pytest.raises(error, match=text) as seen:
        Instrument(f"http://somebody:secret@{strange}{path}", "PG3")
    assert "secret" not in str(seen.value)
    assert f"http://{strange}{path}" in str(seen.value)
