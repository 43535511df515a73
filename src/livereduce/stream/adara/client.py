"""The ADARA source: a connection, framing, session and decoder; reconnects by itself and resumes by pulse id.

This module only decides when to connect and from where. A stream that breaks at the same place again and again (an
impossible packet length) must not be requested from that place forever: `start_second` asks for later places in turn.
"""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from livereduce.base.source_urls import ADARA
from livereduce.base.times import NS_PER_S
from livereduce.messages.marks import Marker
from livereduce.stream.adara import session
from livereduce.stream.adara.caution import Caution
from livereduce.stream.adara.decode import Decoder
from livereduce.stream.adara.link import idle, retry
from livereduce.stream.adara.link.connection import Connection
from livereduce.stream.adara.link.idle import Ask, Enough, Heard, Idle, Joined, Leave, Silent
from livereduce.stream.adara.link.probe import Probe
from livereduce.stream.adara.link.retry import Retry
from livereduce.stream.adara.position import run_and_pulse
from livereduce.stream.adara.session import Connected, Deliver, Packets, SessionState
from livereduce.stream.adara.wire.arena import Arena
from livereduce.stream.adara.wire.block import Block
from livereduce.stream.adara.wire.frame import Framer, FramingError, PacketTable, halves
from livereduce.stream.adara.wire.walk import Walk
from livereduce.stream.compiling import kernels_in, load
from livereduce.stream.items import (
    At,
    EventBatch,
    Gap,
    Item,
    MakeColumns,
    Position,
    SourceLost,
    SourceState,
    StartFrom,
    StartTime,
)

BAD_PACKETS_EVERY_S = 60.0
"""Shortest time between log lines about bad packets, or about repeats in mid-stream: a broken server may send thousands
of them per second."""

_log = logging.getLogger("livereduce.stream")

