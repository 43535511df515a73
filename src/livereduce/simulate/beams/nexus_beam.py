"""The beam of a NeXus event file: its pulses, a second at a time, with its logs in between."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.simulate.adara.play import Passage, passage
from livereduce.simulate.adara.pulses import (
    CHOPPER_DEVICE,
    CHOPPER_VARIABLE,
    CYCLES,
    PULSES_PER_S,
    Monitor,
    Pulses,
    empty_pulses,
    lay_out,
    pulse_times,
)
from livereduce.simulate.beams.nexus import Recorded
from livereduce.stream.adara.wire import encode
from livereduce.stream.adara.wire.encode import BankSet, MonitorConfig, PixelRange, Variable
from livereduce.stream.adara.wire.layout import Type
from livereduce.stream.items import I8
from livereduce.stream.nexus.logs import Log

DEVICE = 1
"""All logs of the file are variables of one device."""
PIECE_EVENTS = 1_000_000
MAX_RANGE = 0x7FFF
"""A pixel map section counts its pixels in 15 bits."""
_SCHEMA_TYPES = {
    Type.VARIABLE_U32: "unsigned integer",
    Type.VARIABLE_DOUBLE: "double",
    Type.VARIABLE_STRING: "string",
}


def packet_type(log: Log) -> Type:
    """The variable packet for a log: whole numbers that fit into 32 bits, other numbers, or texts."""
    kind = log.value.dtype.kind
    if kind in "SOU":
        return Type.VARIABLE_STRING
    if kind in "iub" and log.value.min() >= 0 and log.value.max() < 1 << 32:
        return Type.VARIABLE_U32
    return Type.VARIABLE_DOUBLE


def _plain(value: object) -> encode.Value:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, np.generic):
        plain: encode.Value = value.item()
        return plain
    return str(value)


def pixel_ranges(bank: int, pixels: I8) -> list[PixelRange]:
    """Sections of a pixel map in which physical and logical ids are the same."""
    breaks = np.flatnonzero(np.diff(pixels) != 1) + 1
    ranges = []
    for start, stop in pairwise([0, *breaks.tolist(), pixels.size]):
        for first in range(start, stop, MAX_RANGE):
            pixel = int(pixels[first])
            ranges.append(PixelRange(bank=bank, physical=pixel, logical=pixel, count=min(MAX_RANGE, stop - first)))
    return ranges


class NexusBeam:
    """A file as a run from its first pulse to its last; between runs the shutter is closed."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded
        self._packet_types = [packet_type(log) for log in recorded.logs]
        self.instrument, self.title, self.proposal = recorded.instrument, recorded.title, recorded.proposal
        self.first_run = recorded.run
        self.run_s = float(recorded.pulse_ns[-1]) / NS_PER_S + 1 / PULSES_PER_S

    def equipment(self, now_ns: int) -> list[bytes]:
        """Logs and choppers as devices, the beamline, the pixels of every bank."""
        recorded = self._recorded
        described = [
            Variable(id=k, name=log.name, type=_SCHEMA_TYPES[type_], units=log.units)
            for k, (log, type_) in enumerate(zip(recorded.logs, self._packet_types, strict=True), 1)
        ]
        chopper = Variable(id=CHOPPER_VARIABLE, name="chopper0_TDC", type="unsigned integer", units="nanoseconds")
        ranges = [each for bank, pixels in sorted(recorded.pixels.items()) for each in pixel_ranges(bank, pixels)]
        name = recorded.instrument
        return [
            encode.device_descriptor(now_ns, DEVICE, encode.device_xml("DASlogs", described)),
            encode.device_descriptor(now_ns, CHOPPER_DEVICE, encode.device_xml("chopper0_TDC", [chopper])),
            encode.beamline_info(now_ns, name, name, name),
            encode.geometry(now_ns, recorded.definition_xml or f'<instrument name="{name}"/>'),
            encode.pixel_mapping_alt(now_ns, ranges),
            encode.beam_monitor_config(now_ns, [MonitorConfig(monitor=each.id) for each in recorded.monitors]),
            encode.detector_bank_sets(now_ns, [BankSet(name="BANKS", banks=tuple(sorted(recorded.pixels)))]),
        ]

    def values(self, now_ns: int) -> list[bytes]:
        """The value of each log when the run began: its last value until then, else its first."""
        packets = []
        for k, log in enumerate(self._recorded.logs):
            at = max(int(np.searchsorted(log.time_s, 0.0, "right")) - 1, 0)
            packets.append(self._value(k, at, now_ns + min(round(float(log.time_s[at]) * NS_PER_S), 0)))
        return packets

    def run(self, start_ns: int) -> Iterator[Passage]:
        """The file once: about a second of pulses, then the logs of that second."""
        played_s = 0.0
        for first, stop in self._pieces():
            times = start_ns + self._recorded.pulse_ns[first:stop]
            template = lay_out(self._cut(first, stop))
            data, due_ns = template.stamped(times, first % CYCLES)
            yield Passage(data=data, begin=template.begin, due_ns=due_ns)
            until_s = float(self._recorded.pulse_ns[stop - 1]) / NS_PER_S
            if packets := self._values_between(played_s, until_s, start_ns):
                yield passage(packets, int(times[-1]))
            played_s = until_s

    def between(self, start_ns: int) -> Iterator[Passage]:
        """Pulses with charge, but without neutrons."""
        template = lay_out(empty_pulses(PULSES_PER_S, np.full(PULSES_PER_S, self._recorded.charge.max(), np.uint32)))
        pulse = 0
        while True:
            times = start_ns + np.array(pulse_times(pulse, pulse + PULSES_PER_S), np.int64)
            data, due_ns = template.stamped(times, pulse % CYCLES)
            yield Passage(data=data, begin=template.begin, due_ns=due_ns)
            pulse += PULSES_PER_S

    def _pieces(self) -> Iterator[tuple[int, int]]:
        """Pulses by the second, fewer if there are many events."""
        events = self._recorded.event_first[self._recorded.section_first]
        first, n = 0, self._recorded.pulse_ns.size
        while first < n:
            enough = int(np.searchsorted(events, events[first] + PIECE_EVENTS))
            stop = min(max(enough, first + 1), first + PULSES_PER_S, n)
            yield first, stop
            first = stop

    def _cut(self, first: int, stop: int) -> Pulses:
        recorded = self._recorded
        section, end = recorded.section_first[first], recorded.section_first[stop]
        event, last = recorded.event_first[section], recorded.event_first[end]
        return Pulses(
            charge=recorded.charge[first:stop],
            section_first=recorded.section_first[first : stop + 1] - section,
            bank=recorded.bank[section:end],
            event_first=recorded.event_first[section : end + 1] - event,
            tof=recorded.tof[event:last],
            pixel=recorded.pixel[event:last],
            monitors=tuple(
                Monitor(
                    id=each.id,
                    first=each.first[first : stop + 1] - each.first[first],
                    tof=each.tof[each.first[first] : each.first[stop]],
                )
                for each in recorded.monitors
            ),
        )

    def _value(self, log: int, at: int, time_ns: int) -> bytes:
        value = _plain(self._recorded.logs[log].value[at])
        return encode.variable(self._packet_types[log], time_ns, DEVICE, log + 1, value)

    def _values_between(self, after_s: float, until_s: float, start_ns: int) -> list[bytes]:
        packets = []
        for k, log in enumerate(self._recorded.logs):
            first, stop = np.searchsorted(log.time_s, [after_s, until_s], "right").tolist()
            packets += [
                self._value(k, at, start_ns + round(float(log.time_s[at]) * NS_PER_S)) for at in range(first, stop)
            ]
        return packets
