"""News for those who watch: each has a box of bounded size, in which newer news replace older of the same thing.

A watcher that reads slowly therefore misses what has been overtaken, and costs the memory of one piece of news for
each thing there is, however long it does not read.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from livereduce.web.encode import to_json

MOST_WATCHERS = 1000
MOST_WAITING = 2000
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


class Box:
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
        if len(self._waiting) >= MOST_WAITING:
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

    def wake(self) -> None:
        """End a wait, because the server stops."""
        self._filled.set()


class Hub:
    """The boxes of all that watch."""

    def __init__(self) -> None:
        self._boxes: set[Box] = set()
        self.closed = False

    def __len__(self) -> int:
        return len(self._boxes)

    @property
    def full(self) -> bool:
        """Whether nobody more is taken."""
        return len(self._boxes) >= MOST_WATCHERS

    def open(self, ids: frozenset[str] | None, first: Iterable[News]) -> Box:
        """A box for a new watcher, with what it is to be told first."""
        box = Box(ids)
        for news in first:
            box.put(news)
        self._boxes.add(box)
        return box

    def leave(self, box: Box) -> None:
        """Forget a watcher."""
        self._boxes.discard(box)

    def tell(self, news: News) -> None:
        """Put a piece of news into all boxes."""
        for box in self._boxes:
            box.put(news)

    def close(self) -> None:
        """Let all watchers go, because the server stops."""
        self.closed = True
        for box in self._boxes:
            box.wake()
