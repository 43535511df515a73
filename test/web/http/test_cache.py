"""Work that many ask for is done once, and what is kept is bounded."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from livereduce.web.http import cache as module
from livereduce.web.http.cache import Cache, CacheBusy


def test_many_ask_and_it_is_done_once() -> None:
    made = []

    async def ask() -> list[bytes]:
        cache, go = Cache(), asyncio.Event()

        async def make() -> bytes:
            made.append(1)
            await go.wait()
            return b"answer"

        asking = [asyncio.create_task(cache.get(("a",), make)) for _ in range(200)]
        await asyncio.sleep(0)
        asking[0].cancel()  # one who goes away does not take it away from the others
        go.set()
        answers = await asyncio.gather(*asking, return_exceptions=True)
        answers.append(await cache.get(("a",), make))
        return [one for one in answers if isinstance(one, bytes)]

    assert asyncio.run(ask()) == [b"answer"] * 200
    assert made == [1]


def test_a_failure_is_told_to_all_and_not_kept() -> None:
    tries = iter([OSError("gone"), None])

    async def make() -> bytes:
        if error := next(tries):
            raise error
        return b"now"

    async def ask() -> None:
        cache = Cache()
        outcomes = await asyncio.gather(cache.get((1,), make), cache.get((1,), make), return_exceptions=True)
        assert [type(one) for one in outcomes] == [OSError, OSError]
        assert await cache.get((1,), make) == b"now"

    asyncio.run(ask())


def test_the_least_recently_used_goes_first() -> None:
    def making(number: int, calls: list[int]) -> Callable[[], Awaitable[bytes]]:
        async def make() -> bytes:
            calls.append(number)
            return bytes(10)

        return make

    async def ask() -> list[int]:
        cache = Cache(most_bytes=45)
        calls: list[int] = []
        for number in (1, 2, 3, 4, 1, 5, 1, 2):
            await cache.get((number,), making(number, calls))
            assert cache.held_bytes <= 45
        return calls

    assert asyncio.run(ask()) == [1, 2, 3, 4, 5, 2]


def test_what_is_larger_than_a_quarter_of_all_is_not_kept() -> None:
    async def make() -> bytes:
        return bytes(26)

    async def ask() -> int:
        cache = Cache(most_bytes=100)
        assert len(await cache.get((1,), make)) == 26
        return cache.held_bytes

    assert asyncio.run(ask()) == 0


def test_too_much_different_work_is_refused() -> None:
    async def ask() -> None:
        cache, go = Cache(), asyncio.Event()

        async def make() -> bytes:
            await go.wait()
            return b""

        asking = [asyncio.create_task(cache.get((number,), make)) for number in range(module.MAX_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(CacheBusy):
            await cache.get(("one more",), make)
        go.set()
        await asyncio.gather(*asking)

    asyncio.run(ask())
