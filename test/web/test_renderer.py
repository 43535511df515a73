"""Renderers: whatever a product does to the process that reads it, the next answer comes, and the page never waits."""

import asyncio
import json
import os
import resource
import socket
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import psutil
import pytest

from helpers.fabricated import Fabricated, axis, pattern, product
from helpers.watching import PATIENCE_S, Web, web
from livereduce.publish.products.beside import compare_beside
from livereduce.publish.products.file import write_product
from livereduce.publish.products.inside import NotAProduct, NotPlain
from livereduce.web.http.cache import CacheBusy
from livereduce.web.render.process import pool as module
from livereduce.web.render.process.child import MEMORY_BYTES, refusal_of
from livereduce.web.render.process.frames import RenderJob
from livereduce.web.render.process.pool import Refused, Renderers
from livereduce.web.render.reading import Unshowable

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "result.nxs"
    write_product(path, pattern(7, 1000))
    return path


def job(path: Path, what: str = "json", **more: Any) -> RenderJob:
    return RenderJob(what=what, path=str(path), most=1000, run=7, name="result", version="v", **more)


def with_renderers(use: Callable[[Renderers], Awaitable[None]], most: int = 1, most_waiting: int = 9) -> None:
    """Some renderers, of which nothing is left afterwards."""

    async def run() -> None:
        renderers = Renderers("testing", most, most_waiting)
        try:
            await use(renderers)
        finally:
            await renderers.close()

    before = list(Path("/proc/self/fd").iterdir())
    asyncio.run(run())
    assert children() == []
    assert len(list(Path("/proc/self/fd").iterdir())) <= len(before)


def children(kind: str = "testing", of: int | None = None) -> list[psutil.Process]:
    wanted = ["livereduce.web.render.process", kind]
    return [one for one in psutil.Process(of).children() if one.cmdline()[-2:] == wanted]


async def until(condition: Callable[[], Any]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


def test_answers_of_all_kinds_come_from_one_process(path: Path) -> None:
    async def use(renderers: Renderers) -> None:
        assert json.loads(await renderers.ask(job(path)))["run"] == 7
        assert (await renderers.ask(job(path, "png"))).startswith(b"\x89PNG")
        assert (await renderers.ask(job(path, "csv"))).startswith(b"d (angstrom) from,")
        assert json.loads(await renderers.ask(job(path, "shape"))) == [360]
        (child,) = children()
        assert child.rlimit(psutil.RLIMIT_AS) == (MEMORY_BYTES, MEMORY_BYTES)
        assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)
        assert child.rlimit(psutil.RLIMIT_CPU)[0] != resource.RLIM_INFINITY
        assert child.nice() >= min(19, os.nice(0) + 5)

    with_renderers(use)


def test_a_refusal_costs_no_process(path: Path, tmp_path: Path) -> None:
    async def use(renderers: Renderers) -> None:
        await renderers.ask(job(path))
        (child,) = children()
        with pytest.raises(Refused, match="it cannot be read: No such file or directory") as raised:
            await renderers.ask(job(tmp_path / "nothing.nxs"))
        assert raised.value.status == 404
        await renderers.ask(job(path))
        assert children() == [child]

    with_renderers(use)


def test_one_that_takes_too_long_is_ended_and_the_next_answer_comes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use(renderers: Renderers) -> None:
        await renderers.ask(job(path))
        (child,) = children()
        child.suspend()
        monkeypatch.setattr(module, "LIMIT_S", 0.1)
        with pytest.raises(Refused, match=r"it takes longer than 0\.1 s to show it; download it as NeXus") as raised:
            await renderers.ask(job(path))
        assert raised.value.status == 422
        assert not child.is_running()
        monkeypatch.setattr(module, "LIMIT_S", 60.0)
        assert json.loads(await renderers.ask(job(path)))["run"] == 7

    with_renderers(use)


@pytest.mark.parametrize("when", ["idle", "at work"])
def test_one_that_dies_is_replaced(path: Path, when: str) -> None:
    async def use(renderers: Renderers) -> None:
        await renderers.ask(job(path))
        (child,) = children()
        if when == "at work":
            child.suspend()
            asking = asyncio.create_task(renderers.ask(job(path)))
            await asyncio.sleep(0.05)
            child.kill()
            with pytest.raises(Refused, match="it takes too much memory or time"):
                await asking
        else:
            child.kill()
            await until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
            await asyncio.sleep(0.1)
        assert json.loads(await renderers.ask(job(path)))["run"] == 7

    with_renderers(use)


