"""The figures that scripts have published, each as a page of its own in a sandbox.

A figure is HTML of a script, with code in it. It runs in an origin of its own: it reads nothing of this server and of
no other, whatever it holds. It brings nothing to the other pages, which show it as a link only.
"""

import asyncio
import html
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from livereduce.base.files import read_regular
from livereduce.publish.products.folder import FIGURE
from livereduce.web.context import context_of, instrument
from livereduce.web.http import params
from livereduce.web.http.chunked_response import ChunkedResponse
from livereduce.web.http.etags import is_known
from livereduce.web.http.static_files import PLOTLY

MOST_BYTES = 128 << 20
POLICY = "; ".join(
    (
        "sandbox allow-scripts",
        "default-src 'none'",
        "script-src 'unsafe-inline'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "font-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


async def figure(request: Request) -> Response:
    """The figure of a run as a page, with plotly's JavaScript within: a sandbox can load nothing."""
    view = instrument(request).view
    run = params.run_number(request.path_params["run"])
    listed = view.live.index.run(run)
    if listed is None or not listed.figure:
        raise HTTPException(404, f"no script has published a figure of run {run}")
    etag = f'"figure-{run}-{listed.figure}"'
    headers = {"etag": etag, "cache-control": "no-cache", "content-security-policy": POLICY}
    if is_known(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    library = context_of(request).files[PLOTLY]
    try:
        drawn = await asyncio.to_thread(
            read_regular, Path(view.live.folder) / str(run) / FIGURE, MOST_BYTES, follow_link=False
        )
        await asyncio.to_thread(library.refresh)
    except OSError as error:
        raise HTTPException(404, f"the figure cannot be read: {error.strerror or error}") from None
    return ChunkedResponse(_page(f"{view.name} run {run}", library.body, drawn), media_type=_TYPE, headers=headers)


_TYPE = "text/html; charset=utf-8"


def _page(title: str, library: bytes, drawn: bytes) -> bytes:
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
    return b"".join((head.encode(), b"<script>", library, b"</script></head><body>", drawn, b"</body></html>"))
