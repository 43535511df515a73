"""The run that attempts of an engine with its own connection read: each is played to it anew."""

import logging
import tempfile
import time
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.base.loopback import is_of_this_user
from livereduce.base.source_urls import ADARA, SourceUrl
from livereduce.daemon.worker.beats import Observed
from livereduce.messages.beat import Phase
from livereduce.messages.progress import Progress
from livereduce.simulate.adara.play import Play
from livereduce.simulate.adara.server import FOREVER_NS, Server
from livereduce.workbench.attempts.reach import Reach
from livereduce.workbench.held_run import Link
from livereduce.workbench.played.pacing import (
    SLOW_S,
    Pacing,
    PlayHeard,
    first_pacing,
    is_over,
    is_slow,
    is_stalled,
    step,
)
from livereduce.workbench.played.reel import Reel, reel_of

LEAST_S = 0.2
"""Mantid takes what has come this often, and less often where more comes than it can have decoded by then."""
TAKEN_PER_S = 5e6
"""Events that Mantid decodes in a second, from its sources: not measured."""
MOST_TURNS = 16
"""How often the server may act, a megabyte each time, before somebody else is heard."""

log = logging.getLogger("livereduce.workbench")


class PlayedRun:
    """A run that is played to each attempt by a server of our own; see `livereduce.workbench.held_run.HeldRun`.

    Parameters
    ----------
    path
        An event file, or a recording.
    every_s
        The beam time of a chunk, in seconds.
    reach
        How much of the run is played.

    Raises
    ------
    OperatorError
        It cannot be read.
    """

    receiver_pid: int | None = None
    progress: Progress | None = None
    reads_again = False

    def __init__(self, path: Path, every_s: float, reach: Reach) -> None:
        self._reel = reel_of(path)
        for note in self._reel.notes:
            log.warning("%s: %s", path, note)
        self._every_ns = max(1, round(every_s * 1e9))
        self._end_ns = end_of(self._reel, self._every_ns, reach)
        self._server: Server | None = None
        self._pace: Pacing | None = None
        self._cycles, self._pulses, self._at_work, self._waits_for = 0, 0, False, ""
        self._has_warned = self._has_refused = False

    @property
    def watched(self) -> set[int]:
        """See `HeldRun`."""
        return {self._server.fileno()} if self._server else set()

    @property
    def is_over(self) -> bool:
        """See `HeldRun`."""
        return self._pace is not None and is_over(self._pace, self._heard(is_sent=True))

    def attach(self, name: str) -> Link:  # noqa: ARG002 (Mantid says nothing of who it is)
        """See `HeldRun`."""
        self._close()
        play = Play(origin_ns=self._reel.start_ns, acts=self._reel.acts(self._end_ns))
        try:
            server = self._server = Server(play, speed=0.0, admit=self._admits)
        except OSError as error:
            raise OperatorError(f"the run cannot be played: {error}") from None
        now = time.monotonic()
        self._pace = first_pacing(start_ns=self._reel.start_ns, every_ns=self._every_ns, end_ns=self._end_ns, now=now)
        self._cycles, self._pulses, self._at_work, self._waits_for = 0, 0, False, ""
        self._has_warned = self._has_refused = False
        self._open()
        host, port = server.address
        url = str(SourceUrl(scheme=ADARA, host=host, port=port))
        every_s = take_every_s(self._reel, self._every_ns)
        events = self._reel.events_before(self._end_ns)
        return Link(source=url, run=self._reel.run, events=events, take_every_s=every_s, end=self._close)

    def follow(self, observed: Observed) -> None:
        """See `HeldRun`."""
        beat, progress = observed.beat, observed.progress
        if beat is None or progress is None:
            return
        self._cycles = max(self._cycles, cycles_begun(beat.phase, progress))
        self._pulses = progress.total.pulses
        self._at_work = beat.phase is not Phase.WAITING
        self._waits_for = progress.source.reason

    def hear(self, ready: set[int], now: float) -> None:  # noqa: ARG002 (it may go on although nobody has moved)
        """See `HeldRun`."""
        if self._server is None or self._pace is None:
            return
        try:
            for _ in range(MOST_TURNS):
                self._server.step(0.0)
                if self._server.is_sent:
                    break
        except OSError as error:
            place = tempfile.gettempdir()
            raise OperatorError(f"the run cannot be played: it does not fit into {place} (TMPDIR): {error}") from None
        self._pace = step(self._pace, self._heard(is_sent=self._server.is_sent), now)
        self._open()
        why = f": {self._waits_for}" if self._waits_for else ""
        if is_slow(self._pace, now) and not self._has_warned:
            self._has_warned = True
            log.warning("Mantid has not begun a cycle with what was sent for %.0f s%s", SLOW_S, why)
        if is_stalled(self._pace, now):
            raise OperatorError(f"Mantid takes nothing of the run that is played to it{why}")

    def leave(self) -> None:
        """See `HeldRun`."""
        self._close()

    def _heard(self, *, is_sent: bool) -> PlayHeard:
        return PlayHeard(
            is_sent=is_sent,
            next_ns=self._server.next_due_ns if self._server else None,
            cycles=self._cycles,
            pulses=self._pulses,
            is_at_work=self._at_work,
        )

    def _admits(self, peer: tuple[str, int], own: tuple[str, int]) -> bool:
        """Only this user: the run may be proposal data."""
        is_ours = is_of_this_user(peer, own)
        if not is_ours and not self._has_refused:
            self._has_refused = True  # said once an attempt: whoever asks may ask without end
            log.warning("a process (port %d) that is not known to be yours was refused the run that is played", peer[1])
        return is_ours

    def _open(self) -> None:
        if self._server is not None and self._pace is not None:
            self._server.until_ns = FOREVER_NS if self._pace.until_ns is None else self._pace.until_ns

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = self._pace = None


def end_of(reel: Reel, every_ns: int, reach: Reach) -> int:
    """The moment before which the run ends, if only a part of it is wanted."""
    end_ns = reel.over_ns
    if reach.chunks is not None:
        end_ns = min(end_ns, reel.start_ns + reach.chunks * every_ns)
    if reach.events is not None:
        end_ns = min(end_ns, reel.moment_of(reach.events))
    return end_ns


def take_every_s(reel: Reel, every_ns: int) -> float:
    """How often Mantid is to take what has come, so that it has all of an interval of a usual number of events."""
    intervals = max(1.0, (reel.over_ns - reel.start_ns) / every_ns)
    return min(every_ns / 1e9, max(LEAST_S, int(reel.so_far[-1]) / intervals / TAKEN_PER_S))


def cycles_begun(phase: Phase, progress: Progress) -> int:
    """How many cycles of Mantid's loop have begun, from what is told at the beginning and end of each step."""
    proc, post_proc = progress.steps.proc_calls, progress.steps.post_proc_calls
    begins = phase is Phase.PROCESS or (phase is Phase.POST_PROCESS and proc <= post_proc)
    return max(proc, post_proc, progress.total.chunks) + begins
