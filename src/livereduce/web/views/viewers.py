"""The viewers of a page: one for each instrument that somebody looks at, and answers that many share."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from livereduce.config.file import Reading, read_file
from livereduce.messages.regions import Region
from livereduce.messages.request import NotDone
from livereduce.messages.status import Status
from livereduce.messages.views import FindingsQuestion, KeepRegions, Question, ViewerJob
from livereduce.preflight.resolve import DEFAULT_TOF_BINS_US
from livereduce.preflight.viewing import ViewerEnded, ViewerProcess, ViewRefused
from livereduce.web.http.cache import CacheBusy
from livereduce.web.state.instruments import Watched
from livereduce.web.state.named import NamedFindings, named_in

MANTID = "not available with the Mantid engine: Mantid holds the events itself"
SHARED_S = 0.5
"""How long an answer is good for all who ask the same."""
IDLE_S = 300.0
"""A viewer that nobody asks is ended after this time."""
MOST_WAITING = 32
"""Most different questions to one viewer at a time."""
MOST_AT_ONCE = 16
MOST_BACK_OFF_S = 30.0
FINDINGS_EVERY_S = 5.0
"""How often to ask for findings while something else is asked."""
SETTLED_S = 10.0
"""A viewer that ends before this age has failed: the next one is started after a while."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ViewAnswer:
    """An answer, ready to be sent, and what tells it from others."""

    body: bytes
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewable:
    """An instrument that can be looked at: where its daemon listens, its status, and the regions that are kept."""

    folder: Path
    status: Status
    regions: tuple[Region, ...]


def why_not_viewable(one: Watched) -> str:
    """Why an instrument cannot be looked at; empty if it can."""
    if one.view.down or one.view.status is None or one.seen.status_file is None:
        return f"there is no daemon to ask: {one.view.down or one.view.problem}"
    return MANTID if one.view.status.engine == "mantid" else ""


def job_for(status: Status) -> ViewerJob:
    """What a viewer has to know, from the status and the configuration of a daemon. Reads a file."""
    reading = read_file(Path(status.configuration)) if status.configuration else None
    bins_us = (reading.config.tof_bins_us if reading else None) or DEFAULT_TOF_BINS_US
    scripts = [Path(one.path).parent for one in (status.proc, status.post_proc) if one is not None and one.path]
    return ViewerJob(
        instrument=status.instrument,
        tof_bins_us=bins_us,
        folders=tuple(dict.fromkeys(map(str, scripts))),
        note=_note(bins_us, reading) if reading and "tof_bins_us" in reading.bad_keys else "",
    )


def _note(bins_us: tuple[float, float, float], reading: Reading) -> str:
    used = "{:g}, {:g}, {:g}".format(*bins_us)
    return f"spectra have the bins {used} µs: tof_bins_us cannot be read ({reading.problems[0][:200]})"


def _told_of_job(status: Status) -> Hashable:
    """While this is the same, so is the job: a worker takes a changed configuration with its next generation."""
    scripts = tuple(one.path for one in (status.proc, status.post_proc) if one is not None)
    return status.configuration, status.instrument, status.generation, scripts


