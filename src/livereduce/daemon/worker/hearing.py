"""Parse the lines on the beat pipe of one worker; invalid lines are counted.

Pure; the pipe is read in `process.py`. A worker's own lines arrive whole and in order (`livereduce.messages.beat`),
so anything else was written by a script, or the worker is broken. A few such lines do no harm. Many mean that the state
of the worker is unknown.
"""

from dataclasses import dataclass

from livereduce.messages.beat import MAX_BEAT_BYTES, Beat, decode_beat

TOLERATED = 2
"""Most invalid lines in the life of a worker; with one more it is ended."""


@dataclass(slots=True, kw_only=True)
class Hearing:
    """Parser state of one worker's beats.

    Attributes
    ----------
    rest
        The beginning of an incomplete line.
    seq
        Number of the newest beat: the next has a larger one.
    nonsense, last_nonsense
        Number of invalid lines, and what was wrong with the last one.
    """

    rest: bytes = b""
    seq: int = 0
    nonsense: int = 0
    last_nonsense: str = ""

    @property
    def complaint(self) -> str:
        """Reason not to trust the worker's beats; empty as long as they can."""
        if self.nonsense <= TOLERATED:
            return ""
        return (
            f"{self.nonsense} lines on the worker's status pipe were not from the worker, so its state is unknown"
            f" (does a script write to a file descriptor it did not open?); the last one: {self.last_nonsense}"
        )

    def feed(self, data: bytes) -> list[Beat]:
        """The beats that these bytes complete."""
        *lines, rest = (self.rest + data).split(b"\n")
        if len(rest) > MAX_BEAT_BYTES:  # this cannot become a beat, and must not fill the memory
            lines, rest = [*lines, rest], b""
        self.rest = rest
        beats = []
        for line in lines:
            if self.complaint:  # the worker is being ended: a flood of invalid lines must not keep the daemon busy
                self.rest = b""
                break
            if beat := self._beat(line):
                beats.append(beat)
        return beats

    def _beat(self, line: bytes) -> Beat | None:
        try:
            beat = decode_beat(line)
            if beat.seq <= self.seq:
                raise ValueError(f"beat {beat.seq} after beat {self.seq}")
        except ValueError as error:
            self.nonsense += 1
            self.last_nonsense = str(error)
            return None
        self.seq = beat.seq
        return beat
