"""The lines on the beat pipe of one worker, as beats; a line that is no beat is counted.

Pure; the pipe is read in `daemon.worker.process`. A worker's own lines come whole and in order
(`livereduce.messages.beat`), so anything else was written by a script, or the worker is broken. Once in a while that
does no harm. Often, it means that nobody knows how the worker is.
"""

from dataclasses import dataclass

from livereduce.messages.beat import MAX_BEAT_BYTES, Beat, decode_beat

TOLERATED = 2
"""Lines of nonsense in the life of a worker; with one more it is ended."""


@dataclass(slots=True, kw_only=True)
class Hearing:
    """What was heard of one worker.

    Attributes
    ----------
    rest
        The beginning of a line whose end has not come.
    seq
        Of the newest beat: the next has a larger one.
    nonsense, last_nonsense
        How many lines were no beats, and why the last one was not.
    """

    rest: bytes = b""
    seq: int = 0
    nonsense: int = 0
    last_nonsense: str = ""

    @property
    def complaint(self) -> str:
        """Why the worker cannot be understood; empty as long as it can."""
        if self.nonsense <= TOLERATED:
            return ""
        return (
            f"{self.nonsense} lines on the worker's status pipe were not from the worker, so its state is unknown"
            f" (does a script write to a file descriptor it did not open?); the last one: {self.last_nonsense}"
        )

    def feed(self, data: bytes) -> list[Beat]:
        """The beats that these bytes complete."""
        *lines, rest = (self.rest + data).split(b"\n")
        if len(rest) > MAX_BEAT_BYTES:  # it will not become a beat, and must not fill the memory
            lines, rest = [*lines, rest], b""
        self.rest = rest
        beats = []
        for line in lines:
            if self.complaint:  # it is being ended: a flood of nonsense must not keep the daemon busy
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
