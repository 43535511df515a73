"""A beam as ADARA packets: its equipment and values packet by packet, its pulses laid out many at a time."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from weakref import WeakKeyDictionary

import numpy as np

from livereduce.simulate.adara.passage import Passage, passage
from livereduce.simulate.adara.pulses import CHOPPER_DEVICE, CHOPPER_VARIABLE, Template, lay_out
from livereduce.simulate.beams.beam import Beam, BeamItem, Device, Pulses, PulseTrain, SlowValue, ValueKind
from livereduce.stream.adara.wire import encode
from livereduce.stream.adara.wire.encode import BankSet, MonitorConfig, PixelRange, Variable
from livereduce.stream.adara.wire.layout import Type
from livereduce.stream.items import I8

MAX_RANGE = 0x7FFF
"""A pixel map section counts its pixels in 15 bits."""
_PACKET_TYPES = {
    ValueKind.UNSIGNED: Type.VARIABLE_U32,
    ValueKind.DOUBLE: Type.VARIABLE_DOUBLE,
    ValueKind.TEXT: Type.VARIABLE_STRING,
}


class BeamPackets:
    """Packets of a beam. Pulses that come again are laid out once: that costs more than sending them."""

    def __init__(self, beam: Beam) -> None:
        self._beam = beam
        self._templates: WeakKeyDictionary[Pulses, Template] = WeakKeyDictionary()

    def equipment(self, now_ns: int) -> list[bytes]:
        """Constant packets: device descriptors, beamline, geometry, pixel map, file settings."""
        known = self._beam.equipment()
        ranges = [each for bank, pixels in sorted(known.banks.items()) for each in pixel_ranges(bank, pixels)]
        monitors = [MonitorConfig(monitor=monitor, distance_m=at_m) for monitor, at_m in known.monitors_m.items()]
        return [
            *(_descriptor(now_ns, device) for device in known.devices),
            *(_chopper_descriptor(now_ns, k) for k in range(known.choppers)),
            encode.beamline_info(now_ns, known.beamline, known.short_name, self._beam.instrument),
            encode.geometry(now_ns, known.definition_xml),
            encode.pixel_mapping_alt(now_ns, ranges),
            encode.beam_monitor_config(now_ns, monitors),
            encode.detector_bank_sets(now_ns, [BankSet(name="BANKS", banks=tuple(sorted(known.banks)))]),
        ]

    def values(self, now_ns: int) -> list[bytes]:
        """Values of all slow variables at the start of a run."""
        return [_packet(value) for value in self._beam.values(now_ns)]

    def run(self, start_ns: int) -> Iterator[Passage]:
        """A run from its start, in pieces of about a second; may end."""
        return self._passages(self._beam.run(start_ns))

    def between(self, start_ns: int) -> Iterator[Passage]:
        """The time between runs, without end."""
        return self._passages(self._beam.between(start_ns))

    def _passages(self, items: Iterable[BeamItem]) -> Iterator[Passage]:
        for item in items:
            if isinstance(item, PulseTrain):
                template = self._template(item.pulses)
                data, due_ns = template.stamped(item.time_ns, item.first_cycle)
                yield Passage(data=data, begin=template.begin, due_ns=due_ns)
            else:
                yield passage([_packet(value) for value in item.values], item.due_ns)

    def _template(self, pulses: Pulses) -> Template:
        template = self._templates.get(pulses)
        if template is None:
            template = self._templates[pulses] = lay_out(pulses)
        return template


def pixel_ranges(bank: int, pixels: I8) -> list[PixelRange]:
    """Sections of a pixel map in which physical and logical ids are the same."""
    breaks = np.flatnonzero(np.diff(pixels) != 1) + 1
    ranges = []
    for start, stop in pairwise([0, *breaks.tolist(), pixels.size]):
        for first in range(start, stop, MAX_RANGE):
            pixel = int(pixels[first])
            ranges.append(PixelRange(bank=bank, physical=pixel, logical=pixel, count=min(MAX_RANGE, stop - first)))
    return ranges


def _packet(value: SlowValue) -> bytes:
    return encode.variable(_PACKET_TYPES[value.kind], value.time_ns, value.device, value.variable, value.value)


def _descriptor(now_ns: int, device: Device) -> bytes:
    variables = [
        Variable(id=each.id, name=each.name, type=each.kind.value, units=each.units) for each in device.variables
    ]
    return encode.device_descriptor(now_ns, device.id, encode.device_xml(device.name, variables))


def _chopper_descriptor(now_ns: int, chopper: int) -> bytes:
    name = f"chopper{chopper}_TDC"
    variable = Variable(id=CHOPPER_VARIABLE, name=name, type="unsigned integer", units="nanoseconds")
    return encode.device_descriptor(now_ns, CHOPPER_DEVICE + chopper, encode.device_xml(name, [variable]))
