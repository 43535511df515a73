"""The buffer between socket and framing: whole packets are taken from its front, new bytes are added at its end."""

import numpy as np

from livereduce.stream.adara.wire.layout import HEADER_BYTES, MAX_PAYLOAD_BYTES
from livereduce.stream.items import U4

BLOCK_BYTES = 8 * 1024 * 1024


class Block:
    """Received bytes that are not consumed yet; grows, up to the limit, only for a packet that is longer than it."""

    def __init__(self, size: int = BLOCK_BYTES) -> None:
        self._bytes = np.empty(size, np.uint8)
        self._stop = 0
        self._least = size
        self.offset = 0
        """Bytes of this connection consumed so far, so that an error can name its place in the stream."""

    def room(self, missing_bytes: int = 0) -> memoryview:
        """Writable memory for the next bytes; never empty."""
        wanted = min(self._stop + max(missing_bytes, 4), HEADER_BYTES + MAX_PAYLOAD_BYTES)
        if wanted > len(self._bytes):
            grown = np.empty(max(wanted, 2 * len(self._bytes)), np.uint8)
            grown[: self._stop] = self._bytes[: self._stop]
            self._bytes = grown
        return self._bytes.data[self._stop :]

    def received(self, size: int) -> None:
        """Count bytes that were written into `room`."""
        self._stop += size

    @property
    def words(self) -> U4:
        """All whole words."""
        return self._bytes[: self._stop & ~3].view(np.uint32)

    def consume(self, words: int) -> None:
        """Remove words at the front; the rest moves there."""
        start = 4 * words
        self.offset += start
        left = self._stop - start
        if left and start:
            # numpy makes a copy where the two ranges overlap.
            self._bytes[:left] = self._bytes[start : self._stop]
        self._stop = left
        if not left and len(self._bytes) > self._least:
            self._bytes = np.empty(self._least, np.uint8)

    def clear(self) -> None:
        """Drop everything (the connection it came from is gone)."""
        self._stop = self.offset = 0
