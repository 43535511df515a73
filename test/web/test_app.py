"""All addresses: what they answer, and what they answer to what nobody should ask."""

import fcntl
import gzip
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from helpers.fabricated import Fabricated, axis, image, pattern, product
from livereduce.messages.progress import Progress, TotalProgress
from livereduce.publish.products.file import read_product
from livereduce.publish.runs.scripts import FACT, encode_scripts
from livereduce.publish.trends.trends import FILE_NAME, Exposure, Trends, add_reported, encode_trends
from livereduce.scripting.reporting.report import ReportedMetric
from livereduce.web.app import make_app
from livereduce.web.http.openapi import description
from livereduce.web.server import make_context

TOKEN = "correct-horse-battery"
ONE = "/api/instruments/powder"


def fabricate(folder: Path) -> Fabricated:
    made = Fabricated(folder / "powder", "POWDER")
    made.publish(pattern(40, 1000))
    made.shelf.ended(40)
    made.publish(pattern(41, 2000))
    made.publish(image(41))
    made.publish(product(41, "odd/name with a\x07 in it", np.arange(3.0), (axis("x", np.arange(3.0)),)))
    made.say()
    return made


@contextmanager
def visiting(powder: Fabricated) -> Iterator[TestClient]:
    token = powder.path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    context = make_context([powder.conf], [], token, {}, powder.path)
    with TestClient(make_app(context, frozenset()), base_url="http://localhost") as client:
        yield client


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """For tests that change nothing."""
    with visiting(fabricate(tmp_path_factory.mktemp("web"))) as client:
        yield client


@pytest.fixture
def powder(tmp_path: Path) -> Fabricated:
    return fabricate(tmp_path)


@pytest.fixture
def own(powder: Fabricated) -> Iterator[TestClient]:
    """For those that change the files of `powder`."""
    with visiting(powder) as client:
        yield client


