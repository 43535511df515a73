"""The packets that come rarely, as frozen values; `readers.py` makes them of payloads."""

from dataclasses import dataclass

from livereduce.base.errors import UpstreamError
from livereduce.stream.adara.wire.layout import RunStatusCode
from livereduce.stream.items import I4, I8, Values


class BadPacket(UpstreamError):
    """A payload that does not match its type. The frame around it is sound, so only this packet is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """Place of the stream: run number (0: none), file, and whether it is a file of paused data."""

    run: int
    run_start_s: int
    status: RunStatusCode
    file: int
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """Title and proposal from the run information; empty if not given."""

    title: str
    proposal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GeometryXml:
    """An instrument definition."""

    xml: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BeamlineInfo:
    """Names of the beamline."""

    beamline: str
    short_name: str
    long_name: str
    target_station: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A comment in the stream: scans, pauses, notes."""

    type: int
    scan: int
    comment: str
    reset_hint: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceDescriptor:
    """Names and units of a device's variables, by variable id."""

    device: int
    name: str
    variables: dict[int, tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VariableValues:
    """Values of a string, array or multiple-value variable; times count from the packet's own.

    `invalid` is True if the alarm severity, one for all of them, is INVALID.
    """

    device: int
    variable: int
    after_ns: I8
    value: Values
    invalid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PixelMap:
    """Logical pixels that belong to a bank, ascending, and the banks."""

    pixels: I4
    banks: tuple[int, ...]


Packet = RunStatus | RunInfo | GeometryXml | BeamlineInfo | Annotation | DeviceDescriptor | VariableValues | PixelMap
