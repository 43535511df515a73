"""Server-sent events over one connection: writes a watcher's mailbox as fast as the watcher reads."""

import asyncio

from starlette.types import Receive, Scope, Send

from livereduce.web.state.broadcast import Broadcast, Mailbox

BEAT_EVERY_S = 8.0
"""After 25 s without one, the page reports that it lost the connection to its server."""
MAX_BLOCKED_S = 30.0
"""A watcher that reads nothing this long is disconnected; its browser reconnects by itself."""

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx passes each event on as it comes
]


class EventStream:
    """The response (an ASGI application) that sends news to a watcher until it disconnects."""

    def __init__(self, broadcast: Broadcast, mailbox: Mailbox) -> None:
        self._broadcast, self._mailbox = broadcast, mailbox

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Write until the watcher disconnects, is too slow, or the server stops."""
        telling = asyncio.create_task(self._tell(send))
        try:
            gone = asyncio.create_task(_gone(receive))
            await asyncio.wait({telling, gone}, return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
        finally:
            self._broadcast.leave(self._mailbox)
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    async def _tell(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await self._write(send, b"retry: 2000\nevent: hello\ndata: {}\n\n")
        while not (self._broadcast.closed or self._mailbox.overflown):
            news = await self._mailbox.take(BEAT_EVERY_S)
            await self._write(send, b"".join(one.encode() for one in news) or b"event: beat\ndata: {}\n\n")
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, send: Send, body: bytes) -> None:
        async with asyncio.timeout(MAX_BLOCKED_S):
            await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
