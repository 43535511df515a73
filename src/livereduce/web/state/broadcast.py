"""News for watchers: each has a mailbox of bounded size, in which news replaces older news about the same thing.

A slow watcher therefore misses outdated news, and costs the memory of one item per thing, however long it does not
read.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from livereduce.web.render.encode import to_json

MAX_WATCHERS = 1000
MAX_OF_ONE = MAX_WATCHERS // 2
"""Most watchers from one address; a proxy that hides its clients counts as one address."""
MAX_WAITING = 2000
"""Most items in one mailbox; a facility has fewer instruments and products than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A change; `key` is the thing that changed, of which only the newest news counts."""

    event: str
    key: tuple[object, ...]
    data: dict[str, Any]

    def encode(self) -> bytes:
        """Encode for an event stream."""
        return b"event: %b\ndata: %b\n\n" % (self.event.encode(), to_json(self.data))


class Mailbox:
    """News that one watcher has not received yet.

    Attributes
    ----------
    ids
        The instruments that it watches; None for all.
    overflown
        News was lost: the watcher is disconnected, reconnects by itself, and then gets everything.
    """

    def __init__(self, ids: frozenset[str] | None) -> None:
        self.ids = ids
        self.overflown = False
        self._waiting: dict[tuple[object, ...], News] = {}
        self._filled = asyncio.Event()

    def put(self, news: News) -> None:
        """Add news if the watcher wants it."""
        if self.ids is not None and news.data.get("id") not in self.ids:
            return
        self._waiting.pop(news.key, None)
        if len(self._waiting) >= MAX_WAITING:
            self.overflown = True
        else:
            self._waiting[news.key] = news
        self._filled.set()

    async def take(self, timeout_s: float) -> list[News]:
        """Wait for news and take all of it; empty after `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._filled.wait()
        except TimeoutError:
            return []
        self._filled.clear()
        news, self._waiting = list(self._waiting.values()), {}
        return news

    def dismiss(self) -> None:
        """End the watch: another watcher needs the place."""
        self.overflown = True
        self._filled.set()

    def wake(self) -> None:
        """End a wait, because the server stops."""
        self._filled.set()


class Full(Exception):
    """There is no place for another watcher; the text says why."""


class Broadcast:
    """The mailboxes of all watchers, each with the address of its client.

    No address can take all places: each has a limit. When all places are taken, a new watcher gets the place of an
    address that has more watchers.
    """

    def __init__(self) -> None:
        self._mailboxes: dict[Mailbox, str] = {}
        self.closed = False

    def __len__(self) -> int:
        return len(self._mailboxes)

    def open(self, ids: frozenset[str] | None, first: Iterable[News], address: str = "") -> Mailbox:
        """Open a mailbox for a new watcher, with its first news.

        Raises
        ------
        Full
            All places are taken, or as many as one address may have.
        """
        held = Counter(self._mailboxes.values())
        if held[address] >= MAX_OF_ONE:
            raise Full(f"{MAX_OF_ONE} browsers are already connected from this address")
        if len(self._mailboxes) >= MAX_WATCHERS:
            self._dismiss(whose_place(held, address))
        mailbox = Mailbox(ids)
        for news in first:
            mailbox.put(news)
        self._mailboxes[mailbox] = address
        return mailbox

    def _dismiss(self, address: str) -> None:
        """Disconnect the newest watcher of an address; its browser reconnects."""
        mailbox = next(mailbox for mailbox, of in reversed(self._mailboxes.items()) if of == address)
        del self._mailboxes[mailbox]
        mailbox.dismiss()

    def leave(self, mailbox: Mailbox) -> None:
        """Remove a watcher."""
        self._mailboxes.pop(mailbox, None)

    def tell(self, news: News) -> None:
        """Put news into all mailboxes."""
        for mailbox in self._mailboxes:
            mailbox.put(news)

    def close(self) -> None:
        """Disconnect all watchers, because the server stops."""
        self.closed = True
        for mailbox in self._mailboxes:
            mailbox.wake()


def whose_place(held: Mapping[str, int], address: str) -> str:
    """The address that must give up a place to another one when all are taken. Pure.

    Raises
    ------
    Full
        No address has more than the new one would have then.
    """
    most = max(held, key=lambda one: held[one])
    if held[most] <= held.get(address, 0) + 1:
        raise Full(f"all {sum(held.values())} connections are in use")
    return most