def ok(client: TestClient, path: str, **headers: str) -> Any:
    response = client.get(path, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


# ---- what there is


def test_the_cards(client: TestClient) -> None:
    body = ok(client, "/api/instruments")
    (card,) = body["instruments"]
    assert (card["id"], card["name"], card["state"], card["run"], card["down"]) == (
        "powder",
        "POWDER",
        "running",
        41,
        "",
    )
    assert card["last_result_age_s"] >= 0


def test_an_instrument_with_its_snapshot_and_runs(client: TestClient) -> None:
    body = ok(client, ONE)
    assert body["status"]["pid"] == os.getpid()
    assert body["restartable"] is True
    assert [(run["run"], run["ended"]) for run in body["runs"]] == [(41, False), (40, True)]
    wait_for(lambda: all(one["kind"] for one in ok(client, ONE)["runs"][0]["products"]))
    kinds = {one["name"]: one["kind"] for one in ok(client, ONE)["runs"][0]["products"]}
    assert kinds == {"result": "1d", "detector": "2d", "odd/name with a\x07 in it": "1d"}


def test_a_product_for_a_plot(client: TestClient) -> None:
    body = ok(client, f"{ONE}/products/41/result")
    assert (body["run"], body["name"], body["kind"], len(body["signal"])) == (41, "result", "1d", 360)
    assert sum(body["signal"]) == body["attributes"]["events"] or body["attributes"]["events"] == 2000
    few = ok(client, f"{ONE}/products/41/result?max_points=50")
    assert (len(few["signal"]), few["thinned"]) == (45, "each point is the mean of 8 neighbouring ones")
    rows = ok(client, f"{ONE}/products/41/detector?row=3&row=0")
    assert (rows["kind"], rows["row_numbers"], len(rows["signal"])) == ("1d", [3, 0], 2)


def test_a_product_with_a_strange_name(client: TestClient) -> None:
    assert ok(client, f"{ONE}/products/41/odd%2Fname%20with%20a%07%20in%20it")["signal"] == [0, 1, 2]
    response = client.get(f"{ONE}/products/41/odd%2Fname%20with%20a%07%20in%20it.nxs")
    assert re.fullmatch(r'attachment; filename="41_odd_name[\w-]+\.nxs"', response.headers["content-disposition"])


def test_the_files_to_take_away(client: TestClient, tmp_path: Path) -> None:
    nexus = client.get(f"{ONE}/products/41/result.nxs")
    (tmp_path / "taken.nxs").write_bytes(nexus.content)
    assert read_product(tmp_path / "taken.nxs").run == 41
    lines = client.get(f"{ONE}/products/41/result.csv").text.splitlines()
    assert (lines[0], len(lines)) == ("d (angstrom) from,d (angstrom) to,signal (counts),error", 361)
    for name in ("result", "detector"):
        picture = client.get(f"{ONE}/products/41/{name}.png")
        assert picture.content.startswith(b"\x89PNG"), picture.text
        assert picture.headers["content-type"] == "image/png"


def test_answers_are_packed_for_who_takes_that(client: TestClient) -> None:
    with client.stream("GET", f"{ONE}/products/41/result", headers={"accept-encoding": "gzip"}) as response:
        packed = b"".join(response.iter_raw())
    assert json.loads(gzip.decompress(packed))["run"] == 41
    plain = client.get(f"{ONE}/products/41/result", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json()["run"] == 41


def test_trends_and_when_they_are_good_enough(own: TestClient, powder: Fabricated) -> None:
    assert ok(own, f"{ONE}/trends/41")["metrics"] == []
    trends = Trends(run=41, began_unix_s=1.7e9)
    for n in range(1, 40):
        at = Exposure(time_unix_s=1.7e9 + 10 * n, events=n, charge_pc=1e9 * n)
        trends = add_reported(
            trends, [ReportedMetric(name="area", value=100.0, error=100 / n**0.5, units="counts")], at
        )
    (powder.path / "state" / "products" / "41" / FILE_NAME).write_text(encode_trends(trends, 1.7e9))
    (plain,) = ok(own, f"{ONE}/trends/41")["metrics"]
    assert (plain["name"], plain["units"], len(plain["t"]), plain["mean"], plain["reaches"]) == (
        "area",
        "counts",
        39,
        100,
        None,
    )
    (asked,) = ok(own, f"{ONE}/trends/41?target=0.01")["metrics"]
    assert asked["reaches"]["reached"] is False
    assert re.search(r"µAh more", asked["reaches"]["text"]), asked["reaches"]
    assert ok(own, f"{ONE}/trends/41?target=0.2")["metrics"][0]["reaches"]["reached"] is True
    powder.say(progress={"source": {"no_beam_since": time.time()}})
    deadline = time.monotonic() + 20
    while "no beam since" not in ok(own, f"{ONE}/trends/41?target=0.01")["metrics"][0]["reaches"]["text"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    (asked,) = ok(own, f"{ONE}/trends/41?target=0.01")["metrics"]
    assert asked["reaches"]["at"] is None


def test_output_and_scripts(client: TestClient) -> None:
    (script,) = ok(client, f"{ONE}/output")["script_hashes"]
    assert (script["step"], script["md5"]) == ("proc", "0123456789abcdef" * 2)


def test_the_pages_and_their_files(client: TestClient) -> None:
    for path, kind in (
        ("/", "text/html"),
        ("/instrument/powder", "text/html"),
        ("/static/plotly.min.js", "text/javascript"),
    ):
        response = client.get(path)
        assert response.status_code == 200
        assert response.headers["content-type"].startswith(kind)
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_a_picture_for_the_tab_also_where_browsers_look_by_themselves(client: TestClient) -> None:
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/x-icon")
    assert answer.content.startswith(b"\x00\x00\x01\x00")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/favicon.ico",
        "/static/plotly.min.js",
        "/api/openapi.json",
        "/api/instruments",
        ONE,
        f"{ONE}/glance",
        f"{ONE}/output",
        f"{ONE}/timeline",
        f"{ONE}/runs",
        f"{ONE}/runs.csv",
        f"{ONE}/trends/41",
        f"{ONE}/products/41/result",
        f"{ONE}/products/41/result.png",
        f"{ONE}/products/41/result.nxs",
        f"{ONE}/products/41/result.npz",
    ],
)
def test_what_has_not_changed_is_not_sent_again(client: TestClient, path: str) -> None:
    first = client.get(path)
    assert first.status_code == 200
    for known in (first.headers["etag"], "W/" + first.headers["etag"].removeprefix("W/"), "*"):
        again = client.get(path, headers={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    assert client.get(path, headers={"if-none-match": '"another"'}).status_code == 200


def test_what_has_changed_is_sent(own: TestClient, powder: Fabricated) -> None:
    paths = ("/api/instruments", ONE, f"{ONE}/glance", f"{ONE}/products/41/result.png")
    before = {path: own.get(path).headers["etag"] for path in paths}
    version = ok(own, f"{ONE}/glance")["version"]
    powder.publish(pattern(41, 3000))
    powder.say(events_per_s=77.0)
    while ok(own, f"{ONE}/glance")["version"] == version or ok(own, ONE)["card"]["events_per_s"] != 77.0:
        pass
    for path, etag in before.items():
        assert own.get(path, headers={"if-none-match": etag}).status_code == 200, path


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/instrument/POWDER", "powder"),
        ("/instrument/Powder?a=b&c", "powder?a=b&c"),
        ("/instrument/POWDER/runs", "../powder/runs"),
    ],
)
def test_a_name_in_capitals_leads_to_the_page(client: TestClient, path: str, found: str) -> None:
    answer = client.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, found)
    assert client.get(path).status_code == 200


