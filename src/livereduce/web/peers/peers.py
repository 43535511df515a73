"""Other pages, asked for their cards every few seconds, for the overview of a facility."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from livereduce.base.errors import OperatorError
from livereduce.base.exchange import NoHttpAnswer, exchange
from livereduce.web.peers.cards import parse_cards, silent_cards
from livereduce.web.peers.glances import NOTHING, parse_glance
from livereduce.web.render.encode import to_json

ASK_EVERY_S = 5.0
TIMEOUT_S = 4.0
STUCK_S = 20.0
"""Timeout including the name lookup, which can take longer than the exchange may."""
MAX_AT_ONCE = 64
MAX_BYTES = 1 << 20
MAX_GLANCES = 2
"""Most glances that one peer is asked for at a time: a slow one must not make the others wait."""

log = logging.getLogger("livereduce.web")


@dataclass(slots=True)
class Peer:
    """Another page: its address and its last answer."""

    url: str
    cards: list[dict[str, Any]] = field(default_factory=list)
    why: str = ""
    since: str = ""
    asking: asyncio.Future[bytes] | None = None
    glancing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_GLANCES))


class Peers:
    """The peers of a page."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._peers = [Peer(check_url(url)) for url in urls]
        # one thread per peer: one that answers a byte a second must not make the others wait
        self._threads = ThreadPoolExecutor(max(1, min(len(urls), MAX_AT_ONCE)), "peers")
        self._glances = ThreadPoolExecutor(max(1, min(MAX_GLANCES * len(urls), MAX_AT_ONCE)), "glances")

    def close(self) -> None:
        """Stop waiting for threads."""
        for threads in (self._threads, self._glances):
            threads.shutdown(wait=False, cancel_futures=True)

    def knows(self, url: str) -> bool:
        """True if this is the address of a peer."""
        return any(peer.url == url for peer in self._peers)

    async def glance(self, url: str, name: str, target: float | None) -> bytes:
        """The glance of a peer at one of its instruments, checked; nothing if it has none that can be used."""
        peer = next(peer for peer in self._peers if peer.url == url)
        query = f"?target={target!r}" if target else ""
        async with peer.glancing:
            if peer.why:
                return to_json(NOTHING)
            asked = f"{url}/api/instruments/{quote(name, safe='')}/glance{query}"
            asking = asyncio.get_running_loop().run_in_executor(self._glances, _get, asked)
            try:
                async with asyncio.timeout(STUCK_S):
                    return to_json(parse_glance(await asking))
            except (NoHttpAnswer, ValueError, TimeoutError) as error:
                log.debug("no glance at %s of %s: %s", name, url, error)
                return to_json(NOTHING)

    def cards(self) -> list[dict[str, Any]]:
        """The cards of all peers; the last ones of peers that do not answer, marked as such."""
        found: list[dict[str, Any]] = []
        for peer in self._peers:
            found += silent_cards(peer.cards, peer.url, peer.why, peer.since) if peer.why else peer.cards
        return found

    async def watch(self, now: Callable[[], str]) -> None:
        """Ask all peers periodically until cancelled; `now` gives the time as text."""
        await asyncio.gather(*(self._watch(peer, now) for peer in self._peers))

    async def _watch(self, peer: Peer, now: Callable[[], str]) -> None:
        while True:
            await self._ask(peer, now)
            await asyncio.sleep(ASK_EVERY_S)

    async def _ask(self, peer: Peer, now: Callable[[], str]) -> None:
        if peer.asking is None:
            url = f"{peer.url}/api/instruments"
            peer.asking = asyncio.get_running_loop().run_in_executor(self._threads, _get, url)
        done, _ = await asyncio.wait({peer.asking}, timeout=STUCK_S)
        try:  # The boundary of one try of one peer: whatever it answers, it is asked again, and so are the others.
            if not done:
                raise NoHttpAnswer(f"nothing for {STUCK_S:g} s")
            asking, peer.asking = peer.asking, None
            peer.cards = parse_cards(asking.result(), peer.url, now())
            peer.why = peer.since = ""
        except (NoHttpAnswer, ValueError) as error:
            peer.since = peer.since or now()
            peer.why = f"{peer.url} does not answer: {error}"[:500]
        except Exception as error:
            if not peer.why:
                log.exception("the peer %s", peer.url)
            peer.since = peer.since or now()
            peer.why = f"{peer.url} cannot be asked: {type(error).__name__}"


def check_url(url: str) -> str:
    """The address of a peer without a slash at its end.

    Raises
    ------
    OperatorError
        It is not the address of a page.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        good = good and not (parts.query or parts.fragment or parts.username) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise OperatorError(f"--peer {url}: expected the address of another page, for example http://bl11a-live:8090")
    return url.rstrip("/")


def _get(url: str) -> bytes:
    answer = exchange(url, headers={"Accept": "application/json"}, timeout_s=TIMEOUT_S, most_bytes=MAX_BYTES)
    if answer.status != HTTPStatus.OK:
        raise NoHttpAnswer(f"HTTP status {answer.status}")
    return answer.body
