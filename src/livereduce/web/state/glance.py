"""What the overview shows of an instrument beside its card: the newest result as a sketch, and its statistics."""

import asyncio
import json
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from livereduce.publish.trends.trends import FILE_NAME, read_trends
from livereduce.seen.index import Listed, ListedRun, ShownIndex
from livereduce.seen.shelf import Shelf
from livereduce.web.context import Context, context_of, instrument, now, settled
from livereduce.web.http import params
from livereduce.web.http.cache import CacheBusy
from livereduce.web.peers.glances import NOTHING
from livereduce.web.render.encode import to_json
from livereduce.web.render.process.frames import RenderJob
from livereduce.web.render.process.pool import Refused
from livereduce.web.state.products import FORECAST_S, version_of
from livereduce.web.state.snapshot import View, no_beam_since
from livereduce.web.state.trends import statistics

RESULT = "result"
AGAIN_S = 2
"""What another page says of its instruments is asked for at most this often."""


async def glance(request: Request) -> Response:
    """The newest result of an instrument as a sketch, with its statistics; with ``peer`` that of another page."""
    context, target = context_of(request), params.relative_error(request.query_params.getlist("target"))
    if peer := request.query_params.get("peer", ""):
        return settled(request, await _of_peer(context, peer, request.path_params["id"], target))
    view = instrument(request).view
    progress = view.status.progress if view.status else None
    found = newest_result(view.live.index, progress.run.number if progress else 0)
    if found is None:
        return settled(request, NOTHING)
    run, listed = found
    facts = {"run": run.run, "name": listed.name, "version": listed.version}
    drawn = await _sketched(context, view.live, run.run, listed)
    return settled(request, facts | drawn | {"statistics": await _statistics(context, view, run.run, target)})


def newest_result(index: ShownIndex, run: int) -> tuple[ListedRun, Listed] | None:
    """The main product of the run that goes on, or of the newest that has one; None if there are no products. Pure."""
    current = index.run(run)
    order = [current, *index.runs] if current else list(index.runs)
    for one in order:
        if one.products:
            return one, one.products.get(RESULT) or next(iter(one.products.values()))
    return None


async def _sketched(context: Context, shelf: Shelf, run: int, listed: Listed) -> dict[str, Any]:
    job = RenderJob(what="sketch", path=str(shelf.path(listed)), run=run, name=listed.name, version=listed.version)
    try:
        text = await context.cache.get(("sketch", job.path, job.version), lambda: context.readers.ask(job))
    except CacheBusy:
        raise HTTPException(429, "too many requests at once", {"retry-after": "1"}) from None
    except Refused as refused:
        return {"sketch": None, "problem": refused.text}
    return {"sketch": json.loads(text), "problem": ""}


async def _statistics(context: Context, view: View, run: int, target: float | None) -> dict[str, Any] | None:
    path, at, no_beam = Path(view.live.folder) / str(run) / FILE_NAME, now().timestamp(), no_beam_since(view, run)

    def make() -> bytes:
        trends = read_trends(path)
        return to_json(statistics(trends, target, at, no_beam) if trends else None)

    version = await asyncio.to_thread(version_of, path)
    key = ("statistics", str(path), version, target, at // FORECAST_S if target else 0, no_beam)
    try:
        body: dict[str, Any] | None = json.loads(await context.cache.get(key, lambda: asyncio.to_thread(make)))
    except CacheBusy:
        raise HTTPException(429, "too many requests at once", {"retry-after": "1"}) from None
    except (OSError, ValueError):
        return None
    return body


async def _of_peer(context: Context, url: str, name: str, target: float | None) -> dict[str, Any]:
    """What another page says; nothing if it says nothing that can be used."""
    if not context.peers.knows(url):
        raise HTTPException(404, f"this page has no peer {url[:80]!r}")
    bucket = int(now().timestamp()) // AGAIN_S

    async def ask() -> bytes:
        return await context.peers.glance(url, name, target)

    try:
        text = await context.cache.get(("glance", url, name, target, bucket), ask)
    except CacheBusy:
        raise HTTPException(429, "too many requests at once", {"retry-after": "1"}) from None
    body: dict[str, Any] = json.loads(text)
    return body