def test_a_name_in_capitals_is_the_same_instrument(client: TestClient) -> None:
    assert ok(client, "/api/instruments/POWDER")["card"]["id"] == "powder"
    assert ok(client, "/api/instruments/Powder/products/41/result") == ok(client, f"{ONE}/products/41/result")
    assert client.get("/instrument/NOBODY", follow_redirects=False).status_code == 200  # the page says so


def test_the_newest_result_at_a_glance(client: TestClient) -> None:
    seen = ok(client, f"{ONE}/glance")
    assert (seen["run"], seen["name"], seen["problem"]) == (41, "result", "")
    assert (seen["sketch"]["kind"], max(seen["sketch"]["high"])) == ("curve", 1000)
    assert client.get(f"{ONE}/glance?target=2").status_code == 422
    assert client.get(f"{ONE}/glance?peer=http://elsewhere").status_code == 404


def test_a_result_that_cannot_be_sketched_says_why(own: TestClient, powder: Fabricated) -> None:
    before = ok(own, f"{ONE}/glance")["version"]
    powder.publish(pattern(41, 3000))
    (file,) = (powder.path / "state" / "products" / "41").glob("result.nxs")
    file.write_bytes(b"nothing of ours")
    while (seen := ok(own, f"{ONE}/glance"))["version"] == before:
        pass
    assert seen["sketch"] is None
    assert "cannot be read" in seen["problem"]


def test_a_page_below_a_path_answers_with_it_and_without_it(powder: Fabricated) -> None:
    context = make_context([powder.conf], [], None, {}, powder.path)
    with TestClient(make_app(context, frozenset(), "/live/bl1"), base_url="http://localhost") as client:
        for path in ("/", "/instrument/powder", "/static/css/base.css", ONE, "/healthz", "/favicon.ico"):
            for root in ("", "/live/bl1"):
                assert client.get(root + path).status_code == 200, root + path
        home = client.get("/live/bl1", follow_redirects=False)
        assert (home.status_code, home.headers["location"]) == (307, "bl1/")
        assert ok(client, "/live/bl1/api/openapi.json")["servers"] == [{"url": "/live/bl1"}]
        for other in ("/live/bl10/", "/live/", "/live/bl1/live/bl1/healthz", "/bl1/healthz"):
            assert client.get(other).status_code == 404, other