def test_the_queue_is_bounded_and_work_is_shared(path: Path) -> None:
    async def use(renderers: Renderers) -> None:
        await asyncio.gather(renderers.ask(job(path)), renderers.ask(job(path)))
        stopped = children()
        assert len(stopped) == 2
        for one in stopped:
            one.suspend()
        asking = [asyncio.create_task(renderers.ask(job(path))) for _ in range(5)]
        await asyncio.sleep(0.05)
        with pytest.raises(CacheBusy):
            await renderers.ask(job(path))
        asking[4].cancel()
        for one in stopped:
            one.resume()
        answers = await asyncio.gather(*asking, return_exceptions=True)
        assert [isinstance(one, bytes) for one in answers] == [True, True, True, True, False]
        assert set(children()) == set(stopped)

    with_renderers(use, most=2, most_waiting=3)


def test_who_goes_away_in_the_middle_of_a_table_leaves_a_free_place(tmp_path: Path) -> None:
    path = tmp_path / "long.nxs"
    write_product(path, product(7, "result", np.zeros(500_000), (axis("x", np.arange(500_000.0)),)))

    async def use(renderers: Renderers) -> None:
        async with aclosing(renderers.pieces(job(path, "csv"))) as pieces:
            assert await anext(pieces)
            assert await anext(pieces)
            (child,) = children()
        assert not child.is_running()
        assert len(await renderers.ask(job(path, "csv"))) > 500_000

    with_renderers(use, most_waiting=0)


def test_one_that_nobody_needs_gives_its_memory_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE_S", 0.05)

    async def use(renderers: Renderers) -> None:
        await renderers.ask(job(path))
        await until(lambda: not children())
        assert json.loads(await renderers.ask(job(path)))["run"] == 7

    with_renderers(use)


def test_one_ends_with_its_server(path: Path) -> None:
    async def use() -> psutil.Process:
        renderers = Renderers("testing", 1, 1)
        await renderers.ask(job(path))
        (child,) = children()
        process = renderers._all[0]._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.close()  # as the end of this process would
        await process.wait()
        await renderers.close()
        return child

    assert not asyncio.run(use()).is_running()


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (Unshowable("too long"), 422, "too long"),
        (IndexError("row 5: the product has 3"), 404, "row 5: the product has 3"),
        (MemoryError(), 422, "it takes more than 512 MiB of memory to show it; download it as NeXus"),
        (PermissionError(13, "Permission denied"), 404, "it cannot be read: Permission denied"),
        (NotAProduct("the file is a stone"), 404, "it cannot be read: the file is a stone"),
        (ValueError("a library's words"), 404, "it cannot be read: the file does not have the layout of a product"),
        (ZeroDivisionError("a library's words"), 422, "it cannot be shown as png; the log of this page says why"),
    ],
)
def test_reasons_are_in_no_librarys_words(error: Exception, status: int, text: str) -> None:
    assert refusal_of(error, job(Path("a.nxs"), "png")) == (status, text)


# ---- with the page


@pytest.fixture
def powder(tmp_path: Path) -> Fabricated:
    made = Fabricated(tmp_path / "powder", "POWDER")
    made.publish(pattern(41, 1000))
    made.publish(pattern(41, 1000, name="other"))
    made.say()
    return made


@pytest.fixture
def server(powder: Fabricated, tmp_path: Path) -> Iterator[Web]:
    with web(tmp_path, [powder.conf]) as server:
        yield server
        code, errors = server.stop()
        assert (code, "Traceback" in errors) == (0, False), errors


def get(server: Web, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"{server.url}{path}", timeout=PATIENCE_S) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


PRODUCTS = "/api/instruments/powder/products/41"


