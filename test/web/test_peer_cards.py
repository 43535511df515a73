"""Cards from elsewhere."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from livereduce.errors import OperatorError
from livereduce.web.peer_cards import MOST_CARDS, parse_cards, silent_cards
from livereduce.web.peers import Peers, check_url
from livereduce.web.view import View, card

URL = "http://bl11a-live:8090"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CARD = card(View(id="powder", name="POWDER"), NOW) | {"state": "running", "run": 7, "events_per_s": 1.5}


def answer(*cards: dict[str, Any]) -> bytes:
    return json.dumps({"at": "now", "instruments": cards}).encode()


def test_the_cards_of_another_page_are_ours_with_its_address() -> None:
    assert parse_cards(answer(CARD, card(View(id="a", name="A"), NOW)), URL)[0] == {**CARD, "peer": URL}


def test_what_it_has_from_others_is_left_out_and_there_is_a_limit() -> None:
    assert parse_cards(answer({**CARD, "peer": "http://elsewhere"}), URL) == []
    assert len(parse_cards(answer(*[CARD] * (MOST_CARDS + 1)), URL)) == MOST_CARDS


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
        parse_cards(body, URL)


def test_unknown_fields_and_long_texts_stay_outside() -> None:
    (found,) = parse_cards(answer({**CARD, "evil": "<script>", "why": "x" * 10**5}), URL)
    assert (set(found), len(found["why"])) == (set(CARD), 2000)


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
        "http://a/page",
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
    assert Peers([]).cards() == []