def test_numbers_that_are_none_are_null(own: TestClient, powder: Fabricated) -> None:
    powder.say(
        events_per_s=float("nan"), progress={"source": {"data_age_s": float("inf")}, "steps": {"proc_s": float("nan")}}
    )
    while (body := ok(own, ONE))["card"]["events_per_s"] is not None:
        pass
    assert (body["status"]["events_per_s"], body["card"]["data_age_s"]) == (None, None)
    assert ok(own, f"{ONE}/timeline")["proc_s"][-1] in (None, 0.0)
    assert own.get("/metrics").status_code == 200


def test_metrics_and_health(client: TestClient) -> None:
    assert ok(client, "/healthz") == {"ok": True, "instruments": 1, "watchers": 0}
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    assert 'livereduce_up{instrument="powder"} 1.0' in response.text


# ---- what nobody should ask


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/api",
        "/api/instruments/",
        "/api/instruments/nobody",
        "/api/instruments/nobody/timeline",
        "/api/instruments/%2e%2e",
        f"{ONE}/products/41/nothing",
        f"{ONE}/products/41/result.exe",
        f"{ONE}/products/41/.nxs",
        f"{ONE}/products/99/result",
        f"{ONE}/products/-1/result",
        f"{ONE}/products/{'9' * 5000}/result",
        f"{ONE}/products/٤١/result",
        f"{ONE}/products/41/%2e%2e%2f41%2fresult.nxs",
        f"{ONE}/products/..%2f..%2f/run/lock",
        f"{ONE}/products/41/..%2findex.json",
        f"{ONE}/products/41/detector?row=120",
        f"{ONE}/products/41/result%00.nxs",
        f"{ONE}/trends/99",
        f"{ONE}/trends/x",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static//etc/passwd",
        "/static/",
        "/instrument/",
        "/instrument/a/b",
        "/api/events?id=nobody",
    ],
)
def test_what_there_is_not(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404, response.text
    assert set(response.json()) == {"error"}


@pytest.mark.parametrize(
    "query",
    [
        "result?max_points=0",
        "result?max_points=1e3",
        "result?max_points=-5",
        "result?max_points=",
        "result?max_points=99999999999999999999999",
        "result?max_points=٣",
        "detector?row=-1",
        "detector?row=1.5",
        "detector?row=x",
        "detector?" + "&".join(["row=1"] * 21),
    ],
)
def test_queries_that_make_no_sense(client: TestClient, query: str) -> None:
    response = client.get(f"{ONE}/products/41/{query}")
    assert response.status_code == 422
    assert "expected" in response.json()["error"] or "at most" in response.json()["error"]


@pytest.mark.parametrize("target", ["0", "1", "-1", "nan", "inf", "", "x", "1e-400", "0x1"])
def test_targets_that_make_no_sense(client: TestClient, target: str) -> None:
    assert client.get(f"{ONE}/trends/41", params={"target": target}).status_code == 422


@pytest.mark.parametrize("since", ["", "yesterday", "2026-01-01", "2026-01-01T00:00:00", "10000-01-01T00:00:00Z"])
def test_times_that_make_no_sense(client: TestClient, since: str) -> None:
    assert client.get(f"{ONE}/timeline", params={"since": since}).status_code == 422


@pytest.mark.parametrize("since", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-01-01T00:00 01:00"])
def test_times_far_away_do(client: TestClient, since: str) -> None:
    assert client.get(f"{ONE}/timeline?since={since}").status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "BREW"])
