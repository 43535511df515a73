"""News: what is newer replaces what is older, and a reader who does not read costs nothing."""

import asyncio

from livereduce.web import hub as module
from livereduce.web.hub import Box, Hub, News


def news(thing: str, value: int, event: str = "status") -> News:
    return News(event=event, key=(event, thing), data={"id": thing, "value": value})


def waiting(box: Box) -> list[News]:
    return asyncio.run(box.take(0.0))


def test_of_each_thing_only_the_newest_news_wait_in_order() -> None:
    hub = Hub()
    box = hub.open(None, [news("a", 1)])
    for value in range(100):
        hub.tell(news("b", value))
    hub.tell(news("a", 2))
    assert [one.data for one in waiting(box)] == [{"id": "b", "value": 99}, {"id": "a", "value": 2}]
    assert waiting(box) == []


def test_only_what_is_watched_is_told() -> None:
    hub = Hub()
    box = hub.open(frozenset({"a"}), [])
    hub.tell(news("a", 1))
    hub.tell(news("b", 2))
    assert [one.data["id"] for one in waiting(box)] == ["a"]


def test_who_has_left_is_told_nothing() -> None:
    hub = Hub()
    box = hub.open(None, [])
    hub.leave(box)
    hub.leave(box)
    hub.tell(news("a", 1))
    assert (len(hub), waiting(box)) == (0, [])


def test_more_things_than_a_box_holds_let_the_watcher_go() -> None:
    box = Box(None)
    for number in range(module.MOST_WAITING + 1):
        assert not box.overflown
        box.put(news(str(number), 0))
    assert box.overflown


def test_there_is_a_limit_to_watchers() -> None:
    hub = Hub()
    for _ in range(module.MOST_WATCHERS):
        assert not hub.full
        hub.open(None, [])
    assert hub.full


def test_a_piece_of_news_is_one_event_whatever_is_in_it() -> None:
    text = News(event="down", key=(), data={"id": "a", "down": "gone\n\nevent: evil\ndata: 1"}).encode().decode()
    assert text.count("\n") == 3
    assert text.startswith('event: down\ndata: {"id":"a"')