NOW = 0
RUN_START = 1
NEWEST_INDEX = 0xFFFF_FFFF
"""A second in the future: it makes a server begin at its newest index point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """State of the log lines on bad or otherwise counted packets: the number logged last, and when."""

    packets: int = 0
    at_s: float = -math.inf


def report(reported: Reported, packets: int, what: str, now: float) -> tuple[Reported, str]:
    """The log line about this many packets, if a line is due and there are new ones; otherwise empty."""
    if packets == reported.packets or now - reported.at_s < BAD_PACKETS_EVERY_S:
        return reported, ""
    return Reported(packets=packets, at_s=now), f"{packets} {what}"


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
    ) -> None:
        self._host, self._port = host, port
        self._at: At = StartFrom.RUN_START
        self._session = SessionState()
        self._retry = Retry()
        self._connection: Connection | None = None
        self._probe: Probe | None = None
        self._idle = Idle()
        self._due_s = 0.0
        self._made_s = 0.0
        self._spoken = False
        self._listened_s = 0.0
        self._block = Block()
        self._missing_bytes = 0
        self._framer = Framer()
        self._decoder = Decoder(columns or Arena)
        self._caution = caution or Caution(Marker())
        self._reported = self._reported_repeats = Reported()
        self._received_bytes = self._gaps = 0
        self._state = SourceState(address=f"{host}:{port}", connected=False)

    def open(self, at: At) -> None:
        """Set where to begin; the first `read` connects."""
        self._at = at
        if isinstance(at, StartTime):
            self._session = session.starting_at(at.time_ns)
        elif isinstance(at, Position):
            self._session = session.resuming(at)

    def position(self) -> Position:
        """The place after the last item read."""
        return self._session.position

    def state(self) -> SourceState:
        """Health of the connection, and what was skipped."""
        return replace(
            self._state,
            received_bytes=self._received_bytes,
            gaps=self._gaps,
            bad_packets=self._decoder.damaged,
            last_problem=self._decoder.last_problem,
            repeated_pulses=self._session.window.repeated_pulses,
            run=self._session.run,
            unknown_types=dict(self._decoder.unknown_types),
            contained=self._decoder.contained.count,
        )

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
            reason = self._decoder.contained.note("what was received", error)
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
        self._block.clear()
        self._missing_bytes = 0
        self._made_s, self._spoken = time.monotonic(), False
        self._session, _ = session.step(self._session, Connected(), self._made_s)
        self._consider(Joined())
        return self._connection

    def _received(self, connection: Connection, timeout_s: float) -> list[Item]:
        if len(self._block.words) and not self._missing_bytes:
            # An impossible length remains: raise the error now, not when more bytes come or the server closes.
            return self._items(time.monotonic())
        begun_s = time.monotonic()
        wait_s = min(timeout_s, idle.due_in_s(self._idle, self._listened_s))
        size = connection.receive(self._block.room(self._missing_bytes), wait_s)
        now = time.monotonic()
        self._listened_s += now - begun_s
        if not size:
            glimpse = self._probe.look() if self._probe else None
            self._consider(Silent(run=self._session.run, paused=self._session.paused, glimpse=glimpse))
            self._count_connection(now)
            return []
        self._block.received(size)
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
        """Decode all whole packets in the block.

        Packets before an impossible one are decoded; the next call of `_received` meets the impossible one again.
        """
        items: list[Item] = []
        walk = Walk(self._framer, self._block.words, self._block.offset)
        try:
            for table in walk:
                items += self._caution.decoded(table, self._run, lambda packets: self._decoded(packets, now))
        except FramingError as error:
            if not walk.used_words:
                self._retry = retry.broke(self._retry, self._session.last_ns or 0)
                raise SourceLost(str(error)) from None
        self._missing_bytes = 4 * walk.missing_words
        self._block.consume(walk.used_words)
        self._report(now)
        return items

    def _run(self) -> int:
        return self._session.run or 0

    def _report(self, now: float) -> None:
        """Log what was skipped."""
        damaged, problem = self._decoder.damaged, self._decoder.last_problem
        self._reported, bad = report(self._reported, damaged, f"bad packets so far, the newest at {problem}", now)
        what = "packets so far were sent again in mid-stream, which no server should do; each counts once"
        self._reported_repeats, repeats = report(self._reported_repeats, self._session.window.unexpected, what, now)
        for line in filter(None, (bad, repeats)):
            _log.warning("%s: %s", self._state.address, line)

    def _decoded(self, table: PacketTable, now: float) -> list[Item]:
        """Decode a table. If that fails, decode its halves, so that only the bad packet is lost, and becomes a gap."""
        try:
            items = self._followed(table, now)
        except Exception as error:  # noqa: BLE001 (the boundary of a packet, as in the decoder)
            if len(table) > 1:
                return [item for half in halves(table) for item in self._decoded(half, now)]
            self._decoder.contained.note(f"a packet ({table.place(0)})", error)
            time_ns = int(table.time_ns[0])
            items = [
                Gap(run=self._run(), reason="a packet that could not be processed", from_ns=time_ns, to_ns=time_ns)
            ]
        self._gaps += sum(isinstance(item, Gap) for item in items)
        return items

    def _followed(self, table: PacketTable, now: float) -> list[Item]:
        rare, pulses = self._decoder.rare(table), self._session.pulses
        following, outputs = session.step(self._session, Packets(table=table, rare=rare), now)
        items: list[Item] = []
        for output in outputs:
            items += self._decoder.items(table, rare, output) if isinstance(output, Deliver) else [output]
        self._session = following
        for gap in (output for output in outputs if isinstance(output, Gap)):
            _log.warning("%s: run %d is incomplete: %s", self._state.address, gap.run, gap.reason)
        if self._session.pulses != pulses:
            # Only a new pulse counts, not any packet: a server that breaks after its prologue must not be called
            # without pause.
            self._retry = retry.settled(self._retry)
        return items
