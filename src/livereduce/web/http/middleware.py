"""Middleware before every handler: checks host and request size, and adds headers to every answer."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from livereduce.web.http.access import host_is_ours
from livereduce.web.http.root_path import home_of

MAX_BODY = 1 << 14
"""Most bytes of a request's body; only a region that is to be kept has one."""
MAX_QUERY = 1 << 14
"""Most bytes of a query: a region that somebody has drawn fits."""

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def refusal(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    """An error answer in the usual form."""
    return JSONResponse({"error": text}, status_code=status, headers=headers)


class HttpMiddleware:
    """The middleware; `root` is the path of the page behind a proxy, or empty."""

    def __init__(self, app: ASGIApp, names: frozenset[str], root: str = "") -> None:
        self._app, self._names, self._root = app, names, root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it on and add headers to the answer."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # WebSocket is not supported
            await send({"type": "websocket.close", "code": 1008})
            return
        # a proxy may pass its path on or cut it off: the router takes both
        scope = {**scope, "root_path": self._root}
        first = why_refused(Request(scope), self._names) or _sent_home(scope["path"], self._root)
        await (first or self._app)(scope, receive, _with_headers(send))


def why_refused(request: Request, names: frozenset[str]) -> Response | None:
    """The error answer for a request that is refused; None if it may pass."""
    if len(request.headers.getlist("host")) != 1 or not host_is_ours(request.headers["host"], names):
        return refusal(421, "this server does not accept that host name; start it with --name NAME to accept it")
    if len(request.scope.get("query_string", b"")) > MAX_QUERY:
        return refusal(414, f"the query is longer than {MAX_QUERY} bytes")
    length = request.headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit() and int(length[:9]) <= MAX_BODY and len(length) < 10):
        return refusal(413, f"the body is longer than {MAX_BODY} bytes; only a region to keep has a body here")
    if "transfer-encoding" in request.headers:
        return refusal(411, "a body needs a Content-Length")
    return None


def _sent_home(path: str, root: str) -> Response | None:
    home = home_of(path, root)
    return Response(status_code=307, headers={"location": home}) if home else None


def _with_headers(send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name.lower() for name, _ in message["headers"]}
            added = [(name.encode(), text.encode()) for name, text in HEADERS.items() if name.encode() not in given]
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return answer
