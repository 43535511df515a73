"""Handlers of the detector, regions and curves over a log: checked here, answered by the viewer."""

import asyncio
import gzip
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from livereduce.messages.regions import Projection, Region, region_of
from livereduce.messages.request import NotDone
from livereduce.messages.views import (
    DetectorQuestion,
    FindingsQuestion,
    LogsQuestion,
    OverQuestion,
    PixelQuestion,
    Question,
    RegionsQuestion,
    SpectrumQuestion,
)
from livereduce.preflight.viewing import ViewRefused
from livereduce.web.context import context_of, instrument
from livereduce.web.http import params
from livereduce.web.http.cache import CacheBusy
from livereduce.web.http.chunked_response import ChunkedResponse
from livereduce.web.http.etags import is_known
from livereduce.web.views.metric_values import metric_of
from livereduce.web.views.viewers import Viewable, ViewAnswer, why_not_viewable

CSV = "text/csv; charset=utf-8"
COUNTED = ("total", "region", "monitor", "metric")
MOST_NAME = 200
MOST_BINS = 512
MOST_UNPACKED = 1000
"""Bytes; shorter answers are sent as they are."""


async def detector(request: Request) -> Response:
    """Counts per cell of the screen."""
    query = _of_known(request)
    low, high = (params.number(name, query.getlist(name)) for name in ("tof_min_us", "tof_max_us"))
    if low is not None and high is not None and low > high:
        low, high = high, low
    return await _asked(
        request, DetectorQuestion(projection=_projection(query.getlist("projection")), tof_min_us=low, tof_max_us=high)
    )


async def pixel_at(request: Request) -> Response:
    """What is known of the pixel nearest to a place on the screen."""
    query = _of_known(request)
    x, y = (params.number(name, query.getlist(name)) for name in ("x", "y"))
    if x is None or y is None:
        raise HTTPException(422, "x, y: expected a place in the projection")
    return await _asked(request, PixelQuestion(projection=_projection(query.getlist("projection")), x=x, y=y))


async def regions(request: Request) -> Response:
    """All regions that are kept, with their counts."""
    kept = instrument(request).view.kept
    can_save = bool(context_of(request).token)
    return await _asked(request, RegionsQuestion(can_save=can_save, problem=kept.problem))


async def region(request: Request) -> Response:
    """The spectrum of a region that is kept; with ``.csv`` after its name as a table."""
    name = request.path_params["name"]
    names = {one.name for one in instrument(request).view.kept.regions}
    is_table = name.endswith(".csv")  # as no region is named
    name = name.removesuffix(".csv") if is_table else name
    if name not in names:
        raise HTTPException(404, f"there is no region {name[:40]!r} here")
    return await _asked(request, SpectrumQuestion(name=name, csv=is_table), table=name if is_table else "")


async def region_in_address(request: Request) -> Response:
    """The spectrum of a region that the address describes."""
    wanted = _region(_of_known(request).getlist("region"))
    return await _asked(request, SpectrumQuestion(region=wanted))


async def region_in_address_csv(request: Request) -> Response:
    """The same as a table."""
    wanted = _region(_of_known(request).getlist("region"))
    return await _asked(request, SpectrumQuestion(region=wanted, csv=True), table=wanted.name)


async def logs(request: Request) -> Response:
    """The logs of the run that are numbers."""
    return await _asked(request, LogsQuestion())


async def findings(request: Request) -> Response:
    """Pixels and banks that are hot, dead, noisy or shifted."""
    return await _asked(request, FindingsQuestion())


async def over(request: Request) -> Response:
    """A curve over a log."""
    query = _of_known(request)
    of, log = query.get("of", "total"), query.get("log", "")
    if not log or len(log) > MOST_NAME:
        raise HTTPException(422, f"log: expected the name of a log, got {log[:40]!r}")
    kind, _, name = of.partition(":")
    if kind not in COUNTED or (kind == "total") != (of == "total") or len(name) > MOST_NAME:
        raise HTTPException(422, f"of: expected total, region:NAME, monitor:N or metric:NAME, got {of[:40]!r}")
    wanted = query.getlist("region")
    trend = await asyncio.to_thread(metric_of, instrument(request).view, name) if kind == "metric" else None
    if kind == "metric" and trend is None:
        raise HTTPException(404, f"the scripts have reported no metric {name[:40]!r} in this run")
    question = OverQuestion(
        of=of,
        log=log,
        bins=_bins(query.get("bins", "auto")),
        per=_per(query.get("per", "charge")),
        region=_region(wanted) if kind == "region" and wanted else None,
        metric=trend.values if trend else (),
        metric_units=trend.units if trend else "",
        metric_every=trend.every if trend else 1,
    )
    return await _asked(request, question)


def _of_known(request: Request) -> QueryParams:
    """The query on an instrument that there is: that is said first."""
    instrument(request)
    return request.query_params


def _bins(text: str) -> str:
    is_number = text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MOST_BINS
    if text not in ("auto", "values") and not is_number:
        raise HTTPException(422, f"bins: expected auto, values or a number from 1 to {MOST_BINS}, got {text[:40]!r}")
    return text


def _per(text: str) -> str:
    if text not in ("charge", "pulse"):
        raise HTTPException(422, f"per: expected charge or pulse, got {text[:40]!r}")
    return text


def _projection(values: Sequence[str]) -> str:
    if values and values[-1] not in set(Projection):
        raise HTTPException(422, f"projection: expected one of {', '.join(Projection)}, got {values[-1][:40]!r}")
    return values[-1] if values else ""


def _region(values: Sequence[str]) -> Region:
    try:
        return region_of(values[-1] if values else "")
    except ValueError as error:
        raise HTTPException(422, f"region: {error}"[:300]) from None


async def _asked(request: Request, question: Question, *, table: str = "") -> Response:
    """The viewer's answer; `table`: it is a table of this name, to take away."""
    viewable = _viewable(request)
    try:
        found = await context_of(request).viewers.ask(instrument(request).place.id, question, viewable)
    except CacheBusy:
        raise HTTPException(429, "too many requests at once", {"retry-after": "1"}) from None
    except NotDone as error:
        raise HTTPException(409, str(error)) from None
    except ViewRefused as refused:
        raise HTTPException(refused.status, refused.text) from None
    one = instrument(request)
    one.view = replace(one.view, named=context_of(request).viewers.named(one.place.id))
    return await _sent(request, found, table)


def _viewable(request: Request) -> Viewable:
    one = instrument(request)
    if why := why_not_viewable(one):
        raise HTTPException(409, why)
    assert one.view.status is not None
    assert one.seen.status_file is not None
    return Viewable(folder=one.seen.status_file.parent, status=one.view.status, regions=one.view.kept.regions)


async def _sent(request: Request, found: ViewAnswer, table: str) -> Response:
    etag = f'"{found.etag}"'
    headers = {"etag": etag, "cache-control": "no-cache", "vary": "accept-encoding"}
    if is_known(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    if table:
        headers["content-disposition"] = f'attachment; filename="region_{table.replace(" ", "_")}.csv"'
        return ChunkedResponse(found.body, media_type=CSV, headers=headers)
    body = found.body
    if len(body) > MOST_UNPACKED and "gzip" in request.headers.get("accept-encoding", ""):
        pack = partial(asyncio.to_thread, gzip.compress, body, 1, mtime=0)
        body = await context_of(request).cache.get(("view", found.etag), pack)
        headers["content-encoding"] = "gzip"
    return ChunkedResponse(body, media_type="application/json", headers=headers)
