"""Objects that all handlers share: instruments, watchers, cached answers, static files."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from livereduce.web.http.cache import Cache
from livereduce.web.http.etags import etag_of, is_known
from livereduce.web.http.static_files import File, files
from livereduce.web.peers.peers import Peers
from livereduce.web.render.encode import to_json
from livereduce.web.render.process.pool import Renderers
from livereduce.web.state.broadcast import Broadcast
from livereduce.web.state.instruments import Facility, Watched
from livereduce.web.views.viewers import Viewers

MAX_WAITING = 32
"""Most jobs that wait for a free process."""
MAX_TABLES = 4
"""Most tables being written at a time."""


@dataclass(slots=True, kw_only=True)
class Context:
    """Everything that a running page's server holds.

    Attributes
    ----------
    beside
        Folders of runs that were reduced again, by the id of their instrument.
    token
        Secret that a restart request must carry; empty if restarts are disabled.
    readers, drawers, tables
        Processes that make JSON, pictures and tables of products, separate so that none makes the others wait. A table
        goes on as long as somebody downloads it: nobody waits for one of those.
    viewers
        Processes that count the events of instruments that somebody looks at.
    """

    facility: Facility
    broadcast: Broadcast
    peers: Peers
    readers: Renderers
    beside: dict[str, Path] = field(default_factory=dict)
    token: str = ""
    drawers: Renderers = field(default_factory=lambda: Renderers("drawing", 1, MAX_WAITING))
    tables: Renderers = field(default_factory=lambda: Renderers("tables", MAX_TABLES, 0))
    viewers: Viewers = field(default_factory=Viewers)
    cache: Cache = field(default_factory=Cache)
    files: dict[str, File] = field(default_factory=files)


def context_of(request: Request) -> Context:
    """The context of a request's application."""
    context: Context = request.app.state.context
    return context


def instrument(request: Request) -> Watched:
    """The instrument named in the address, whose ids are in lower case."""
    one = context_of(request).facility.watched.get(request.path_params["id"].lower())
    if one is None:
        raise HTTPException(404, f"there is no instrument {request.path_params['id'][:40]!r} here")
    return one


def now() -> datetime:
    """The current time, with time zone."""
    return datetime.now().astimezone()


def answer(body: Any, **headers: str) -> Response:
    """A JSON answer that must not be cached."""
    return Response(to_json(body), media_type="application/json", headers={"cache-control": "no-store", **headers})


def settled(request: Request, body: Any, mark: Any = None) -> Response:
    """A JSON answer that holds until its content changes: a client that has it already is told so.

    Parameters
    ----------
    mark
        What of the content counts, if not all of it: ages change all the time, and a client knows that.
    """
    etag = etag_of(to_json(body)) if mark is None else f"W/{etag_of(to_json(mark))}"
    headers = {"etag": etag, "cache-control": "no-cache"}
    if is_known(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return Response(to_json(body), media_type="application/json", headers=headers)
