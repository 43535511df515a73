"""Handlers for products: JSON for the plots, and files to download."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from livereduce.publish.trends.trends import FILE_NAME, read_trends
from livereduce.seen.index import Listed
from livereduce.seen.shelf import Shelf
from livereduce.web.context import context_of, instrument, now
from livereduce.web.http import params
from livereduce.web.http.cache import CacheBusy
from livereduce.web.http.chunked_response import ChunkedResponse
from livereduce.web.http.etags import is_known
from livereduce.web.render.download import file_pieces
from livereduce.web.render.encode import to_json
from livereduce.web.render.process.frames import RenderJob
from livereduce.web.render.process.pool import Refused
from livereduce.web.state.snapshot import no_beam_since
from livereduce.web.state.trends import trends_body

MAX_CELLS_AT_ONCE = 1 << 19
"""Arrays of as many cells (8 MiB with errors) are made once for all who ask; larger ones while they are sent."""
SHADOW = "shadow"
FORECAST_S = 5
"""How long a forecast is cached."""


async def product(request: Request) -> Response:
    """A product; with ``.nxs``, ``.npz``, ``.csv`` or ``.png`` after its name, as a file."""
    return await _product(request, instrument(request).view.live, "")


async def of_shadow(request: Request) -> Response:
    """The same of the scripts beside those in use."""
    return await _product(request, instrument(request).view.shadow, SHADOW)


async def difference(request: Request) -> Response:
    """What differs between a product of the shadow and the one in use."""
    view, run = instrument(request).view, params.run_number(request.path_params["run"])
    name = request.path_params["name"]
    live, shadow = view.live.index.find(run, name), view.shadow.index.find(run, name)
    if live is None or shadow is None:
        who = "the service" if live is None else "the shadow"
        raise HTTPException(404, f"{who} has no product {name[:80]!r} of run {run}")
    job = RenderJob(
        what="difference",
        path=str(view.shadow.path(shadow)),
        in_use=str(view.live.path(live)),
        most=params.points(request.query_params.getlist("max_points")),
        run=run,
        name=name,
        version=f"{shadow.version}-{live.version}",
        packed="gzip" in request.headers.get("accept-encoding", ""),
    )
    return await _read(request, job)


async def _product(request: Request, shelf: Shelf, whose: str) -> Response:
    run, asked = params.run_number(request.path_params["run"]), request.path_params["name"]
    listed = shelf.index.find(run, asked)
    if listed is not None:
        return await _json(request, run, listed, shelf.path(listed))
    stem, _, ending = asked.rpartition(".")
    listed = shelf.index.find(run, stem)
    if listed is None or ending not in _FILES:
        raise HTTPException(404, f"run {run} has no product {asked[:80]!r}{' of the shadow' * bool(whose)}")
    wanted = _Wanted(run=run, listed=listed, shelf=shelf, whose=whose)
    return await _FILES[ending](request, wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A product to take away; `whose` is empty for the scripts in use."""

    run: int
    listed: Listed
    shelf: Shelf
    whose: str

    @property
    def path(self) -> Path:
        return self.shelf.path(self.listed)

    def attachment(self, ending: str) -> dict[str, str]:
        # the name of the file on disk is safe in a header, unlike that of the product
        name = "_".join(part for part in (str(self.run), self.path.stem, self.whose) if part)
        return {"content-disposition": f'attachment; filename="{name}.{ending}"', "cache-control": "no-cache"}


