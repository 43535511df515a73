"""Other pages, asked for their cards every few seconds, for the overview of a facility."""

import asyncio
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from livereduce.errors import OperatorError
from livereduce.web.peer_cards import parse_cards, silent_cards

ASK_EVERY_S = 5.0
TIMEOUT_S = 4.0
MOST_AT_ONCE = 64
MOST_BYTES = 1 << 20


@dataclass(slots=True)
class Peer:
    """Another page: its address and what it answered last."""

    url: str
    cards: list[dict[str, Any]] = field(default_factory=list)
    why: str = ""
    since: str = ""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A page that was named is asked, and nobody else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


# without the environment's proxies: peers are hosts of the same facility
_OPENER = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))


class Peers:
    """The peers of a page."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._peers = [Peer(check_url(url)) for url in urls]
        # a thread for each: one that answers a byte a second must not keep the others waiting
        self._threads = ThreadPoolExecutor(max(1, min(len(urls), MOST_AT_ONCE)), "peers")

    def close(self) -> None:
        """Wait for nothing any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def cards(self) -> list[dict[str, Any]]:
        """The cards of all peers; of those that do not answer the last ones, which say so."""
        found: list[dict[str, Any]] = []
        for peer in self._peers:
            found += silent_cards(peer.cards, peer.url, peer.why, peer.since) if peer.why else peer.cards
        return found

    async def watch(self, now: Any) -> None:
        """Ask all of them again and again until cancelled; `now` gives the time as text."""
        await asyncio.gather(*(self._watch(peer, now) for peer in self._peers))

    async def _watch(self, peer: Peer, now: Any) -> None:
        while True:
            await self._ask(peer, now)
            await asyncio.sleep(ASK_EVERY_S)

    async def _ask(self, peer: Peer, now: Any) -> None:
        try:
            peer.cards = parse_cards(await self._get(f"{peer.url}/api/instruments"), peer.url)
            peer.why = peer.since = ""
        except (OSError, ValueError) as error:
            peer.since = peer.since or now()
            peer.why = f"{peer.url} does not answer: {getattr(error, 'reason', None) or error}"[:500]

    async def _get(self, url: str) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(self._threads, _get, url)


def check_url(url: str) -> str:
    """The address of a peer without a slash at its end.

    Raises
    ------
    OperatorError
        It is no address of a page.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.path in ("", "/")
        good = good and not (parts.query or parts.fragment or parts.username) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise OperatorError(f"--peer {url}: expected the address of another page, for example http://bl11a-live:8090")
    return url.rstrip("/")


def _get(url: str) -> bytes:
    request = urllib.request.Request(url, headers={"accept": "application/json"})
    with _OPENER.open(request, timeout=TIMEOUT_S) as response:
        body: bytes = response.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES} bytes")
    return body
