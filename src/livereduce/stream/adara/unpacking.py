"""From bytes to items: block, framing, session and decoder together, whatever the bytes come from. Reads nothing.

A connection (`client.py`) and a recording (`livereduce.stream.recording.source`) put bytes into `room` and take items.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from livereduce.messages.marks import Marker
from livereduce.stream.adara import session
from livereduce.stream.adara.caution import Caution
from livereduce.stream.adara.decode import Decoder
from livereduce.stream.adara.session import Connected, Deliver, Packets, SessionState
from livereduce.stream.adara.wire.arena import Arena
from livereduce.stream.adara.wire.block import Block
from livereduce.stream.adara.wire.frame import Framer, FramingError, PacketTable, halves
from livereduce.stream.adara.wire.walk import Walk
from livereduce.stream.items import At, Gap, Item, MakeColumns, Position, SourceState, StartTime

BAD_PACKETS_EVERY_S = 60.0
"""Shortest time between log lines about bad packets, or about repeats in mid-stream: a broken server may send thousands
of them per second."""

_log = logging.getLogger("livereduce.stream")


class Tap(Protocol):
    """Is given the stream as it comes, packet tables before they are decoded. Never blocks, never raises."""

    def connected(self) -> None:
        """What comes from here on comes on another connection: the server may repeat."""

    def take(self, table: PacketTable, run: int, start_s: int) -> None:
        """Whole packets; the table is valid during this call only.

        Parameters
        ----------
        run, start_s
            The run that the stream is in before them, 0 for none, and its start in seconds since 1990.
        """


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


class Unpacker:
    """Makes items of a stream of bytes, over all connections that it comes on.

    Parameters
    ----------
    name
        What the bytes come from, for the log.
    tap
        Is given all whole packets, too.

    Attributes
    ----------
    session
        What of the stream was delivered.
    block
        The bytes that are not consumed yet.
    missing_bytes
        Least number of bytes that the packet at the front of the block still needs; 0 if none has begun.
    """

    def __init__(
        self,
        name: str,
        *,
        caution: Caution | None = None,
        columns: MakeColumns | None = None,
        tap: Tap | None = None,
        block: Block | None = None,
    ) -> None:
        self._name = name
        self.session = SessionState()
        self.block = block or Block()
        self.missing_bytes = 0
        self.decoder = Decoder(columns or Arena)
        self._framer = Framer()
        self._caution = caution or Caution(Marker())
        self._tap = tap
        self._reported = self._reported_repeats = Reported()
        self._gaps = 0

    def begin(self, at: At) -> None:
        """Set from where on items are wanted."""
        if isinstance(at, StartTime):
            self.session = session.starting_at(at.time_ns)
        elif isinstance(at, Position):
            self.session = session.resuming(at)

    def connect(self) -> None:
        """What comes from here on comes on another connection, or in another file: it may overlap with what came."""
        self.block.clear()
        self.missing_bytes = 0
        if self._tap is not None:
            self._tap.connected()
        self.session, _ = session.step(self.session, Connected(), time.monotonic())

    @property
    def is_stuck(self) -> bool:
        """There are bytes that no further bytes make a packet of: `items` raises the error."""
        return bool(len(self.block.words)) and not self.missing_bytes

    def counted(self, state: SourceState) -> SourceState:
        """The state of a source with what was counted here."""
        return replace(
            state,
            gaps=self._gaps,
            bad_packets=self.decoder.damaged,
            last_problem=self.decoder.last_problem,
            repeated_pulses=self.session.window.repeated_pulses,
            run=self.session.run,
            unknown_types=dict(self.decoder.unknown_types),
            contained=self.decoder.contained.count,
        )

    def items(self, now: float) -> list[Item]:
        """Decode all whole packets in the block.

        Raises
        ------
        FramingError
            The packet at the front has an impossible length; those before it were decoded by an earlier call.
        """
        items: list[Item] = []
        walk = Walk(self._framer, self.block.words, self.block.offset)
        try:
            for table in walk:
                if self._tap is not None:
                    self._tap.take(table, self.run, self.session.start_s)
                items += self._caution.decoded(table, lambda: self.run, self._decoding(now))
        except FramingError:
            if not walk.used_words:
                raise
        self.missing_bytes = 4 * walk.missing_words
        self.block.consume(walk.used_words)
        self._report(now)
        return items

    @property
    def run(self) -> int:
        """The run that the stream is in; 0 for none."""
        return self.session.run or 0

    def _decoding(self, now: float) -> Callable[[PacketTable], list[Item]]:
        return lambda table: self._decoded(table, now)

    def _report(self, now: float) -> None:
        """Log what was skipped."""
        damaged, problem = self.decoder.damaged, self.decoder.last_problem
        self._reported, bad = report(self._reported, damaged, f"bad packets so far, the newest at {problem}", now)
        what = "packets so far were sent again in mid-stream, which no server should do; each counts once"
        self._reported_repeats, repeats = report(self._reported_repeats, self.session.window.unexpected, what, now)
        for line in filter(None, (bad, repeats)):
            _log.warning("%s: %s", self._name, line)

    def _decoded(self, table: PacketTable, now: float) -> list[Item]:
        """Decode a table. If that fails, decode its halves, so that only the bad packet is lost, and becomes a gap."""
        try:
            items = self._followed(table, now)
        except Exception as error:  # noqa: BLE001 (the boundary of a packet, as in the decoder)
            if len(table) > 1:
                return [item for half in halves(table) for item in self._decoded(half, now)]
            self.decoder.contained.note(f"a packet ({table.place(0)})", error)
            time_ns = int(table.time_ns[0])
            items = [Gap(run=self.run, reason="a packet that could not be processed", from_ns=time_ns, to_ns=time_ns)]
        self._gaps += sum(isinstance(item, Gap) for item in items)
        return items

    def _followed(self, table: PacketTable, now: float) -> list[Item]:
        rare = self.decoder.rare(table)
        following, outputs = session.step(self.session, Packets(table=table, rare=rare), now)
        items: list[Item] = []
        for output in outputs:
            items += self.decoder.items(table, rare, output) if isinstance(output, Deliver) else [output]
        self.session = following
        for gap in (output for output in outputs if isinstance(output, Gap)):
            _log.warning("%s: run %d is incomplete: %s", self._name, gap.run, gap.reason)
        return items
