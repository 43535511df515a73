"""What all handlers share: the instruments, who watches, answers made before, the page's files."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from livereduce.web.cache import Cache
from livereduce.web.encode import to_json
from livereduce.web.facility import Facility, Watched
from livereduce.web.hub import Hub
from livereduce.web.peers import Peers
from livereduce.web.static import File, files


@dataclass(slots=True, kw_only=True)
class Site:
    """All of a running page's server.

    Attributes
    ----------
    token
        What a restart needs; empty where nobody can ask for one.
    tables
        How many are being written.
    """

    facility: Facility
    hub: Hub
    peers: Peers
    token: str = ""
    tables: int = 0
    cache: Cache = field(default_factory=Cache)
    files: dict[str, File] = field(default_factory=files)


def site_of(request: Request) -> Site:
    """The site of a request's application."""
    site: Site = request.app.state.site
    return site


def instrument(request: Request) -> Watched:
    """The instrument that stands in the address."""
    one = site_of(request).facility.watched.get(request.path_params["id"])
    if one is None:
        raise HTTPException(404, f"there is no instrument {request.path_params['id'][:40]!r} here")
    return one


def now() -> datetime:
    """The time with its zone."""
    return datetime.now().astimezone()


def answer(body: Any, **headers: str) -> Response:
    """A JSON answer that nobody may keep."""
    return Response(to_json(body), media_type="application/json", headers={"cache-control": "no-store", **headers})
