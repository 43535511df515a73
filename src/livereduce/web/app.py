"""The web application: maps addresses to handlers, and adds the middleware."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from livereduce.messages.status import iso
from livereduce.web import api
from livereduce.web.context import Context, answer, context_of, now, settled
from livereduce.web.http.chunked_response import ChunkedResponse
from livereduce.web.http.etags import is_known
from livereduce.web.http.middleware import HttpMiddleware, refusal
from livereduce.web.http.openapi import description
from livereduce.web.http.root_path import page_of
from livereduce.web.http.static_files import File
from livereduce.web.render.prometheus import metrics_text
from livereduce.web.state import figures, glance, products, runs
from livereduce.web.views import handlers as views
from livereduce.web.views import saving
from livereduce.web.views.keeping import keep_looking

FIRST_LOOK_S = 3.0
_OF_ONE = "/api/instruments/{id}"


def make_app(context: Context, names: frozenset[str], root: str = "") -> Starlette:
    """Build the application.

    Parameters
    ----------
    names
        The host's own names, in lower case.
    root
        The path of the page behind a proxy; empty for the root of a server.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        with suppress(TimeoutError):  # the page starts even if files are on a file server that hangs
            async with asyncio.timeout(FIRST_LOOK_S):
                await context.facility.look_once()
        watching = [
            asyncio.create_task(context.facility.watch()),
            asyncio.create_task(context.peers.watch(lambda: iso(now()))),
            asyncio.create_task(keep_looking(context)),
        ]
        yield
        context.broadcast.close()
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        for one in (context.facility, context.peers):
            one.close()
        for other in (context.cache, context.readers, context.drawers, context.tables, context.viewers):
            await other.close()

    app = Starlette(
        routes=_routes(),
        middleware=[Middleware(_shield(names, root))],
        exception_handlers={HTTPException: _refused, Exception: _failed},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.context = context
    return app


def _shield(names: frozenset[str], root: str) -> Callable[[ASGIApp], ASGIApp]:
    return lambda app: HttpMiddleware(app, names, root)


def _routes() -> list[Route]:
    return [
        Route("/", _overview),
        Route("/instrument/{id}", _instrument),
        Route("/instrument/{id}/runs", _runs),
        Route("/instrument/{id}/detector", _detector),
        Route("/static/{name:path}", _static),
        Route("/favicon.ico", _favicon),
        Route("/healthz", _health),
        Route("/metrics", _metrics),
        Route("/api/openapi.json", _openapi),
        Route("/api/events", api.events),
        Route("/api/instruments", api.instruments),
        Route(_OF_ONE, api.one_instrument),
        Route(f"{_OF_ONE}/glance", glance.glance),
        Route(f"{_OF_ONE}/runs", runs.runs),
        Route(f"{_OF_ONE}/runs.csv", runs.runs_csv),
        Route(f"{_OF_ONE}/timeline", api.timeline),
        Route(f"{_OF_ONE}/output", api.printed),
        Route(f"{_OF_ONE}/trends/{{run}}", products.trends),
        Route(f"{_OF_ONE}/figures/{{run}}", figures.figure),
        Route(f"{_OF_ONE}/restart", api.restart, methods=["POST"]),
        Route(f"{_OF_ONE}/promote", api.promote, methods=["POST"]),
        Route(f"{_OF_ONE}/take_back", api.take_back, methods=["POST"]),
        Route(f"{_OF_ONE}/detector", views.detector),
        Route(f"{_OF_ONE}/findings", views.findings),
        Route(f"{_OF_ONE}/logs", views.logs),
        Route(f"{_OF_ONE}/over", views.over),
        Route(f"{_OF_ONE}/detector/at", views.pixel_at),
        Route(f"{_OF_ONE}/regions", views.regions),
        Route(f"{_OF_ONE}/regions/{{name}}", views.region),
        Route(f"{_OF_ONE}/region", views.region_in_address),
        Route(f"{_OF_ONE}/region.csv", views.region_in_address_csv),
        Route(f"{_OF_ONE}/regions", saving.keep_region, methods=["POST"]),
        Route(f"{_OF_ONE}/regions/{{name}}", saving.remove_region, methods=["DELETE"]),
        Route(f"{_OF_ONE}/products/{{run}}/{{name:path}}", products.product),
        Route(f"{_OF_ONE}/shadow/{{run}}/{{name:path}}", products.of_shadow),
        Route(f"{_OF_ONE}/difference/{{run}}/{{name:path}}", products.difference),
    ]


async def _overview(request: Request) -> Response:
    return await _file(request, "overview.html")


async def _instrument(request: Request) -> Response:
    return await _page(request, "instrument.html")


async def _runs(request: Request) -> Response:
    return await _page(request, "runs.html", "runs")


async def _page(request: Request, name: str, below: str = "") -> Response:
    """One page for all instruments: it reads from its own address which one to show, so that is the id as it is."""
    given = request.path_params["id"]
    if given != given.lower() and given.lower() in context_of(request).facility.watched:
        query = f"?{request.url.query}" if request.url.query else ""
        return Response(status_code=307, headers={"location": page_of(given.lower(), below) + query})
    return await _file(request, name)


async def _favicon(request: Request) -> Response:
    """For browsers and programs that do not read in a page where its picture is."""
    return await _file(request, "favicon.ico")


async def _detector(request: Request) -> Response:
    return await _page(request, "detector.html", "detector")


async def _static(request: Request) -> Response:
    return await _file(request, request.path_params["name"])


async def _file(request: Request, name: str) -> Response:
    file = context_of(request).files.get(name)
    if file is None:
        raise HTTPException(404, "there is no such file")
    try:
        await asyncio.to_thread(file.refresh)
    except OSError:
        raise HTTPException(404, "the file is gone") from None
    return _served(request, file)


def _served(request: Request, file: File) -> Response:
    kept = f"public, max-age={file.max_age_s}" if file.max_age_s else "no-cache"
    headers = {"etag": file.etag, "cache-control": kept, "vary": "accept-encoding"}
    if is_known(request.headers.get("if-none-match"), file.etag):
        return Response(status_code=304, headers=headers)
    if file.packed and "gzip" in request.headers.get("accept-encoding", ""):
        return ChunkedResponse(file.packed, media_type=file.type, headers={**headers, "content-encoding": "gzip"})
    return ChunkedResponse(file.body, media_type=file.type, headers=headers)


async def _health(request: Request) -> Response:
    """Report that this server answers; the health of the instruments is in ``/metrics``."""
    context = context_of(request)
    return answer({"ok": True, "instruments": len(context.facility.watched), "watchers": len(context.broadcast)})


async def _metrics(request: Request) -> Response:
    text = metrics_text(context_of(request).facility.views(), now())
    return Response(text, headers={"content-type": "text/plain; version=1.0.0; charset=utf-8"})


async def _openapi(request: Request) -> Response:
    return settled(request, description(request.scope["root_path"]))


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refusal(error.status_code, error.detail, dict(error.headers or {}))


async def _failed(_request: Request, _error: Exception) -> Response:
    """Answer to an error in livereduce; the log has the details, the visitor sees none."""
    return refusal(500, "internal server error; the server's log has the details")
