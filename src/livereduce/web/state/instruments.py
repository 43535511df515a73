"""All instruments of a page: scans their files several times a second and tells the watchers."""

import asyncio
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from livereduce.messages.status import iso
from livereduce.publish.runs.reading import RunTables
from livereduce.seen.index import Listed
from livereduce.seen.locations import Location, look
from livereduce.seen.scan import SeenFiles, scan
from livereduce.seen.shelf import Shape, Shelf, news, unshaped
from livereduce.web.http.cache import CacheBusy
from livereduce.web.render.process.frames import RenderJob
from livereduce.web.render.process.pool import Refused, Renderers
from livereduce.web.state.broadcast import Broadcast, News
from livereduce.web.state.snapshot import View, card, judge_down
from livereduce.web.state.timeline import Timeline

LOOK_EVERY_S = 0.2
"""A new result must show within a second."""
TELL_EVERY_S = 1.0
"""Least time between news with only numbers: they change with every beat, and each message goes to everybody."""
MAX_AT_ONCE = 64
FIND_EVERY_S = 5.0
"""How often to read a configuration again while its daemon is down: its directories may have changed."""

STUCK_S = 10.0
"""A scan that takes longer hangs in a file server; its thread cannot be ended."""
COMPLAIN_EVERY_S = 60.0
SHAPE_S = 5.0
"""Timeout for the shape of one product."""

log = logging.getLogger("livereduce.web")


@dataclass(slots=True)
class Watched:
    """One instrument: its location, its last scan, its history, and its run table."""

    place: Location
    view: View
    seen: SeenFiles = field(default_factory=SeenFiles)
    timeline: Timeline = field(default_factory=Timeline)
    tables: RunTables | None = None
    told_at: float = float("-inf")
    told: tuple[object, ...] = ()
    untold: bool = False
    found_at: float = float("-inf")
    looking: asyncio.Future[None] | None = None
    complained_at: float = float("-inf")


