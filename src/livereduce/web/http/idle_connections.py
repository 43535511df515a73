"""Close unused connections: those that send nothing, and those that do not read their answer.

uvicorn closes a connection that is quiet between two requests, but waits forever for the rest of a first request, and
for a reader that has stopped reading. Each costs memory and one of the limited number of connections.
"""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, TypeVar

IDLE_S, BLOCKED_S = 20.0, 30.0
LOOK_EVERY_S = 5.0

Condition = tuple[str, int]
"""Why a connection stands still: (``idle``, 0), or (``blocked``, bytes waiting); any change is a sign of life."""

Key = TypeVar("Key", bound=Hashable)


def step(
    known: Mapping[Key, tuple[Condition, float]], seen: Mapping[Key, Condition], now: float
) -> tuple[dict[Key, tuple[Condition, float]], list[Key]]:
    """Since when each connection has been in its condition, and the overdue ones. Pure."""
    since = {
        key: known[key] if key in known and known[key][0] == condition else (condition, now)
        for key, condition in seen.items()
    }
    limit_s = {"idle": IDLE_S, "blocked": BLOCKED_S}
    return since, [key for key, (condition, at) in since.items() if now - at >= limit_s[condition[0]]]


def condition_of(connection: Any) -> Condition | None:
    """Condition of one of uvicorn's h11 connections that stands still; None if it is working."""
    waiting = connection.transport.get_write_buffer_size()
    if waiting:
        return "blocked", waiting
    if connection.cycle is None or connection.cycle.response_complete:
        return "idle", 0
    return None


async def reap(connections: Callable[[], Iterable[Any]]) -> None:
    """Close overdue connections periodically, until cancelled."""
    loop = asyncio.get_running_loop()
    known: dict[Any, tuple[Condition, float]] = {}
    while True:
        seen = {one: condition for one in connections() if (condition := condition_of(one)) is not None}
        known, overdue = step(known, seen, loop.time())
        for one in overdue:
            one.transport.abort()
        await asyncio.sleep(LOOK_EVERY_S)
