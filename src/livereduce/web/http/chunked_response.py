"""A long response sent in pieces: a slow reader costs the memory of one piece, not of the whole."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

PIECE_BYTES = 64 << 10


class ChunkedResponse(Response):
    """A response whose body is sent piece by piece, each after the one before was taken."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the response; the server notices if the reader disconnects."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = memoryview(self.body)
        for start in range(0, len(body), PIECE_BYTES):
            piece = bytes(body[start : start + PIECE_BYTES])
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
