"""Cards from elsewhere."""

import asyncio
import json
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from helpers.rude_server import Rude, dripping, rude_server, saying
from livereduce.base.errors import OperatorError
from livereduce.base.exchange import NoHttpAnswer
from livereduce.web.peers import peers as module
from livereduce.web.peers.cards import MAX_CARDS, parse_cards, silent_cards
from livereduce.web.peers.peers import Peers, check_url
from livereduce.web.state.snapshot import View, card

URL = "http://bl11a-live:8090"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CARD = card(View(id="powder", name="POWDER"), NOW) | {"state": "running", "run": 7, "events_per_s": 1.5}


def answer(*cards: dict[str, Any]) -> bytes:
    return json.dumps({"at": "now", "instruments": cards}).encode()


def test_the_cards_of_another_page_are_ours_with_its_address() -> None:
    assert parse_cards(answer(CARD, card(View(id="a", name="A"), NOW)), URL, "now")[0] == {
        **CARD,
        "peer": URL,
        "seen_at": "now",
    }


def test_what_it_has_from_others_is_left_out_and_there_is_a_limit() -> None:
    assert parse_cards(answer({**CARD, "peer": "http://elsewhere"}), URL, "now") == []
    assert len(parse_cards(answer(*[CARD] * (MAX_CARDS + 1)), URL, "now")) == MAX_CARDS


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"instruments": 5}',
        b'{"instruments": [5]}',
        b"\xff\xfe",
        answer({**CARD, "events_per_s": "many"}),
        answer({**CARD, "events_per_s": float("inf")}),
        answer({**CARD, "name": {"a": 1}}),
        answer({**CARD, "run": True}),
        answer({key: value for key, value in CARD.items() if key != "state"}),
    ],
)
def test_what_is_no_list_of_cards_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_cards(body, URL, "now")


def test_unknown_fields_and_long_texts_stay_outside() -> None:
    (found,) = parse_cards(answer({**CARD, "evil": "<script>", "why": "x" * 10**5}), URL, "now")
    assert (set(found), len(found["why"])) == (set(CARD), 2000)


def test_a_card_says_how_old_it_is_also_one_of_an_earlier_version() -> None:
    old = {name: value for name, value in CARD.items() if name != "seen_at"}
    (found,) = parse_cards(answer(old), URL, "2026-01-02T03:04:05Z")
    assert found["seen_at"] == "2026-01-02T03:04:05Z"
    (found,) = parse_cards(answer({**CARD, "seen_at": "2025-01-02T03:04:05Z"}), URL, "2026-01-02T03:04:05Z")
    assert found["seen_at"] == "2025-01-02T03:04:05Z"
    (silent,) = silent_cards([found], URL, "refused", "then")
    assert silent["seen_at"] == "2025-01-02T03:04:05Z"


def test_of_a_page_that_does_not_answer_the_last_cards_say_so() -> None:
    (gone,) = silent_cards([{**CARD, "peer": URL}], URL, "refused", "then")
    assert (gone["state"], gone["down"], gone["since"], gone["name"]) == ("down", "refused", "then", "POWDER")
    (never,) = silent_cards([], URL, "refused", "then")
    assert (set(never), never["name"], never["peer"]) == (set(CARD), URL, URL)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bl11a:8090",
        "ftp://a",
        "http://",
        "http://u:p@a",
        "http://a?x=1",
        "http://[",
        "file:///etc",
    ],
)
def test_an_address_that_is_none_is_named(url: str) -> None:
    with pytest.raises(OperatorError, match="expected the address of another page"):
        check_url(url)


def test_a_slash_at_the_end_changes_nothing() -> None:
    assert check_url("http://a:1/") == "http://a:1"
    assert check_url("https://a/livereduce/bl11a/") == "https://a/livereduce/bl11a"
    assert Peers([]).cards() == []


# ---- peers that answer whatever they like


GOOD = b"HTTP/1.1 200 OK\r\n\r\n" + answer(CARD)
RUDE: dict[str, Rude] = {
    "no HTTP": saying(b"220 mail.example ESMTP\r\n"),
    "nothing": saying(b""),
    "another version": saying(b"HTTP/x 200 OK\r\n\r\n"),
    "broken chunks": saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "a byte now and then": dripping(b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "headers without end": dripping(b"HTTP/1.1 200 OK\r\n", b"X: x\r\n"),
    "gigabytes": dripping(b"HTTP/1.1 200 OK\r\n\r\n", bytes(1 << 20)),
    "an error": saying(b"HTTP/1.1 500 no\r\n\r\n" + answer(CARD)),
    "a redirect": saying(b"HTTP/1.1 302 no\r\nLocation: http://127.0.0.1:1/\r\n\r\n"),
    "no JSON": saying(b"HTTP/1.1 200 OK\r\n\r\n<html>"),
    "other JSON": saying(b'HTTP/1.1 200 OK\r\n\r\n{"instruments": {"a": []}}'),
    "deep JSON": saying(b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 100_000),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("what", RUDE)
def test_a_peer_that_answers_anything_is_said_to_be_silent_and_asked_again(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", 0.3)
    monkeypatch.setattr(module, "ASK_EVERY_S", 0.02)
    behaviour = {"first": saying(GOOD)}

    async def watch(urls: list[str]) -> None:
        peers = Peers(urls)
        task = asyncio.create_task(peers.watch(lambda: "2026-01-02T03:04:05Z"))

        async def until(first: str, second: str) -> dict[str, Any]:
            while [card["state"] for card in peers.cards()] != [first, second]:
                assert not task.done(), "the watch goes on whatever is answered"
                await asyncio.sleep(0.005)
            return peers.cards()[0]

        try:
            await until("running", "running")
            behaviour["first"] = RUDE[what]
            gone = await until("down", "running")
            assert (gone["since"], gone["peer"]) == ("2026-01-02T03:04:05Z", urls[0])
            assert gone["why"].startswith(f"{urls[0]} does not answer: ")
            assert "ESMTP" not in gone["why"]
            behaviour["first"] = saying(GOOD)
            await until("running", "running")
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            peers.close()

    with rude_server(lambda one, asked: behaviour["first"](one, asked)) as first, rude_server(saying(GOOD)) as second:
        asyncio.run(watch([first, second]))


@pytest.mark.timeout(60)
def test_a_peer_whose_name_is_looked_up_for_ever_is_silent_too(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    asked: list[str] = []

    def hang(url: str) -> bytes:
        asked.append(url)
        released.wait(30)
        raise NoHttpAnswer("released")

    monkeypatch.setattr(module, "_get", hang)
    monkeypatch.setattr(module, "STUCK_S", 0.02)
    monkeypatch.setattr(module, "ASK_EVERY_S", 0.01)

    async def watch() -> None:
        peers = Peers([URL])
        task = asyncio.create_task(peers.watch(lambda: "then"))
        while "nothing for" not in (peers.cards() or [{"why": ""}])[0]["why"]:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.1)
        released.set()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        peers.close()

    asyncio.run(watch())
    assert len(asked) == 1, "no more threads are spent on it"
