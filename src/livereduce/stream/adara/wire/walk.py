"""Walk over the packets of a stream: the client, `livereduce inspect` and captures all read ADARA bytes with it."""

from collections.abc import Iterator

import numpy as np

from livereduce.stream.adara.wire.frame import Framer, PacketTable
from livereduce.stream.items import U4

PIECE_WORDS = 1024 * 1024
"""4 MiB are framed and decoded at a time: the kernels pass over them several times, and larger ones leave the cache."""


class Walk:
    """The whole packets in an array of words, a table at a time; each table is valid until the next one.

    Parameters
    ----------
    framer
        Makes the tables; it can be used for one walk after the other.
    words
        An array, or a file mapped into memory: only the present piece is read.
    offset
        Place of `words` in the stream, in bytes.

    Attributes
    ----------
    used_words
        Words of the packets returned so far.
    missing_words
        At the end of the walk: least number of words that the last packet still needs; 0 if nothing follows.
    """

    def __init__(self, framer: Framer, words: U4, offset: int = 0) -> None:
        self._framer, self._words, self._offset = framer, words, offset
        self.used_words = 0
        self.missing_words = 0

    def __iter__(self) -> Iterator[PacketTable]:
        """Tables of at least one packet.

        Raises
        ------
        FramingError
            At a packet with an impossible length; those before it have been returned.
        """
        while self.used_words < len(self._words):
            size = PIECE_WORDS
            table = self._piece(size)
            while not table.used_words and self.used_words + size < len(self._words):
                size += table.missing_words
                table = self._piece(size)
            if not table.used_words:
                self.missing_words = table.missing_words
                return
            # Before the table is returned: the reader may stop after the last packet that it wants.
            is_last = bool(table.missing_words) and self.used_words + size >= len(self._words)
            self.used_words += table.used_words
            yield table
            if is_last:
                self.missing_words = table.missing_words
                return

    def _piece(self, size: int) -> PacketTable:
        start = self.used_words
        return self._framer.table(np.asarray(self._words[start : start + size]), self._offset + 4 * start)
