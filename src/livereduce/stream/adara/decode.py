"""Decode rows of a packet table into items with arrays. Remembers variable names; knows no run edges and no socket."""

import logging
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from livereduce.base.contained import Contained
from livereduce.stream.adara.names import Names
from livereduce.stream.adara.session import Deliver
from livereduce.stream.adara.wire.arena import Arena
from livereduce.stream.adara.wire.banks import BankReader, BankTable, fill_states, most_events
from livereduce.stream.adara.wire.frame import PacketTable
from livereduce.stream.adara.wire.layout import PULSE_TYPES, Kind, Note, type_name
from livereduce.stream.adara.wire.monitors import MAX_MONITORS, MonitorReader
from livereduce.stream.adara.wire.packets import (
    Annotation,
    BadPacket,
    BeamlineInfo,
    DeviceDescriptor,
    GeometryXml,
    Packet,
    PixelMap,
    RunInfo,
    VariableValues,
)
from livereduce.stream.adara.wire.readers import read_packet
from livereduce.stream.adara.wire.variables import MAX_VARIABLES, VariableReader
from livereduce.stream.items import (
    B1,
    I8,
    U1,
    EventBatch,
    Gap,
    Geometry,
    Item,
    LogBatch,
    MakeColumns,
    MonitorBatch,
    Values,
)

_MAX_COUNTED_TYPES = 256
_Reader = Callable[[I8], Sequence[Item]]
"""Decodes rows into items."""

_log = logging.getLogger("livereduce.stream")


