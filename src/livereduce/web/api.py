"""Handlers of ``/api`` except those for products, which are in `livereduce.web.state.products`."""

from dataclasses import asdict
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from livereduce.base.lock import FILE_NAME as LOCK_NAME
from livereduce.messages.status import iso, of_a_dead_daemon
from livereduce.web.context import answer, context_of, instrument, now
from livereduce.web.http import access, params
from livereduce.web.http.middleware import refusal
from livereduce.web.http.restart import NotHeld, hang_up
from livereduce.web.http.sse import EventStream
from livereduce.web.state.broadcast import Full
from livereduce.web.state.output import output
from livereduce.web.state.snapshot import card, runs


async def instruments(request: Request) -> Response:
    """All cards; those of this host first."""
    context, at = context_of(request), now()
    cards = [card(view, at) for view in context.facility.views()] + context.peers.cards()
    return answer({"at": iso(at), "instruments": cards})


async def one_instrument(request: Request) -> Response:
    """Everything about one instrument."""
    view, at = instrument(request).view, now()
    body = {
        "at": iso(at),
        "card": card(view, at),
        "status": asdict(of_a_dead_daemon(view.status) if view.down else view.status) if view.status else None,
        "runs": runs(view),
    }
    return answer({**body, "restartable": bool(context_of(request).token)})


async def timeline(request: Request) -> Response:
    """The last day as a timeline."""
    since = params.time(request.query_params.getlist("since"))
    return answer(instrument(request).timeline.shown(since))


async def printed(request: Request) -> Response:
    """Output of the scripts."""
    return answer(output(instrument(request).view.status))


async def events(request: Request) -> Response | EventStream:
    """Event stream of news."""
    context = context_of(request)
    wanted = params.ids(request.query_params.getlist("id"), frozenset(context.facility.watched))
    address = access.client_of(request.client.host if request.client else "")
    try:
        mailbox = context.broadcast.open(wanted, context.facility.first_news(wanted, now()), address)
    except Full as error:
        return refusal(429, f"too many browsers are connected: {error}", {"retry-after": "10"})
    return EventStream(context.broadcast, mailbox)


async def restart(request: Request) -> Response:
    """Restart with the current scripts, as SIGHUP does."""
    context, one = context_of(request), instrument(request)
    if not context.token:
        raise HTTPException(403, "this page cannot restart a worker: it was started without --token-file")
    if not access.origin_is_ours(request.headers.get("origin"), request.headers["host"]):
        raise HTTPException(403, "the request comes from another site")
    if not access.token_is_right(request.headers.get("authorization"), context.token):
        raise HTTPException(401, "the token is wrong or missing", {"www-authenticate": "Bearer"})
    if one.view.down or one.view.status is None or one.seen.status_file is None:
        raise HTTPException(409, f"nothing to restart: {one.view.down or one.view.problem}")
    try:
        hang_up(one.view.status.pid, Path(one.seen.status_file).with_name(LOCK_NAME))
    except NotHeld as error:
        raise HTTPException(409, f"not restarted: {error}") from None
    return Response(status_code=202, content=b'{"asked":true}', media_type="application/json")
