"""The server's side of renderers: a limited number of processes, a bounded queue, and a time limit for each job.

Everything here runs in the event loop, which only passes bytes on: while a renderer works, hangs or dies, the page
answers.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import suppress

from livereduce.web.http.cache import CacheBusy
from livereduce.web.render.process.frames import (
    END,
    HEADER,
    MAX_FRAME_BYTES,
    REFUSED,
    RenderJob,
    decode_refusal,
    encode_job,
)

LIMIT_S = 20.0
"""Timeout for a piece of an answer; all but tables are one piece."""
GONE_S = 5.0
"""Time for a killed process to be gone; one that hangs in a file server is not."""
IDLE_S = 300.0
"""A renderer that is unused this long is ended to free its memory."""
_BUFFER_BYTES = 1 << 20


class Refused(Exception):
    """The job failed: HTTP status, and a sentence for people."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class Renderer:
    """One process that answers one job at a time; started when needed.

    Attributes
    ----------
    at_work
        An answer has begun and is not finished.
    """

    def __init__(self, kind: str) -> None:
        self.at_work = False
        self._kind = kind
        self._process: asyncio.subprocess.Process | None = None
        self._killed = False
        self._leaving: asyncio.TimerHandle | None = None

    async def pieces(self, job: RenderJob) -> AsyncGenerator[bytes, None]:
        """The pieces of an answer as they come; a caller that stops before the end must call `end`.

        Raises
        ------
        Refused
            There is no answer, or it breaks off here.
        """
        process = await self._running()
        assert process.stdin is not None
        self.at_work = True
        try:
            process.stdin.write(encode_job(job))
            await process.stdin.drain()
            while (received := await _frame(process))[0] not in (END, REFUSED):
                yield received[1]
            self.at_work = False
            if received[0] == REFUSED:
                raise Refused(*decode_refusal(received[1]))
        except (OSError, asyncio.IncompleteReadError):
            await self.end()
            raise Refused(422, "the process that reads it was ended: it takes too much memory or time") from None

    def rest(self) -> None:
        """Release the renderer until the next job."""
        if self._process is not None:
            self._leaving = asyncio.get_running_loop().call_later(IDLE_S, self._kill)

    def _kill(self) -> None:
        self._killed = True
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def end(self) -> None:
        """Kill the process, whatever it does; the next job starts another one.

        Raises
        ------
        Refused
            It does not exit because it hangs in a file server. No other one is started until it has gone.
        """
        if self._process is None:
            return
        self._kill()
        try:
            async with asyncio.timeout(GONE_S):
                await self._process.wait()
        except TimeoutError:
            raise Refused(422, "the file server does not answer") from None
        self._process, self._killed, self.at_work = None, False, False

    async def _running(self) -> asyncio.subprocess.Process:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        if self._killed or (self._process is not None and self._process.returncode is not None):
            await self.end()
        if self._process is None:
            try:
                self._process = await _start(self._kind)
            except OSError as error:
                raise Refused(422, f"cannot start a process to read it: {error.strerror or error}") from None
        return self._process


async def _start(kind: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        # the kind is for people who look at a list of processes
        *(sys.executable, "-m", "livereduce.web.render.process", kind),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_BUFFER_BYTES,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )


async def _frame(process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
    assert process.stdout is not None
    kind, length = HEADER.unpack(await process.stdout.readexactly(HEADER.size))
    if length > MAX_FRAME_BYTES:
        raise OSError(f"a frame of {length} bytes")
    return kind, await process.stdout.readexactly(length)


class Renderers:
    """Renderers that share the work of a kind.

    Parameters
    ----------
    kind
        Their work, in a word.
    most
        Most renderers.
    most_waiting
        Most jobs that wait for a free one.
    """

    def __init__(self, kind: str, most: int, most_waiting: int) -> None:
        self._all = [Renderer(kind) for _ in range(most)]
        self._free = list(self._all)
        self._places = asyncio.Semaphore(most)
        self._waiting, self._most_waiting = 0, most_waiting

    async def ask(self, job: RenderJob) -> bytes:
        """Return the whole answer; raises as `pieces`."""
        return b"".join([piece async for piece in self.pieces(job)])

    async def pieces(self, job: RenderJob) -> AsyncGenerator[bytes, None]:
        """The answer piece by piece, no faster than it is taken.

        Raises
        ------
        Busy
            Too many jobs are waiting.
        Refused
            There is no answer, or a piece takes too long.
        """
        renderer = await self._take()
        try:
            pieces = renderer.pieces(job)
            while (piece := await _next(pieces)) is not None:
                yield piece
        finally:
            try:
                if renderer.at_work:  # nobody waits for its answer any more
                    await renderer.end()
            finally:
                renderer.rest()
                self._free.append(renderer)
                self._places.release()

    async def _take(self) -> Renderer:
        if self._places.locked() and self._waiting >= self._most_waiting:
            raise CacheBusy
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        return self._free.pop()  # the most recently used

    async def close(self) -> None:
        """End all renderers."""
        for renderer in self._all:
            with suppress(Refused):
                await renderer.end()


async def _next(pieces: AsyncGenerator[bytes, None]) -> bytes | None:
    try:
        async with asyncio.timeout(LIMIT_S):
            return await anext(pieces, None)
    except TimeoutError:
        raise Refused(422, f"it takes longer than {LIMIT_S:g} s to show it; download it as NeXus") from None
