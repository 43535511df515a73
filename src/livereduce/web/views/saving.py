"""Handlers that keep a region of the detector or remove one: the daemon does it, for somebody with the token."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from livereduce.messages.regions import encode_region, region_of
from livereduce.messages.request import Request as DaemonRequest
from livereduce.messages.request import Want
from livereduce.web.api import asked_for
from livereduce.web.context import answer

MOST_NAME = 40


async def keep_region(request: Request) -> Response:
    """Keep the region in the body, in the place of that of its name, or of the one that the query names."""
    try:
        region = region_of((await request.body()).decode())
    except ValueError as error:
        raise HTTPException(422, f"this is no region: {error}") from None
    order = DaemonRequest(want=Want.SET_REGIONS, region=encode_region(region), remove=_instead(request))
    return answer({"text": await asked_for(request, order)})


def _instead(request: Request) -> str:
    """Name of the kept region whose place the new one takes; empty for none."""
    name = request.query_params.get("instead", "")
    if len(name) > MOST_NAME:
        raise HTTPException(422, f"instead: expected the name of a region, got {name[:MOST_NAME]!r} …")
    return name


async def remove_region(request: Request) -> Response:
    """Remove the region of this name."""
    name = request.path_params["name"]
    return answer({"text": await asked_for(request, DaemonRequest(want=Want.SET_REGIONS, remove=name))})