class InstrumentViewer:
    """The viewer of one instrument, started when it is asked. All but the process itself runs in the event loop."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._process: ViewerProcess | None = None
        self._job: ViewerJob | None = None
        self._job_is_for: Hashable = None
        self._kept: tuple[Region, ...] = ()
        self._turn = asyncio.Lock()
        self._shared: dict[Question, asyncio.Task[ViewAnswer]] = {}
        self._leaving: asyncio.TimerHandle | None = None
        self._started_s = 0.0
        self._failures = 0
        self._why_ended = ""
        self._not_before_s = 0.0
        self.named: NamedFindings | None = None
        self._named_s = float("-inf")

    async def ask(self, question: Question, viewable: Viewable) -> ViewAnswer:
        """The answer to a question, shared by all who ask the same within `SHARED_S`.

        Raises
        ------
        CacheBusy
            Too many different questions.
        NotDone, ViewRefused
            There is no answer: say why.
        """
        if question not in self._shared:
            if len(self._shared) >= MOST_WAITING:
                raise CacheBusy
            task = asyncio.create_task(self._asked(question, viewable))
            self._shared[question] = task
            task.add_done_callback(lambda done: self._forget_soon(question, done))
        return await asyncio.shield(self._shared[question])

    async def close(self) -> None:
        """End the viewer."""
        for task in (tasks := tuple(self._shared.values())):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._end_soon()
        if self._process is not None:
            self._process.kill()
            await self._in_thread(self._process.end)

    def _forget_soon(self, question: Question, done: "asyncio.Task[ViewAnswer]") -> None:
        failed = done.cancelled() or done.exception() is not None
        loop = asyncio.get_running_loop()
        loop.call_later(0.0 if failed else SHARED_S, self._shared.pop, question, None)

    async def _asked(self, question: Question, viewable: Viewable) -> ViewAnswer:
        async with self._turn:
            self._end_soon()
            try:
                body = await self._answered_by_some(question, viewable)
                await self._note_findings(question, body, viewable)
            finally:  # also one whose last question was refused
                self._leaving = asyncio.get_running_loop().call_later(IDLE_S, self._leave)
        return ViewAnswer(body, hashlib.blake2b(body, digest_size=12).hexdigest())

    async def _answered_by_some(self, question: Question, viewable: Viewable) -> bytes:
        try:
            return await self._answered(question, viewable)
        except ViewerEnded:  # with its receiver, say: another one is asked, unless this one had just begun
            return await self._answered(question, viewable)

    async def _answered(self, question: Question, viewable: Viewable) -> bytes:
        process = await self._running(viewable)
        try:
            if viewable.regions != self._kept:
                await self._in_thread(partial(process.ask, KeepRegions(regions=viewable.regions)))
                self._kept = viewable.regions
            return await self._in_thread(partial(process.ask, question))
        except ViewRefused as refused:
            self._why_ended = refused.text if process.has_ended else self._why_ended
            raise

    async def _note_findings(self, question: Question, body: bytes, viewable: Viewable) -> None:
        """Whatever somebody looks at: ask now and then what is named, for cards and metrics."""
        now = time.monotonic()
        if not isinstance(question, FindingsQuestion):
            if now - self._named_s < FINDINGS_EVERY_S:
                return
            self._named_s = now
            try:
                body = await self._answered(FindingsQuestion(), viewable)
            except (NotDone, ViewRefused, ViewerEnded):
                return
        with suppress(ValueError):
            self.named, self._named_s = named_in(body, datetime.now().astimezone()), now

    async def _running(self, viewable: Viewable) -> ViewerProcess:
        """The viewer, or another one if it has ended or its job has changed."""
        now = time.monotonic()
        if self._process is not None and self._process.has_ended:
            await self._take_away(self._process)
            self._failures = self._failures + 1 if now - self._started_s < SETTLED_S else 0
            self._not_before_s = now + min(MOST_BACK_OFF_S, 2.0**self._failures - 1)
        elif self._process is not None and await self._has_other_job(viewable):
            await self._take_away(self._process)
        if self._process is None:
            if now < self._not_before_s:
                why = f" ({self._why_ended})" if self._why_ended else ""
                raise ViewRefused(409, f"the process that counts has ended{why}; it is started again soon")
            self._job_is_for = _told_of_job(viewable.status)
            self._job = await self._in_thread(partial(job_for, viewable.status))
            begin = partial(ViewerProcess.begin, (viewable.folder,), self._job, "the page")
            self._process, self._started_s = await self._in_thread(begin), now
        return self._process

    async def _has_other_job(self, viewable: Viewable) -> bool:
        told = _told_of_job(viewable.status)
        if told == self._job_is_for:
            return False
        self._job_is_for = told
        return self._job != await self._in_thread(partial(job_for, viewable.status))

    async def _take_away(self, process: ViewerProcess) -> None:
        await self._in_thread(process.end)
        self._process, self._kept = None, ()

    def _end_soon(self) -> None:
        """Forget when it was to be ended."""
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    def _leave(self) -> None:
        """Nobody has looked for a while."""
        if self._process is not None and not self._turn.locked():
            self._process.kill()
            process, self._process, self._kept = self._process, None, ()
            self._threads.submit(process.end)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


class Viewers:
    """The viewers of all instruments of a page."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, "viewers")
        self._viewers: dict[str, InstrumentViewer] = {}

    async def ask(self, instrument: str, question: Question, viewable: Viewable) -> ViewAnswer:
        """Ask the viewer of an instrument; as `InstrumentViewer.ask`."""
        viewer = self._viewers.setdefault(instrument, InstrumentViewer(self._threads))
        return await viewer.ask(question, viewable)

    def named(self, instrument: str) -> NamedFindings | None:
        """What the viewer of an instrument has named last; None if it was not asked."""
        viewer = self._viewers.get(instrument)
        return viewer.named if viewer else None

    async def close(self) -> None:
        """End all of them."""
        await asyncio.gather(*(one.close() for one in self._viewers.values()), return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)
