"""The ADARA source: a connection and what unpacks it; reconnects by itself and resumes by pulse id.

This module only decides when to connect and from where. A stream that breaks at the same place again and again (an
impossible packet length) must not be requested from that place forever: `start_second` asks for later places in turn.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace

from livereduce.base.source_urls import ADARA
from livereduce.base.times import NS_PER_S
from livereduce.stream.adara.caution import Caution
from livereduce.stream.adara.link import idle, retry
from livereduce.stream.adara.link.connection import Connection
from livereduce.stream.adara.link.idle import Ask, Enough, Heard, Idle, Joined, Leave, Silent
from livereduce.stream.adara.link.probe import Probe
from livereduce.stream.adara.link.retry import Retry
from livereduce.stream.adara.position import run_and_pulse
from livereduce.stream.adara.session import SessionState
from livereduce.stream.adara.unpacking import Tap, Unpacker
from livereduce.stream.adara.wire.block import Block
from livereduce.stream.adara.wire.frame import FramingError
from livereduce.stream.compiling import kernels_in, load
from livereduce.stream.items import (
    At,
    EventBatch,
    Item,
    MakeColumns,
    Position,
    SourceLost,
    SourceState,
    StartFrom,
    StartTime,
)

_log = logging.getLogger("livereduce.stream")

NOW = 0
RUN_START = 1
NEWEST_INDEX = 0xFFFF_FFFF
"""A second in the future: it makes a server begin at its newest index point."""


def start_second(at: At, state: SessionState, tries: Retry) -> int:
    """The start field of the next hello: at first the place that `at` names, later the place where the session is.

    When framing breaks at the same place a second time, ask for the newest index point; from the third time on, ask
    only for new data. The session then finds the gap by itself, because the overlap is missing. The session's place is
    the earliest stamp of its last pulses: if one of them were in the future, the server would begin after the missing
    data.
    """
    last_ns = state.last_ns
    if tries.broken_at_ns is not None and tries.broken_at_ns == (last_ns or 0) and tries.broken_times >= 2:
        return NEWEST_INDEX if tries.broken_times == 2 else NOW
    if state.run is not None and state.recent_ns:
        return _second(min(state.recent_ns))
    if isinstance(at, StartTime):
        return _second(at.time_ns)
    if isinstance(at, Position):
        return _second(run_and_pulse(at)[1])
    return NOW if at is StartFrom.NOW else RUN_START


def _second(time_ns: int) -> int:
    """Seconds of a time, never `NOW` and within the 32 bits of the hello: pulse times come from the server."""
    return min(max(time_ns // NS_PER_S, RUN_START), NEWEST_INDEX)


class AdaraSource:
    """A `Source` that reads a stream server's live port. One thread; nobody else writes to its state."""

    def __init__(
        self,
        host: str,
        port: int = ADARA.default_port,
        *,
        caution: Caution | None = None,
        columns: MakeColumns | None = None,
        tap: Tap | None = None,
    ) -> None:
        self._host, self._port = host, port
        self._at: At = StartFrom.RUN_START
        self._unpacker = Unpacker(f"{host}:{port}", caution=caution, columns=columns, tap=tap, block=Block())
        self._retry = Retry()
        self._connection: Connection | None = None
        self._probe: Probe | None = None
        self._idle = Idle()
        self._due_s = 0.0
        self._made_s = 0.0
        self._spoken = False
        self._listened_s = 0.0
        self._received_bytes = 0
        self._state = SourceState(address=f"{host}:{port}", connected=False)

    def open(self, at: At) -> None:
        """Set where to begin; the first `read` connects."""
        self._at = at
        self._unpacker.begin(at)

    def position(self) -> Position:
        """The place after the last item read."""
        return self._session.position

    def state(self) -> SourceState:
        """Health of the connection, and what was skipped."""
        return self._unpacker.counted(replace(self._state, received_bytes=self._received_bytes))

    def close(self) -> None:
        """Close the connection."""
        self._end_probe()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def read(self, timeout_s: float) -> Sequence[Item]:
        """Return the items that came within the timeout; after a lost connection the next reads reconnect.

        Raises
        ------
        SourceLost
            The connection broke or could not be made (always with ``retry``).
        """
        try:
            connection = self._connected(timeout_s)
            return [] if connection is None else self._received(connection, timeout_s)
        except SourceLost as lost:
            self._lose(lost.reason)
            raise
        except (
            Exception
        ) as error:  # The boundary of one read: as after a broken frame, this place is not requested forever.
            reason = self._unpacker.decoder.contained.note("what was received", error)
            self._retry = retry.broke(self._retry, self._session.last_ns or 0)
            self._lose(reason)
            raise SourceLost(reason) from error

    def _lose(self, reason: str) -> None:
        now, accepted = time.monotonic(), self._connection is not None
        self.close()
        self._retry, line = retry.lost(self._retry, reason, now, accepted=accepted)
        if line:
            _log.warning("%s", f"{self._state.address}: {line}" if accepted else line)
        self._due_s = now + retry.delay_s(self._retry, now, accepted=accepted)
        self._state = replace(self._state, connected=False, reason=reason)

    def _connected(self, timeout_s: float) -> Connection | None:
        """The connection, reconnected if a try is due; None if it is too early for one."""
        if self._connection is not None:
            return self._connection
        wait_s = self._due_s - time.monotonic()
        if wait_s > 0:
            time.sleep(min(wait_s, timeout_s))
            return None
        start_s = start_second(self._at, self._session, self._retry)
        self._connection = Connection(self._host, self._port, start_s)
        load(kernels_in("livereduce.stream.adara"))  # the server begins to send meanwhile
        self._unpacker.connect()
        self._made_s, self._spoken = time.monotonic(), False
        self._consider(Joined())
        return self._connection

    def _received(self, connection: Connection, timeout_s: float) -> list[Item]:
        unpacker = self._unpacker
        if unpacker.is_stuck:
            # An impossible length remains: raise the error now, not when more bytes come or the server closes.
            return self._items(time.monotonic())
        begun_s = time.monotonic()
        wait_s = min(timeout_s, idle.due_in_s(self._idle, self._listened_s))
        size = connection.receive(unpacker.block.room(unpacker.missing_bytes), wait_s)
        now = time.monotonic()
        self._listened_s += now - begun_s
        if not size:
            glimpse = self._probe.look() if self._probe else None
            self._consider(Silent(run=self._session.run, paused=self._session.paused, glimpse=glimpse))
            self._count_connection(now)
            return []
        unpacker.block.received(size)
        self._received_bytes += size
        items = self._items(now)
        batches = [item for item in items if isinstance(item, EventBatch)]
        self._consider(Heard(pulses_ns=[time_ns for batch in batches for time_ns in batch.pulse_ns[-16:].tolist()]))
        self._count_connection(now)
        return items

    def _consider(self, fact: idle.Fact) -> None:
        """Act on silence, or on its end."""
        self._idle, outputs = idle.step(self._idle, fact, self._listened_s)
        for output in outputs:
            match output:
                case Ask() if self._connection:
                    self._probe = Probe(*self._connection.peer)
                case Enough():
                    self._end_probe()
                case Leave(reason=reason):
                    raise SourceLost(reason)

    def _end_probe(self) -> None:
        if self._probe is not None:
            self._probe.close()
            self._probe = None

    def _count_connection(self, now: float) -> None:
        """A connection counts once the server has sent something on it; we are connected once it holds."""
        if now - self._made_s >= retry.SETTLES_S:
            self._retry = retry.settled(self._retry)
        if not self._idle.told:
            return
        if not self._spoken:
            self._spoken = True
            self._state = replace(self._state, connects=self._state.connects + 1)
        if not self._state.connected and retry.holds(self._retry, now - self._made_s):
            self._state = replace(self._state, connected=True, reason="")
            _log.info("%s: connected", self._state.address)

    def _items(self, now: float) -> list[Item]:
        """Decode all whole packets that have come.

        Packets before an impossible one are decoded; the next call of `_received` meets the impossible one again.
        """
        pulses = self._session.pulses
        try:
            return self._unpacker.items(now)
        except FramingError as error:
            self._retry = retry.broke(self._retry, self._session.last_ns or 0)
            raise SourceLost(str(error)) from None
        finally:
            if self._session.pulses != pulses:
                # Only a new pulse counts, not any packet: a server that breaks after its prologue must not be called
                # without pause.
                self._retry = retry.settled(self._retry)

    @property
    def _session(self) -> SessionState:
        return self._unpacker.session
