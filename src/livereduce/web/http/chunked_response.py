"""A long answer in pieces, so that a slow reader holds one piece and not the whole in memory of its own."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

PIECE_BYTES = 64 << 10


class Pieces(Response):
    """A response whose body is sent piece by piece, each when the one before has been taken."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it; a reader that goes away is noticed by the server."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = memoryview(self.body)
        for start in range(0, len(body), PIECE_BYTES):
            piece = bytes(body[start : start + PIECE_BYTES])
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
