"""Work that many ask for at once is done once: answers by what they are made of, in bounded memory."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

MAX_BYTES = 64 << 20
MAX_WAITING = 64
"""Different pieces of work in progress or waiting; more are refused."""


class CacheBusy(Exception):
    """Too much different work is asked for at once."""


class Cache:
    """Bytes by key, least recently used first to go; a key must name a state of its source, not just the source."""

    def __init__(self, most_bytes: int = MAX_BYTES) -> None:
        self._most_bytes = most_bytes
        self._held: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._held_bytes = 0
        self._making: dict[tuple[object, ...], asyncio.Task[bytes]] = {}

    async def close(self) -> None:
        """Give up what is being made."""
        for task in self._making.values():
            task.cancel()
        await asyncio.gather(*self._making.values(), return_exceptions=True)

    @property
    def held_bytes(self) -> int:
        """What all answers together take."""
        return self._held_bytes

    async def get(self, key: tuple[object, ...], make: Callable[[], Awaitable[bytes]]) -> bytes:
        """The answer of this key, made if it is not there.

        Raises
        ------
        Busy
            It would be one too many; and whatever `make` raises.
        """
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        if key not in self._making:
            if len(self._making) >= MAX_WAITING:
                raise CacheBusy
            task = self._making[key] = asyncio.create_task(self._make(key, make))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        # somebody who goes away must not take the work away from the others
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