def test_while_a_picture_is_drawn_everything_else_is_answered(server: Web) -> None:
    assert get(server, f"{PRODUCTS}/result.png")[0] == 200
    (drawing,) = children("drawing", server.process.pid)
    drawing.suspend()
    with urllib.request.urlopen(f"{server.url}/healthz"):
        pass
    held = socket.create_connection(server.address, timeout=PATIENCE_S)
    with held:
        held.sendall(f"GET {PRODUCTS}/other.png HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        for path in (
            "/healthz",
            "/",
            "/metrics",
            "/api/instruments",
            "/api/instruments/powder",
            f"{PRODUCTS}/other",
            f"{PRODUCTS}/other.csv",
            f"{PRODUCTS}/other.nxs",
            f"{PRODUCTS}/result.png",
        ):
            assert get(server, path)[0] == 200, path
        drawing.resume()
        answer = b"".join(iter(lambda: held.recv(1 << 16), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"\x89PNG" in answer


def test_the_server_ends_while_a_picture_is_drawn_and_leaves_no_process(powder: Fabricated, tmp_path: Path) -> None:
    with web(tmp_path, [powder.conf]) as server:
        assert get(server, f"{PRODUCTS}/result.png")[0] == 200
        all_of_them = psutil.Process(server.process.pid).children()
        (drawing,) = children("drawing", server.process.pid)
        drawing.suspend()
        with socket.create_connection(server.address, timeout=PATIENCE_S) as held:
            held.sendall(f"GET {PRODUCTS}/other.png HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert server.stop()[0] == 0
    assert len(all_of_them) >= 2
    assert not [one for one in all_of_them if one.is_running()]


def declare(path: Path, how: Callable[[h5py.Group], object]) -> None:
    with h5py.File(path, "a") as file:
        data = file["entry/result"]
        for name in ("signal", "signal_errors"):
            del data[name]
        how(data)


LARGE: dict[str, Callable[[h5py.Group], object]] = {
    "unwritten": lambda data: data.create_dataset("signal", shape=(400_000_000,), dtype="f8"),
    "filled": lambda data: data.create_dataset("signal", shape=(200_000_000,), dtype="f8", fillvalue=1.0),
    "one chunk": lambda data: data.create_dataset(
        "signal", shape=(200_000_000,), dtype="f8", chunks=(200_000_000,), compression="gzip"
    ),
    "chunked": lambda data: data.create_dataset(
        "signal", shape=(16_000, 12_500), dtype="f8", chunks=(100, 1000), compression="gzip"
    ),
    "an axis": lambda data: (
        data.create_dataset("signal", data=np.zeros(3)),
        data.move("d", "e"),
        data.create_dataset("d", shape=(400_000_000,), dtype="f8"),
    ),
    "a title": lambda data: (
        data.create_dataset("signal", data=np.zeros(3)),
        data.parent.pop("title"),
        data.parent.create_dataset("title", shape=(400_000_000,), dtype="S9"),
    ),
}


@pytest.mark.parametrize("what", LARGE)
def test_a_small_file_that_declares_much_takes_no_memory(server: Web, powder: Fabricated, what: str) -> None:
    path = powder.path / "state" / "products" / "41" / "result.nxs"
    declare(path, LARGE[what])
    assert path.stat().st_size < 1 << 20
    for ending in ("", ".csv", ".png"):
        status, body = get(server, f"{PRODUCTS}/result{ending}")
        assert status == 200 or (status == 422 and b"error" in body), body[:200]
    processes = [psutil.Process(server.process.pid), *psutil.Process(server.process.pid).children()]
    assert sum(one.memory_info().rss for one in processes) < 700 << 20


@pytest.mark.parametrize("what", LARGE)
def test_a_small_file_that_declares_much_is_not_compared(tmp_path: Path, what: str) -> None:
    ours, theirs = tmp_path / "ours.nxs", tmp_path / "theirs.nxs"
    for path in (ours, theirs):
        write_product(path, pattern(41, 2000))
    assert compare_beside(ours, theirs).is_none
    declare(theirs, LARGE[what])
    for one, other, where in ((ours, theirs, "in use, "), (theirs, ours, "in the shadow, ")):
        with pytest.raises((NotPlain, NotAProduct), match=f"^{where}"):
            compare_beside(one, other)
    with h5py.File(ours, "a") as file:
        del file["entry/result/signal"]
        file["entry/result/signal"] = h5py.ExternalLink(theirs, "entry/result/signal")
    with pytest.raises(NotPlain, match="in the shadow, 'signal' is a link into another file"):
        compare_beside(ours, theirs)


def test_what_lies_in_another_file_is_not_published(server: Web, powder: Fabricated, tmp_path: Path) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["numbers"] = np.full(3, 424242.0)
    secret.chmod(0o600)
    path = powder.path / "state" / "products" / "41" / "result.nxs"
    declare(path, lambda data: data.__setitem__("signal", h5py.ExternalLink(secret, "numbers")))
    for ending in ("", ".csv", ".png"):
        status, body = get(server, f"{PRODUCTS}/result{ending}")
        assert status == 422
        assert json.loads(body)["error"] == "'signal' is a link into another file"
    declare_raw(path, secret)
    for ending in ("", ".csv", ".png"):
        status, body = get(server, f"{PRODUCTS}/result{ending}")
        assert status == 422
        assert b"external storage" in body


def declare_raw(path: Path, secret: Path) -> None:
    with h5py.File(path, "a") as file:
        data = file["entry/result"]
        del data["signal"]
        data.create_dataset("signal", shape=(3,), dtype="f8", external=[(str(secret), 0, 24)])
