"""News: what is newer replaces what is older, and a reader who does not read costs nothing."""

import asyncio
from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.web.state import broadcast as module
from livereduce.web.state.broadcast import Broadcast, Full, Mailbox, News


def news(thing: str, value: int, event: str = "status") -> News:
    return News(event=event, key=(event, thing), data={"id": thing, "value": value})


def waiting(mailbox: Mailbox) -> list[News]:
    return asyncio.run(mailbox.take(0.0))


def test_of_each_thing_only_the_newest_news_wait_in_order() -> None:
    broadcast = Broadcast()
    mailbox = broadcast.open(None, [news("a", 1)])
    for value in range(100):
        broadcast.tell(news("b", value))
    broadcast.tell(news("a", 2))
    assert [one.data for one in waiting(mailbox)] == [{"id": "b", "value": 99}, {"id": "a", "value": 2}]
    assert waiting(mailbox) == []


def test_only_what_is_watched_is_told() -> None:
    broadcast = Broadcast()
    mailbox = broadcast.open(frozenset({"a"}), [])
    broadcast.tell(news("a", 1))
    broadcast.tell(news("b", 2))
    assert [one.data["id"] for one in waiting(mailbox)] == ["a"]


def test_who_has_left_is_told_nothing() -> None:
    broadcast = Broadcast()
    mailbox = broadcast.open(None, [])
    broadcast.leave(mailbox)
    broadcast.leave(mailbox)
    broadcast.tell(news("a", 1))
    assert (len(broadcast), waiting(mailbox)) == (0, [])


def test_more_things_than_a_box_holds_let_the_watcher_go() -> None:
    mailbox = Mailbox(None)
    for number in range(module.MAX_WAITING + 1):
        assert not mailbox.overflown
        mailbox.put(news(str(number), 0))
    assert mailbox.overflown


def test_there_is_a_limit_to_watchers() -> None:
    broadcast = Broadcast()
    for number in range(module.MAX_WATCHERS):
        broadcast.open(None, [], str(number))
    with pytest.raises(Full, match="all 1000 connections are in use"):
        broadcast.open(None, [], "somebody else")


def test_one_address_cannot_have_all_places_and_two_cannot_keep_a_third_out() -> None:
    broadcast = Broadcast()
    greedy = {name: [broadcast.open(None, [], name) for _ in range(module.MAX_OF_ONE)] for name in ("a", "b")}
    assert len(broadcast) == module.MAX_WATCHERS
    with pytest.raises(Full, match="500 browsers are already connected from this address"):
        broadcast.open(None, [], "a")
    mailboxes = [broadcast.open(None, [], "c") for _ in range(10)]
    assert len(broadcast) == module.MAX_WATCHERS
    assert not any(mailbox.overflown for mailbox in mailboxes)
    assert [sum(mailbox.overflown for mailbox in some) for some in greedy.values()] == [5, 5]
    assert not greedy["a"][0].overflown, "who came first stays"


@given(st.lists(st.sampled_from("abcdef"), max_size=60))
def test_all_get_their_share_whoever_comes_first(asked: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MAX_WATCHERS", 12)
        patch.setattr(module, "MAX_OF_ONE", 9)
        broadcast, mailboxes = Broadcast(), []
        for name in asked:
            with suppress(Full):
                mailboxes.append((name, broadcast.open(None, [], name)))
        held = Counter(name for name, mailbox in mailboxes if not mailbox.overflown)
    assert held.total() == len(broadcast) <= 12
    wanted = Counter(asked)
    fair = 12 // max(1, len(wanted))
    assert all(held[name] >= min(wanted[name], fair) for name in wanted)


def test_who_has_to_go_is_told_at_once() -> None:
    async def wait() -> list[News]:
        mailbox = Mailbox(None)
        taking = asyncio.create_task(mailbox.take(60.0))
        await asyncio.sleep(0)
        mailbox.dismiss()
        return await taking

    assert asyncio.run(wait()) == []


def test_a_piece_of_news_is_one_event_whatever_is_in_it() -> None:
    text = News(event="down", key=(), data={"id": "a", "down": "gone\n\nevent: evil\ndata: 1"}).encode().decode()
    assert text.count("\n") == 3
    assert text.startswith('event: down\ndata: {"id":"a"')