class Decoder:
    """Decodes rows into items; keeps scratch memory, variable names, and counts of what it could not read.

    Parameters
    ----------
    columns
        Makes the memory of the events.
    """

    def __init__(self, columns: MakeColumns = Arena) -> None:
        self._banks = BankReader()
        self._monitors = MonitorReader()
        self._variables = VariableReader()
        self._tof = columns(np.int32)
        self._pixel = columns(np.int32)
        self._state = columns(np.uint8)
        self._names = Names()
        self._newest: dict[tuple[int, int], tuple[int, bool]] = {}
        self._scan = (0, 0, 0)
        self._damaged = 0
        self.contained = Contained(_log)
        self.last_problem = ""
        self.unknown_types: dict[str, int] = {}

    @property
    def damaged(self) -> int:
        """Packets with a bad payload, since the beginning."""
        return self._damaged

    def rare(self, table: PacketTable) -> dict[int, Packet]:
        """The values of the rare packets by row; bad ones are counted and left out."""
        found: dict[int, Packet] = {}
        for row in table.rows[Kind.RARE].tolist():
            try:
                found[row] = read_packet(int(table.format[row]), table.payload(row))
            except BadPacket as problem:
                self._count_bad(table, row, 1, str(problem))
            except Exception as error:  # noqa: BLE001 (the boundary of one packet)
                self._fault(table, row, error)
        self._count_unknown(table)
        return found

    def _count_bad(self, table: PacketTable, row: int, packets: int, problem: str) -> None:
        """Count bad packets and name the one in `row`."""
        self._damaged += packets
        others = f"; {packets - 1} more like it in the same block" if packets > 1 else ""
        self.last_problem = f"{table.place(row)}: {problem}{others}"

    def _count_unknown(self, table: PacketTable) -> None:
        for row in table.rows[Kind.UNKNOWN].tolist():
            name = type_name(int(table.format[row]))
            if name not in self.unknown_types and len(self.unknown_types) >= _MAX_COUNTED_TYPES:
                name = "other"
            self.unknown_types[name] = self.unknown_types.get(name, 0) + 1

    def items(self, table: PacketTable, rare: Mapping[int, Packet], deliver: Deliver) -> list[Item]:
        """Decode all rows to be delivered; names are learned before the values that need them."""

        def read_rare(rows: I8) -> Sequence[Item]:
            return self._rare(table, rare, deliver, int(rows[0]))

        found: list[Item] = []
        # one by one: the good ones are remembered, so reading them a second time would look like a repeat
        for row in deliver.rare:
            found += self._contained(table, deliver.run, np.array([row]), read_rare)
        readers: tuple[tuple[I8, _Reader], ...] = (
            (deliver.scalar, lambda rows: self._scalars(table, deliver, rows)),
            (deliver.monitor, lambda rows: self._monitor_batches(table, deliver.run, rows)),
            (deliver.banked, lambda rows: [self._event_batch(table, deliver.run, rows)]),
        )
        for rows, read in readers:
            found += self._contained(table, deliver.run, rows, read)
        return found

    def _contained(self, table: PacketTable, run: int, rows: I8, read: _Reader) -> Sequence[Item]:
        """Decode some rows. If `read` raises, decode the halves, so that only the bad packet is lost.

        A pulse that cannot be read is a gap. A variable's value is not: its log goes on with the next value.
        """
        if not len(rows):
            return []
        try:
            return read(rows)
        except Exception as error:  # noqa: BLE001 (the boundary of one packet)
            half = len(rows) // 2
            if half:
                parts = rows[:half], rows[half:]
                return [item for part in parts for item in self._contained(table, run, part, read)]
            self._fault(table, int(rows[0]), error)
        if table.format[rows[0]] >> 8 not in PULSE_TYPES:
            return []
        time_ns = int(table.time_ns[rows[0]])
        return [Gap(run=run, reason="pulses that could not be read", from_ns=time_ns, to_ns=time_ns)]

    def _fault(self, table: PacketTable, row: int, error: Exception) -> None:
        self.contained.note(f"a packet ({table.place(row)})", error)
        self._count_bad(table, row, 1, f"{type(error).__name__}: {error}")

    def _event_batch(self, table: PacketTable, run: int, rows: I8) -> EventBatch:
        most = most_events(table)
        tof, pixel = self._tof.room(most), self._pixel.room(most)
        banks = self._banks.read(table, rows, tof, pixel)
        if banks.damaged:
            reason = f"its banks do not fit its payload of {4 * table.length[banks.first_damaged]} bytes"
            self._count_bad(table, banks.first_damaged, banks.damaged, reason)
        n = int(banks.first_event[-1])
        tof, pixel = self._tof.kept(tof, n), self._pixel.kept(pixel, n)
        state = self._states(banks, n) if banks.has_states else None
        batch = EventBatch(
            run=run, tof_ns=tof, pixel=pixel, state=state, first=banks.first_event, pulse_ns=table.time_ns[rows],
            charge_pc=banks.charge_pc, flags=banks.flags, period=np.zeros(len(rows), np.uint16),
            unmapped=banks.unmapped, erroneous=banks.erroneous,
        )  # fmt: skip
        for column in (tof, pixel, batch.first, batch.pulse_ns, batch.charge_pc, batch.flags, batch.period):
            column.setflags(write=False)
        return batch

    def _states(self, banks: BankTable, events: int) -> U1:
        state = self._state.room(events)
        fill_states(banks, state)
        state.setflags(write=False)
        return state

    def _monitor_batches(self, table: PacketTable, run: int, rows: I8) -> list[MonitorBatch]:
        batches, damaged = self._monitors.batches(run, table, rows)
        if damaged:
            row = self._monitors.first_damaged
            size = 4 * table.length[row]
            reason = f"its sections do not fit its payload of {size} bytes, or name more than {MAX_MONITORS} monitors"
            self._count_bad(table, row, damaged, reason)
        return batches

    def _scalars(self, table: PacketTable, deliver: Deliver, rows: I8) -> list[LogBatch]:
        variables = self._variables
        short, beyond = variables.short, variables.beyond
        columns = variables.columns(table, rows, deliver.repeats_before)
        row = variables.last_damaged
        if variables.short > short:
            reason = f"no room for a value in {4 * table.length[row]} bytes"
            self._count_bad(table, row, variables.short - short, reason)
        if variables.beyond > beyond:
            reason = f"a variable beyond the limit of {MAX_VARIABLES}; its values are ignored"
            self._count_bad(table, row, variables.beyond - beyond, reason)
        return [self._log(deliver.run, c.device, c.variable, c.time_ns, c.value, c.invalid) for c in columns]

    def _log(self, run: int, device: int, variable: int, time_ns: I8, value: Values, invalid: B1 | None) -> LogBatch:
        name, units = self._names.of(device, variable)
        return LogBatch(run=run, name=name, units=units, time_ns=time_ns, value=value, invalid=invalid)

    def _rare(self, table: PacketTable, rare: Mapping[int, Packet], deliver: Deliver, row: int) -> list[Item]:
        run, packet, time_ns = deliver.run, rare[row], int(table.time_ns[row])
        match packet:
            case DeviceDescriptor():
                self._names.learn(packet)
            case VariableValues():
                return self._values(table, deliver, row, packet)
            case GeometryXml():
                return [Geometry(run=run, time_ns=time_ns, definition_xml=packet.xml)]
            case BeamlineInfo():
                return [Geometry(run=run, time_ns=time_ns, instrument=packet.long_name)]
            case RunInfo():
                return [Geometry(run=run, time_ns=time_ns, title=packet.title, proposal=packet.proposal)]
            case PixelMap():
                return [Geometry(run=run, time_ns=time_ns, pixels=packet.pixels)]
            case Annotation(type=Note.SCAN_START | Note.SCAN_STOP):
                return self._scan_index(run, packet, time_ns)
        return []

    def _values(self, table: PacketTable, deliver: Deliver, row: int, packet: VariableValues) -> list[Item]:
        """The new values of a variable.

        A value with the time of the newest one, or older while a server repeats, is a repeat. It is new if it comes
        with another alarm: its device was lost, or is back.
        """
        key, time_ns = (packet.device, packet.variable), int(table.time_ns[row])
        newest_ns, invalid = self._newest.get(key, (None, False))
        if newest_ns is not None:
            repeats = row < deliver.repeats_before and time_ns < newest_ns
            if repeats or (time_ns == newest_ns and invalid == packet.invalid):
                return []
        elif len(self._newest) >= MAX_VARIABLES:
            reason = f"a variable beyond the limit of {MAX_VARIABLES}; its values are ignored"
            self._count_bad(table, row, 1, reason)
            return []
        if not len(packet.value):  # a packet can declare that it holds no values
            return []
        self._newest[key] = time_ns, packet.invalid
        alarm = np.full(len(packet.value), True) if packet.invalid else None
        return [self._log(deliver.run, *key, time_ns + packet.after_ns, packet.value, alarm)]

    def _scan_index(self, run: int, packet: Annotation, time_ns: int) -> list[Item]:
        """The number of the scan that begins, 0 where one ends; repeats in a prologue are ignored."""
        index = packet.scan if packet.type == Note.SCAN_START else 0
        if self._scan == (run, time_ns, index):
            return []
        self._scan = run, time_ns, index
        value = np.array([float(index)])
        return [LogBatch(run=run, name="scan_index", units="", time_ns=np.array([time_ns]), value=value)]