class Facility:
    """The instruments of this host. All methods run in the event loop; files are read in a thread.

    Parameters
    ----------
    readers
        Processes that read product files.
    """

    def __init__(
        self,
        places: Sequence[Location],
        broadcast: Broadcast,
        environ: Mapping[str, str],
        cwd: Path,
        readers: Renderers,
    ) -> None:
        self.broadcast, self._readers = broadcast, readers
        self.watched = {place.id: Watched(place, View(id=place.id, name=place.name)) for place in places}
        self._environ, self._cwd = environ, cwd
        # one thread per instrument: files on a server that hangs must not hide those of the others
        self._threads = ThreadPoolExecutor(max(1, min(len(places), MAX_AT_ONCE)), "looks")

    def close(self) -> None:
        """Stop waiting for threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def views(self) -> list[View]:
        """The current view of each instrument."""
        return [one.view for one in self.watched.values()]

    async def watch(self) -> None:
        """Scan periodically until cancelled."""
        await asyncio.gather(*(self._watch(one) for one in self.watched.values()))

    async def _watch(self, one: Watched) -> None:
        while True:
            await self._look_once(one)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look_once(self) -> None:
        """Scan all files once, without the shapes of products: on a busy host a renderer takes seconds to start."""
        await asyncio.gather(*(self._look_once(one, shaped=False) for one in self.watched.values()))

    async def _look_once(self, one: Watched, *, shaped: bool = True) -> None:
        loop = asyncio.get_running_loop()
        now, clock_s = datetime.now().astimezone(), loop.time()
        if one.looking is None:
            one.looking = loop.run_in_executor(self._threads, self._look, one, now, clock_s)
        done, _ = await asyncio.wait({one.looking}, timeout=STUCK_S)
        # The boundary of one scan of one instrument: whatever is wrong there, it is scanned again, and so are the
        # others.
        try:
            if not done:
                self._miss(one, now, clock_s)
                return
            looking, one.looking = one.looking, None
            looking.result()
            if shaped:
                live, shadow = await self._shaped(one.seen.live), await self._shaped(one.seen.shadow)
                one.seen = replace(one.seen, live=live, shadow=shadow)
            self._take(one, now, clock_s)
        except Exception as error:
            if clock_s - one.complained_at >= COMPLAIN_EVERY_S:
                one.complained_at = clock_s
                log.exception("cannot read the files of %s; logged once a minute", one.place.id)
            one.view = judge_down(one.view, f"this page cannot read its files ({type(error).__name__})", now)

    async def _shaped(self, shelf: Shelf) -> Shelf:
        """Add the shapes of new products; None for one that cannot be read, until its file is written again."""
        shapes: dict[tuple[int, str], Shape | None] = {}
        for run, product in unshaped(shelf):
            job = RenderJob(what="shape", path=str(shelf.path(product)), run=run, name=product.name)
            try:
                async with asyncio.timeout(SHAPE_S):
                    shapes[run, product.name] = tuple(json.loads(await self._readers.ask(job)))
            except (Refused, TimeoutError):
                shapes[run, product.name] = None
            except CacheBusy:
                break  # the next scan tries again
        return replace(shelf, shapes={**shelf.shapes, **shapes}) if shapes else shelf

    def _miss(self, one: Watched, now: datetime, clock_s: float) -> None:
        why = "the file server does not answer: the state of this instrument is not known"
        before, one.view = one.view, judge_down(one.view, why, now)
        self._tell(one, before, now, clock_s)

    def _look(self, one: Watched, now: datetime, clock_s: float) -> None:
        if one.seen.down and clock_s - one.found_at >= FIND_EVERY_S:
            one.found_at = clock_s
            name, files = look(one.place.configuration, self._environ, self._cwd)
            one.place = replace(one.place, name=name, status_files=files)
        one.seen = scan(one.place, one.seen, now)

    def _take(self, one: Watched, now: datetime, clock_s: float) -> None:
        before, seen = one.view, one.seen
        if seen.status is not None and seen.status is not before.status:
            one.timeline.take(before.status, seen.status)
        view = replace(
            before,
            name=(seen.status.instrument if seen.status else "") or one.place.name,
            status=seen.status,
            problem=seen.problem,
            live=seen.live,
            shadow=seen.shadow,
            kept=seen.kept,
        )
        one.view = judge_down(view, seen.down, now)
        self._tell(one, before, now, clock_s)

    def _tell(self, one: Watched, before: View, now: datetime, clock_s: float) -> None:
        view = one.view
        if bool(before.down) != bool(view.down):
            if before.status is not None or not view.down:
                one.timeline.went_down(view.down_since or iso(now), view.down)
            self.broadcast.tell(_down_news(view))
        for event, old, new in (("product", before.live, view.live), ("shadow", before.shadow, view.shadow)):
            for run, product in news(old, new):
                self.broadcast.tell(_product_news(event, view.id, run, product))
        if view.kept is not before.kept:
            self.broadcast.tell(News(event="regions", key=("regions", view.id), data={"id": view.id}))
        one.untold = one.untold or view.status is not before.status or view.down != before.down
        words = (view.status.state, view.status.why, view.status.generation) if view.status else ()
        if one.untold and ((*words, view.down) != one.told or clock_s - one.told_at >= TELL_EVERY_S):
            one.untold, one.told, one.told_at = False, (*words, view.down), clock_s
            self.broadcast.tell(_status_news(view, now))

    def first_news(self, ids: frozenset[str] | None, now: datetime) -> Iterator[News]:
        """First news for a new watcher: the state of each instrument, and the products of its current run."""
        for view in self.views():
            if ids is None or view.id in ids:
                yield _status_news(view, now)
                for event, shelf in (("product", view.live), ("shadow", view.shadow)):
                    for run in shelf.index.runs[:1]:
                        for product in run.products.values():
                            yield _product_news(event, view.id, run.run, product)


def _status_news(view: View, now: datetime) -> News:
    updated = view.status.updated if view.status else iso(now)
    return News(
        event="status",
        key=("status", view.id),
        data={"id": view.id, "updated": updated, "at": iso(now), "card": card(view, now)},
    )


def _down_news(view: View) -> News:
    return News(event="down", key=("down", view.id), data={"id": view.id, "down": view.down, "since": view.down_since})


def _product_news(event: str, instrument: str, run: int, product: Listed) -> News:
    return News(
        event=event,
        key=(event, instrument, run, product.name),
        data={"id": instrument, "run": run, "name": product.name, "version": product.version},
    )
