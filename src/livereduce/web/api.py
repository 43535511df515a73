"""Handlers of ``/api`` except those for products, which are in `livereduce.web.state.products`."""

import asyncio
from dataclasses import asdict, replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from livereduce.messages.request import NotDone, Want
from livereduce.messages.request import Request as DaemonRequest
from livereduce.messages.status import iso, of_a_dead_daemon
from livereduce.preflight.asking import ask
from livereduce.web.context import answer, context_of, instrument, now, settled
from livereduce.web.http import access, params
from livereduce.web.http.middleware import refusal
from livereduce.web.http.sse import EventStream
from livereduce.web.render.encode import to_json
from livereduce.web.state.broadcast import Full
from livereduce.web.state.output import output
from livereduce.web.state.snapshot import ageless, card, runs, shadow

ANSWER_S = 8.0
"""Longest wait for the daemon in all, whose loop turns at least once a second; the browser waits for 10 s."""


async def instruments(request: Request) -> Response:
    """All cards; those of this host first."""
    context, at = context_of(request), now()
    cards = [card(view, at) for view in context.facility.views()] + context.peers.cards()
    return settled(request, {"at": iso(at), "instruments": cards}, [ageless(one) for one in cards])


async def one_instrument(request: Request) -> Response:
    """Everything about one instrument."""
    view, at = instrument(request).view, now()
    shown = card(view, at)
    body = {
        "status": asdict(of_a_dead_daemon(view.status) if view.down else view.status) if view.status else None,
        "runs": runs(view.live),
        "shadow": shadow(view),
        "restartable": bool(context_of(request).token),
    }
    return settled(request, {"at": iso(at), "card": shown, **body}, {"card": ageless(shown), **body})


async def timeline(request: Request) -> Response:
    """The last day as a timeline."""
    since = params.time(request.query_params.getlist("since"))
    return settled(request, instrument(request).timeline.shown(since))


async def printed(request: Request) -> Response:
    """Output of the scripts."""
    return settled(request, output(instrument(request).view.status))


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
    """Restart with the current scripts."""
    said = await asked_for(request, DaemonRequest(want=Want.RESTART))
    return Response(status_code=202, content=to_json({"asked": True, "text": said}), media_type="application/json")


async def promote(request: Request) -> Response:
    """Put the scripts of the shadow, as they were shown, in the place of those in use."""
    seen = params.seen(request.query_params.getlist("seen"))
    return answer({"text": await asked_for(request, DaemonRequest(want=Want.PROMOTE, seen=seen))})


async def take_back(request: Request) -> Response:
    """Put back what was there before the last promotion."""
    return answer({"text": await asked_for(request, DaemonRequest(want=Want.TAKE_BACK))})


async def asked_for(request: Request, asked: DaemonRequest) -> str:
    """Have the daemon do something, for somebody with the token on our own page; what it says."""
    context, one = context_of(request), instrument(request)
    if not context.token:
        raise HTTPException(403, "this page changes nothing: it was started without --token-file")
    if not access.origin_is_ours(request.headers.get("origin"), request.headers["host"]):
        raise HTTPException(403, "the request comes from another site")
    if not access.token_is_right(request.headers.get("authorization"), context.token):
        raise HTTPException(401, "the token is wrong or missing", {"www-authenticate": "Bearer"})
    if one.view.down or one.view.status is None or one.seen.status_file is None:
        raise HTTPException(409, f"there is no daemon to ask: {one.view.down or one.view.problem}")
    who = f"the page, for {request.client.host if request.client else 'somebody'}"
    try:
        answered = await asyncio.to_thread(ask, (one.seen.status_file.parent,), replace(asked, who=who), ANSWER_S)
    except NotDone as error:
        raise HTTPException(409, str(error)) from None
    answered.close()
    return answered.answer.text
