"""Regions that somebody keeps or removes on the page: with the token, by the daemon, and seen by everybody."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from helpers.desk import desk_in
from helpers.fabricated import Fabricated
from livereduce.base.errors import OperatorError
from livereduce.daemon.orders.desk import RequestDone
from livereduce.daemon.orders.regions import set_regions
from livereduce.messages.regions import MAX_VERTICES, Region, RegionKind, encode_region, read_regions
from livereduce.messages.request import NotDone, Request, Want
from livereduce.web.app import make_app
from livereduce.web.server import make_context

TOKEN = "correct-horse-battery"
RIGHT = {"authorization": f"Bearer {TOKEN}"}
REGIONS = "/api/instruments/powder/regions"
LASSO = Region(
    name="ring 1",
    kind=RegionKind.LASSO,
    projection="cylinder",
    points=tuple((k * 1.23456789012345, -k * 2.3456789012345) for k in range(MAX_VERTICES)),
)
BOX = encode_region(Region(name="box", kind=RegionKind.RECTANGLE, projection="flat", points=((0.0, 0.0), (1.0, 1.0))))


@pytest.fixture
def powder(tmp_path: Path) -> Fabricated:
    made = Fabricated(tmp_path / "powder", "POWDER")
    made.say()
    return made


@contextmanager
def visiting(powder: Fabricated, *, with_token: bool = True) -> Iterator[TestClient]:
    token = powder.path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    context = make_context([powder.conf], [], token if with_token else None, {}, powder.path)
    with TestClient(make_app(context, frozenset()), base_url="http://localhost") as client:
        yield client


@contextmanager
def daemon_of(powder: Fabricated) -> Iterator[None]:
    """The desk of a daemon that keeps regions as the daemon's clerk does."""

    def act(request: Request, _who: str) -> RequestDone:
        assert request.want is Want.SET_REGIONS
        try:
            return RequestDone(set_regions(powder.path / "state", request))
        except OperatorError as refused:
            raise NotDone(str(refused)) from None

    with desk_in(powder.path / "run", act):
        while not (powder.path / "run" / "orders").exists():
            pass
        yield


def test_a_region_is_kept_and_removed_by_the_daemon(powder: Fabricated) -> None:
    state = powder.path / "state"
    with visiting(powder) as client, daemon_of(powder):
        kept = client.post(REGIONS, content=encode_region(LASSO), headers=RIGHT)
        assert (kept.status_code, kept.json()) == (200, {"text": "region 'ring 1' is kept: 1 of at most 20"})
        assert read_regions(state) == (LASSO,)
        refused = client.delete(f"{REGIONS}/box", headers=RIGHT)
        assert (refused.status_code, "no region named 'box' is kept" in refused.json()["error"]) == (409, True)
        removed = client.delete(f"{REGIONS}/ring%201", headers=RIGHT)
        assert (removed.status_code, removed.json()) == (200, {"text": "region 'ring 1' is removed"})
        assert read_regions(state) == ()


def test_a_region_is_renamed_with_one_request(powder: Fabricated) -> None:
    with visiting(powder) as client, daemon_of(powder):
        client.post(REGIONS, content=BOX, headers=RIGHT)
        other = client.post(REGIONS, params={"instead": "box"}, content=BOX.replace("box", "slit"), headers=RIGHT)
        assert (other.status_code, other.json()) == (200, {"text": "region 'slit' is kept: 1 of at most 20"})
        assert [one.name for one in read_regions(powder.path / "state")] == ["slit"]
        nobody = client.post(REGIONS, params={"instead": "box"}, content=BOX, headers=RIGHT)
        assert (nobody.status_code, "no region named 'box' is kept" in nobody.json()["error"]) == (409, True)
        long = client.post(REGIONS, params={"instead": "n" * 41}, content=BOX, headers=RIGHT)
        assert (long.status_code, "instead: expected the name" in long.json()["error"]) == (422, True)


def test_it_needs_the_token_our_own_page_and_a_daemon(powder: Fabricated) -> None:
    with visiting(powder) as client:
        for method, path, body in (("POST", REGIONS, BOX), ("DELETE", f"{REGIONS}/box", None)):
            ask = partial(client.request, method, path, content=body)
            assert ask().status_code == 401
            assert ask(headers={"authorization": "Bearer wrong"}).status_code == 401
            assert ask(headers={**RIGHT, "origin": "http://evil.example"}).status_code == 403
            nobody = ask(headers={**RIGHT, "origin": "http://localhost"})
            assert (nobody.status_code, "there is no such socket" in nobody.json()["error"]) == (409, True)
        assert client.delete(REGIONS, headers=RIGHT).status_code == 405
        assert client.post("/api/instruments/nobody/regions", content=BOX, headers=RIGHT).status_code == 404
    with visiting(powder, with_token=False) as client:
        refused = client.post(REGIONS, content=BOX, headers=RIGHT)
        assert (refused.status_code, refused.json()["error"].split(":")[0]) == (403, "this page changes nothing")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not the JSON of a region"),
        (b"\xff", "this is no region"),
        (b"{}", "name is missing"),
        (b"[" * 9000, "not the JSON of a region"),
        (BOX.replace("box", "<b>").encode(), "name: expected 1 to 40 letters"),
        (BOX.encode() + b" " * 12_000, "at most 12000 characters"),
    ],
)
def test_what_is_no_region_is_refused_with_the_reason(powder: Fabricated, body: bytes, says: str) -> None:
    with visiting(powder) as client:
        answer = client.post(REGIONS, content=body, headers=RIGHT)
        assert (answer.status_code, says in answer.json()["error"]) == (422, True), answer.text
