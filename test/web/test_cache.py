"""Work that many ask for is done once, and what is kept is bounded."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from livereduce.web import cache as module
from livereduce.web.cache import Busy, Cache


def test_many_ask_and_it_is_done_once() -> None:
    made = []
    go = threading.Event()

    def make() -> bytes:
        made.append(1)
        go.wait(10)
        return b"answer"

    async def ask() -> list[bytes]:
        cache = Cache()
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

    def make() -> bytes:
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
    def making(number: int, calls: list[int]) -> Callable[[], bytes]:
        def make() -> bytes:
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
    async def ask() -> int:
        cache = Cache(most_bytes=100)
        assert len(await cache.get((1,), lambda: bytes(26))) == 26
        return cache.held_bytes

    assert asyncio.run(ask()) == 0


def test_too_much_different_work_is_refused() -> None:
    go = threading.Event()

    async def ask() -> None:
        cache = Cache()
        asking = [
            asyncio.create_task(cache.get((number,), lambda: bytes(go.wait(10))))
            for number in range(module.MOST_WAITING)
        ]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await cache.get(("one more",), bytes)
        go.set()
        await asyncio.gather(*asking)

    asyncio.run(ask())