def test_nothing_can_be_changed(client: TestClient, method: str) -> None:
    for path in ("/", "/metrics", "/api/instruments", ONE, f"{ONE}/products/41/result", "/static/plotly.min.js"):
        assert client.request(method, path).status_code == 405
    assert client.get(f"{ONE}/restart").status_code == 405


def test_too_much_is_refused_before_it_is_read(client: TestClient) -> None:
    assert client.get("/", params={"x": "y" * 17_000}).status_code == 414
    assert client.post(f"{ONE}/restart", content=bytes(17_000)).status_code == 413
    assert client.post(f"{ONE}/restart", headers={"content-length": "9" * 40}).status_code == 413
    assert client.post(f"{ONE}/restart", content=(bytes(1) for _ in range(3))).status_code == 411


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "a b"])
def test_another_name_is_not_answered(client: TestClient, host: str) -> None:
    for path in ("/", "/api/instruments", "/metrics", "/healthz", "/static/plotly.min.js"):
        response = client.get(path, headers={"host": host})
        assert response.status_code == 421
        assert "content-security-policy" in response.headers


def test_a_restart_needs_the_token_and_our_own_page(client: TestClient) -> None:
    right = {"authorization": f"Bearer {TOKEN}"}
    assert client.post(f"{ONE}/restart").status_code == 401
    assert client.post(f"{ONE}/restart", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert client.post(f"{ONE}/restart", headers={**right, "origin": "http://evil.example"}).status_code == 403
    assert client.post("/api/instruments/nobody/restart", headers=right).status_code == 404
    response = client.post(f"{ONE}/restart", headers={**right, "origin": "http://localhost"})
    assert response.status_code == 409
    assert "there is no such socket" in response.json()["error"]
    for path in ("promote?seen=" + "0" * 32, "take_back"):
        assert client.post(f"{ONE}/{path}").status_code == 401
        assert client.post(f"{ONE}/{path}", headers={**right, "origin": "http://evil.example"}).status_code == 403
        assert client.post(f"{ONE}/{path}", headers=right).status_code == 409
    for seen in ("", "?seen=", "?seen=../x", "?seen=" + "0" * 33):
        assert client.post(f"{ONE}/promote{seen}", headers=right).status_code == 422


def test_without_a_token_file_nothing_is_restarted(powder: Fabricated, tmp_path: Path) -> None:
    context = make_context([powder.conf], [], None, {}, tmp_path)
    with TestClient(make_app(context, frozenset()), base_url="http://localhost") as client:
        assert ok(client, ONE)["restartable"] is False
        response = client.post(f"{ONE}/restart", headers={"authorization": "Bearer "})
        assert (response.status_code, response.json()["error"].split(":")[0]) == (
            403,
            "this page changes nothing",
        )


def shadowed(powder: Fabricated) -> None:
    twice = pattern(41, 2000, height=2.0)
    other = product(41, "detector", np.ones(3), (axis("x", np.arange(3.0)),), events=7)
    powder.beside(twice, other, product(41, "only", np.array(3.0), ()))


def test_results_of_the_shadow_and_how_they_differ(own: TestClient, powder: Fabricated) -> None:
    assert ok(own, ONE)["shadow"] is None
    assert own.get(f"{ONE}/shadow/41/result").status_code == 404
    shadowed(powder)
    wait_for(lambda: (ok(own, ONE)["shadow"] or {"runs": []})["runs"])
    shadow = ok(own, ONE)["shadow"]
    assert (shadow["directory"], shadow["is_running"], len(shadow["seen"])) == ("/SNS/shadow", True, 32)
    assert {one["name"] for one in shadow["runs"][0]["products"]} == {"result", "detector", "only"}
    assert (shadow["outdated"], shadow["outdated_in_use"]) == ([], [])
    its, live = ok(own, f"{ONE}/shadow/41/result"), ok(own, f"{ONE}/products/41/result")
    assert its["signal"] == [2 * one for one in live["signal"]]
    assert own.get(f"{ONE}/shadow/41/only.nxs").headers["content-disposition"].endswith('"41_only_shadow.nxs"')
    assert own.get(f"{ONE}/shadow/41/result.png").content.startswith(b"\x89PNG")
    found = ok(own, f"{ONE}/difference/41/result?max_points=50")
    assert (found["compared"], found["problem"], found["same"]) == (360, "", False)
    assert found["text"].startswith(f"{found['differ']} of 360 values differ; most by +")
    assert "sigma at d " in found["text"]
    assert found["drawn"]["kind"] == "1d"
    assert len(found["drawn"]["signal"]) == 45
    assert found["drawn"]["thinned"] == "each value is the largest of 8 neighbouring ones"
    assert max(found["drawn"]["signal"]) == pytest.approx(found["worst"], rel=1e-6)
    assert ok(own, f"{ONE}/difference/41/detector")["problem"] == "shape 3 in the shadow, 120 × 200 in use"
    for path, says in (("only", "the service has no product 'only' of run 41"), ("x", "the service has"), ("", "")):
        answer = own.get(f"{ONE}/difference/41/{path}")
        assert answer.status_code == 404
        assert says in answer.json()["error"]


def test_results_of_a_shadow_that_does_not_run_stay_and_its_earlier_scripts_are_told(
    own: TestClient, powder: Fabricated
) -> None:
    made = pattern(41, 2000)
    powder.beside(replace(made, attributes=made.attributes | {FACT: encode_scripts([("p.py", "e" * 32)])}))
    wait_for(lambda: (ok(own, ONE)["shadow"] or {"runs": []})["runs"])
    assert ok(own, ONE)["shadow"]["outdated"] == [41]
    failing = Progress(total=TotalProgress(results=1), last_errors={"proc": "it fails now"})
    powder.beside(progress=failing)
    wait_for(lambda: not ok(own, ONE)["shadow"]["seen"])
    assert ok(own, ONE)["shadow"]["is_running"], "scripts that fail are not promoted"
    powder.beside(pid=None, files={}, products_dir="", why="it does not run now: it crashed")
    wait_for(lambda: not ok(own, ONE)["shadow"]["is_running"])
    shadow = ok(own, ONE)["shadow"]
    assert (shadow["seen"], shadow["why"]) == ("", "it does not run now: it crashed")
    assert [run["run"] for run in shadow["runs"]] == [41]
    assert ok(own, f"{ONE}/difference/41/result")["same"] is True
    (powder.path / "state/shadow/products/41/result.nxs").write_bytes(b"no HDF5 at all")
    powder.beside(pattern(42, 10))
    wait_for(lambda: ok(own, ONE)["shadow"]["runs"][0]["run"] == 42)
    assert own.get(f"{ONE}/shadow/41/result?max_points=9").status_code == 404


def wait_for(happens: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while not happens():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_files_that_are_gone_or_broken_are_not_found(own: TestClient, powder: Fabricated) -> None:
    folder = powder.path / "state" / "products" / "41"
    (folder / "detector.nxs").unlink()
    (folder / "result.nxs").write_bytes(b"no HDF5 at all")
    for path in ("detector", "detector.nxs", "detector.csv", "detector.png", "result", "result.csv", "result.png"):
        response = own.get(f"{ONE}/products/41/{path}")
        assert response.status_code == 404, path
        assert "read" in response.json()["error"]
    (folder / FILE_NAME).write_text("{")
    assert own.get(f"{ONE}/trends/41").status_code == 404


def test_a_killed_daemon_is_down_in_every_answer_and_connected_to_nothing(powder: Fabricated) -> None:
    """The snapshot is as new as can be, and its pid is that of a process that lives: the lock alone tells."""
    lock = powder.path / "run" / "lock"
    lock.write_text(f"pid {os.getpid()}\n")
    with lock.open() as daemon:
        fcntl.flock(daemon, fcntl.LOCK_EX)
        with visiting(powder) as client:
            assert ok(client, ONE)["status"]["progress"]["source"]["connected"]
            fcntl.flock(daemon, fcntl.LOCK_UN)
            deadline = time.monotonic() + 20
            while not ok(client, ONE)["card"]["down"] and time.monotonic() < deadline:
                time.sleep(0.05)
            body = ok(client, ONE)
            metrics = client.get("/metrics").text
    assert body["card"]["state"] == "down"
    assert body["card"]["down"].endswith("is gone, although nobody stopped it")
    source = body["status"]["progress"]["source"]
    assert (source["connected"], source["reason"]) == (False, "the daemon is down")
    assert 'livereduce_up{instrument="powder"} 0.0' in metrics
    assert "livereduce_source_connected{" not in metrics


def test_a_link_that_leads_elsewhere_is_not_followed(own: TestClient, powder: Fabricated, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    path = powder.path / "state" / "products" / "41" / "result.nxs"
    path.unlink()
    path.symlink_to(secret)
    for ending in ("", ".nxs", ".csv", ".png"):
        assert own.get(f"{ONE}/products/41/result{ending}").status_code == 404
    path.unlink()
    os.mkfifo(path)
    for ending in ("", ".nxs", ".csv", ".png"):
        assert own.get(f"{ONE}/products/41/result{ending}").status_code == 404, "and nobody waits at a pipe"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("what", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), Path.mkdir])
def test_a_pipe_in_the_place_of_any_of_our_files_stops_nobody(
    powder: Fabricated, what: Callable[[Path], object]
) -> None:
    """And the end comes too: a thread that waits in an open would keep the process from ending."""
    products = powder.path / "state" / "products"
    with visiting(powder) as client:
        for path in (products / "41" / FILE_NAME, products / "index.json", powder.path / "run" / "status.json"):
            path.unlink(missing_ok=True)
            what(path)
            assert client.get(f"{ONE}/trends/41").status_code == 404
        while "not a regular file" not in (body := ok(client, ONE)["card"])["down"]:
            pass
        assert body["state"] == "down"
        assert ok(client, f"{ONE}/products/41/result")["kind"] == "1d"


# ---- the description


def test_the_description_has_all_addresses_and_no_others(client: TestClient) -> None:
    told = {re.sub(r"\.(nxs|npz|csv|png)$", "", path) for path in description()["paths"]}
    routes = {re.sub(r":\w+\}", "}", route.path) for route in client.app.routes}  # type: ignore[attr-defined]
    pages = {
        "/",
        "/instrument/{id}",
        "/instrument/{id}/runs",
        "/instrument/{id}/detector",
        "/static/{name}",
        "/favicon.ico",
    }
    assert told == {route.removesuffix(".csv") for route in routes} - pages
    assert ok(client, "/api/openapi.json") == description()


def test_all_references_lead_somewhere() -> None:
    text = json.dumps(description())
    names = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert names <= set(description()["components"]["schemas"])
    assert names


# ---- figures of scripts


def test_a_figure_runs_in_a_sandbox_with_its_library(powder: Fabricated) -> None:
    powder.shelf.figure(41, "<div>drawn</div><script>Plotly.newPlot()</script>")
    with visiting(powder) as client:
        runs = {one["run"]: one["figure"] for one in ok(client, ONE)["runs"]}
        assert (bool(runs[41]), runs[40]) == (True, "")
        answer = client.get(f"{ONE}/figures/41")
        assert answer.status_code == 200
        assert "<div>drawn</div>" in answer.text
        assert len(answer.content) > 1_000_000
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("sandbox allow-scripts; default-src 'none'")
        assert "allow-same-origin" not in policy
        again = client.get(f"{ONE}/figures/41", headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304
        assert client.get(f"{ONE}/figures/40").json()["error"] == "no script has published a figure of run 40"
