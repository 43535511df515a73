"""Do work that many clients ask for only once: a bounded cache of answers, keyed by what they are made from."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

MAX_BYTES = 64 << 20
MAX_WAITING = 64
"""Most different jobs in progress or waiting; more are refused."""


class CacheBusy(Exception):
    """Too many different jobs at once."""


class Cache:
    """Bytes by key, least recently used evicted first; a key must include a version of its source."""

    def __init__(self, most_bytes: int = MAX_BYTES) -> None:
        self._most_bytes = most_bytes
        self._held: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._held_bytes = 0
        self._making: dict[tuple[object, ...], asyncio.Task[bytes]] = {}

    async def close(self) -> None:
        """Cancel what is being made."""
        for task in self._making.values():
            task.cancel()
        await asyncio.gather(*self._making.values(), return_exceptions=True)

    @property
    def held_bytes(self) -> int:
        """Memory of all answers together."""
        return self._held_bytes

    async def get(self, key: tuple[object, ...], make: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return the answer for a key; make it if it is not cached.

        Raises
        ------
        Busy
            Too many jobs; and whatever `make` raises.
        """
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        if key not in self._making:
            if len(self._making) >= MAX_WAITING:
                raise CacheBusy
            task = self._making[key] = asyncio.create_task(self._make(key, make))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        # one client that disconnects must not cancel the work for the others
        return await asyncio.shield(self._making[key])

    async def _make(self, key: tuple[object, ...], make: Callable[[], Awaitable[bytes]]) -> bytes:
        try:
            made = await make()
        finally:
            del self._making[key]
        self._keep(key, made)
        return made

    def _keep(self, key: tuple[object, ...], made: bytes) -> None:
        if len(made) > self._most_bytes // 4:
            return
        self._held[key] = made
        self._held_bytes += len(made)
        while self._held_bytes > self._most_bytes:
            _, gone = self._held.popitem(last=False)
            self._held_bytes -= len(gone)
