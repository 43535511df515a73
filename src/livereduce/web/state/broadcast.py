"""News for those who watch: each has a box of bounded size, in which newer news replace older of the same thing.

A watcher that reads slowly therefore misses what has been overtaken, and costs the memory of one piece of news for
each thing there is, however long it does not read.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from livereduce.web.render.encode import to_json

MAX_WATCHERS = 1000
MAX_OF_ONE = MAX_WATCHERS // 2
"""Watchers from one address: a proxy that hides all its clients has as many."""
MAX_WAITING = 2000
"""Pieces of news in one box; a facility has fewer instruments and products than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something that has changed; `key` is the thing, of which only the newest news counts."""

    event: str
    key: tuple[object, ...]
    data: dict[str, Any]

    def encode(self) -> bytes:
        """As it stands in an event stream."""
        return b"event: %b\ndata: %b\n\n" % (self.event.encode(), to_json(self.data))


class Mailbox:
    """What one watcher has not been told yet.

    Attributes
    ----------
    ids
        The instruments it watches; None for all.
    overflown
        It has missed something for good: it is to be let go, comes again by itself, and is then told everything.
    """

    def __init__(self, ids: frozenset[str] | None) -> None:
        self.ids = ids
        self.overflown = False
        self._waiting: dict[tuple[object, ...], News] = {}
        self._filled = asyncio.Event()

    def put(self, news: News) -> None:
        """Add a piece of news if the watcher wants it."""
        if self.ids is not None and news.data.get("id") not in self.ids:
            return
        self._waiting.pop(news.key, None)
        if len(self._waiting) >= MAX_WAITING:
            self.overflown = True
        else:
            self._waiting[news.key] = news
        self._filled.set()

    async def take(self, timeout_s: float) -> list[News]:
        """All there is, after waiting for something; empty after `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._filled.wait()
        except TimeoutError:
            return []
        self._filled.clear()
        news, self._waiting = list(self._waiting.values()), {}
        return news

    def dismiss(self) -> None:
        """End the watch: somebody else needs the place."""
        self.overflown = True
        self._filled.set()

    def wake(self) -> None:
        """End a wait, because the server stops."""
        self._filled.set()


class Full(Exception):
    """There is no place for a watcher; the text says whose fault that is."""


class Broadcast:
    """The boxes of all that watch, each with the address that it is for.

    No address can take all places: each has a limit, and when all places are taken, one that has fewer than another
    gets one of the other's.
    """

    def __init__(self) -> None:
        self._boxes: dict[Mailbox, str] = {}
        self.closed = False

    def __len__(self) -> int:
        return len(self._boxes)

    def open(self, ids: frozenset[str] | None, first: Iterable[News], address: str = "") -> Mailbox:
        """A box for a new watcher, with what it is to be told first.

        Raises
        ------
        Full
            All places are taken, or as many as one address may have.
        """
        held = Counter(self._boxes.values())
        if held[address] >= MAX_OF_ONE:
            raise Full(f"{MAX_OF_ONE} are watching from this address already")
        if len(self._boxes) >= MAX_WATCHERS:
            self._dismiss(whose_place(held, address))
        box = Mailbox(ids)
        for news in first:
            box.put(news)
        self._boxes[box] = address
        return box

    def _dismiss(self, address: str) -> None:
        """Let the newest watcher of an address go; its browser comes again."""
        box = next(box for box, of in reversed(self._boxes.items()) if of == address)
        del self._boxes[box]
        box.dismiss()

    def leave(self, box: Mailbox) -> None:
        """Forget a watcher."""
        self._boxes.pop(box, None)

    def tell(self, news: News) -> None:
        """Put a piece of news into all boxes."""
        for box in self._boxes:
            box.put(news)

    def close(self) -> None:
        """Let all watchers go, because the server stops."""
        self.closed = True
        for box in self._boxes:
            box.wake()


def whose_place(held: Mapping[str, int], address: str) -> str:
    """The address that gives a place to another one when all are taken. Pure.

    Raises
    ------
    Full
        Nobody has more than the other one would have then.
    """
    most = max(held, key=lambda one: held[one])
    if held[most] <= held.get(address, 0) + 1:
        raise Full(f"all {sum(held.values())} places are taken")
    return most