async def trends(request: Request) -> Response:
    """The metrics that the scripts of a run reported."""
    view, run = instrument(request).view, params.run_number(request.path_params["run"])
    if view.live.index.run(run) is None:
        raise HTTPException(404, f"there is no run {run} here")
    target = params.relative_error(request.query_params.getlist("target"))
    path, at = Path(view.live.folder) / str(run) / FILE_NAME, now().timestamp()
    no_beam = no_beam_since(view, run)

    def make() -> bytes:
        return to_json(trends_body(read_trends(path), run, target, at, no_beam))

    version = await asyncio.to_thread(version_of, path)
    key = ("trends", str(path), version, target, at // FORECAST_S if target else 0, no_beam)
    return await made(request, key, lambda: asyncio.to_thread(make), "application/json", {})


def version_of(path: Path) -> int:
    """When a file was written, in ns; 0 if there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


async def _json(request: Request, run: int, listed: Listed, path: Path) -> Response:
    job = RenderJob(
        what="json",
        path=str(path),
        most=params.points(request.query_params.getlist("max_points")),
        rows=params.rows(request.query_params.getlist("row")),
        run=run,
        name=listed.name,
        version=listed.version,
        packed="gzip" in request.headers.get("accept-encoding", ""),
    )
    return await _read(request, job)


async def _read(request: Request, job: RenderJob) -> Response:
    """What a reader makes of a job."""
    key = (job.what, f"{job.path} {job.in_use}", job.version, job.most, job.rows, job.packed)
    headers = {"vary": "accept-encoding"} | ({"content-encoding": "gzip"} if job.packed else {})
    readers = context_of(request).readers
    return await made(request, key, lambda: readers.ask(job), "application/json", headers)


async def made(
    request: Request,
    key: tuple[object, ...],
    make: Callable[[], Awaitable[bytes]],
    media_type: str,
    headers: dict[str, str],
) -> Response:
    """The answer for a key; cached if nothing has changed."""
    etag = f'"{"-".join(str(part) for part in (key[0], *key[2:]))}"'.replace(" ", "")
    fresh = {"etag": etag, "cache-control": "no-cache", **headers}
    if is_known(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=fresh)
    with _explained():
        body = await context_of(request).cache.get(key, make)
    return ChunkedResponse(body, media_type=media_type, headers=fresh)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn errors with a product or trends into answers."""
    try:
        yield
    except CacheBusy:
        raise HTTPException(429, "too many requests at once", {"retry-after": "1"}) from None
    except Refused as refused:
        raise HTTPException(refused.status, refused.text) from None
    except (OSError, ValueError, ArithmeticError) as error:  # raised by trends
        raise HTTPException(404, f"it cannot be read: {getattr(error, 'strerror', None) or error}"[:300]) from None


async def _nexus(request: Request, one: _Wanted) -> Response:
    headers = one.attachment("nxs") | {"etag": f'W/"nxs-{one.listed.version}"'}
    if is_known(request.headers.get("if-none-match"), headers["etag"]):
        return Response(status_code=304, headers=headers)
    try:
        size, pieces = await asyncio.to_thread(file_pieces, one.path)
    except OSError as error:
        raise HTTPException(404, f"the product cannot be read: {error.strerror or error}") from None
    headers["content-length"] = str(size)
    return StreamingResponse(pieces, media_type="application/x-hdf5", headers=headers)


async def _csv(request: Request, one: _Wanted) -> Response:
    rows = params.rows(request.query_params.getlist("row"))
    job = RenderJob(what="csv", path=str(one.path), rows=rows, run=one.run, name=one.listed.name)
    return await _streamed(request, job, "text/csv; charset=utf-8", one.attachment("csv"))


async def _streamed(request: Request, job: RenderJob, media_type: str, headers: dict[str, str]) -> Response:
    """An answer that is sent while it is made."""
    pieces = context_of(request).tables.pieces(job)
    with _explained():  # the first piece shows whether there is anything to send at all
        first = await anext(pieces)

    async def all_pieces() -> AsyncIterator[bytes]:
        async with aclosing(pieces):
            yield first
            async for piece in pieces:
                yield piece

    return StreamingResponse(all_pieces(), media_type=media_type, headers=headers)


async def _npz(request: Request, one: _Wanted) -> Response:
    listed, path = one.listed, str(one.path)
    job = RenderJob(what="npz", path=path, run=one.run, name=listed.name, version=listed.version)
    shape = one.shelf.shapes.get((one.run, listed.name))
    headers = one.attachment("npz")
    if shape is None or math.prod(shape) > MAX_CELLS_AT_ONCE:
        return await _streamed(request, job, _NPZ, headers)
    readers = context_of(request).readers
    return await made(request, ("npz", path, listed.version), lambda: readers.ask(job), _NPZ, headers)


async def _png(request: Request, one: _Wanted) -> Response:
    rows = params.rows(request.query_params.getlist("row"))
    heading = one.listed.name + f" ({one.whose})" * bool(one.whose)
    job = RenderJob(what="png", path=str(one.path), rows=rows, run=one.run, name=heading)
    key = ("png", job.path, one.listed.version, rows)
    drawers = context_of(request).drawers
    return await made(request, key, lambda: drawers.ask(job), "image/png", one.attachment("png"))


_NPZ = "application/octet-stream"
_FILES = {"nxs": _nexus, "csv": _csv, "npz": _npz, "png": _png}
