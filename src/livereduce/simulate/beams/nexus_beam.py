"""The beam of a NeXus event file: its pulses, a second at a time, with its logs in between."""

from collections.abc import Iterator

import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.simulate.beams.beam import (
    CYCLES,
    PULSES_PER_S,
    BeamItem,
    Device,
    Equipment,
    Monitor,
    Pulses,
    PulseTrain,
    SlowValue,
    SlowValues,
    SlowVariable,
    ValueKind,
    empty_pulses,
    pulse_times,
)
from livereduce.simulate.beams.nexus import Recorded
from livereduce.stream.nexus.logs import Log

DEVICE = 1
"""All logs of the file are variables of one device."""
PIECE_EVENTS = 1_000_000


def value_kind(log: Log) -> ValueKind:
    """The type of a log's values: whole numbers that fit into 32 bits, other numbers, or texts."""
    kind = log.value.dtype.kind
    if kind in "SOU":
        return ValueKind.TEXT
    if kind in "iub" and log.value.min() >= 0 and log.value.max() < 1 << 32:
        return ValueKind.UNSIGNED
    return ValueKind.DOUBLE


def _plain(value: object) -> int | float | str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, np.generic):
        plain: int | float | str = value.item()
        return plain
    return str(value)


class NexusBeam:
    """A file as a run from its first pulse to its last; between runs the shutter is closed."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded
        self._kinds = [value_kind(log) for log in recorded.logs]
        self.instrument, self.title, self.proposal = recorded.instrument, recorded.title, recorded.proposal
        self.first_run = recorded.run
        self.run_s = float(recorded.pulse_ns[-1]) / NS_PER_S + 1 / PULSES_PER_S

    def equipment(self) -> Equipment:
        """Logs as variables of one device, the beamline, the pixels of every bank."""
        recorded, name = self._recorded, self._recorded.instrument
        described = tuple(
            SlowVariable(id=k, name=log.name, kind=kind, units=log.units)
            for k, (log, kind) in enumerate(zip(recorded.logs, self._kinds, strict=True), 1)
        )
        return Equipment(
            beamline=name,
            short_name=name,
            definition_xml=recorded.definition_xml or f'<instrument name="{name}"/>',
            devices=(Device(id=DEVICE, name="DASlogs", variables=described),),
            banks=recorded.pixels,
            monitors_m={each.id: 0.0 for each in recorded.monitors},
            choppers=1,
        )

    def values(self, now_ns: int) -> tuple[SlowValue, ...]:
        """Each log as it was when the run began: its last value until then, else its first."""
        values = []
        for k, log in enumerate(self._recorded.logs):
            at = max(int(np.searchsorted(log.time_s, 0.0, "right")) - 1, 0)
            values.append(self._value(k, at, now_ns + min(round(float(log.time_s[at]) * NS_PER_S), 0)))
        return tuple(values)

    def run(self, start_ns: int) -> Iterator[BeamItem]:
        """The file once: about a second of pulses, then the logs of that second."""
        played_s = 0.0
        for first, stop in self._pieces():
            times = start_ns + self._recorded.pulse_ns[first:stop]
            yield PulseTrain(pulses=self._cut(first, stop), time_ns=times, first_cycle=first % CYCLES)
            until_s = float(self._recorded.pulse_ns[stop - 1]) / NS_PER_S
            if values := self._values_between(played_s, until_s, start_ns):
                yield SlowValues(due_ns=int(times[-1]), values=values)
            played_s = until_s

    def between(self, start_ns: int) -> Iterator[BeamItem]:
        """Pulses with charge, but without neutrons."""
        closed = empty_pulses(PULSES_PER_S, np.full(PULSES_PER_S, self._recorded.charge.max(), np.uint32))
        pulse = 0
        while True:
            times = start_ns + np.array(pulse_times(pulse, pulse + PULSES_PER_S), np.int64)
            yield PulseTrain(pulses=closed, time_ns=times, first_cycle=pulse % CYCLES)
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

    def _value(self, log: int, at: int, time_ns: int) -> SlowValue:
        value = _plain(self._recorded.logs[log].value[at])
        return SlowValue(device=DEVICE, variable=log + 1, kind=self._kinds[log], time_ns=time_ns, value=value)

    def _values_between(self, after_s: float, until_s: float, start_ns: int) -> tuple[SlowValue, ...]:
        values: list[SlowValue] = []
        for k, log in enumerate(self._recorded.logs):
            first, stop = np.searchsorted(log.time_s, [after_s, until_s], "right").tolist()
            values += [
                self._value(k, at, start_ns + round(float(log.time_s[at]) * NS_PER_S)) for at in range(first, stop)
            ]
        return tuple(values)
