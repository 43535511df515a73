"""A beamline with a sample in the beam, as values above any protocol: a server's own package turns them into its bytes.

Times of flight count 100 ns and proton charges 10 pC, as the accelerator's and the detectors' electronics do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.stream.items import I8, U4

PULSES_PER_S = 60
CYCLES = 600
"""The accelerator counts its pulses modulo this."""


def pulse_times(first: int, stop: int) -> list[int]:
    """Times of pulses in nanoseconds since pulse 0, at 60 Hz without drift."""
    return [k * NS_PER_S // PULSES_PER_S for k in range(first, stop)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Monitor:
    """A beam monitor's events over the pulses: `first` as in `Pulses`, `tof` in 100 ns."""

    id: int
    first: I8
    tof: U4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Pulses:
    """Contents of consecutive pulses.

    Attributes
    ----------
    charge
        Shape (p,), in 10 pC.
    section_first
        Shape (p + 1,): the bank sections of pulse k are ``section_first[k]:section_first[k + 1]``.
    bank
        Shape (s,), one bank id per section; sections without events are left out.
    event_first
        Shape (s + 1,): the events of a section.
    tof, pixel
        Shape (n,); time of flight in 100 ns.
    choppers
        Number of choppers that send one value per pulse.
    """

    charge: U4
    section_first: I8
    bank: U4
    event_first: I8
    tof: U4
    pixel: U4
    monitors: tuple[Monitor, ...] = ()
    choppers: int = 1


def empty_pulses(n: int, charge: U4) -> Pulses:
    """Pulses with the shutter closed: charge, no neutrons."""
    nothing = np.zeros(0, np.uint32)
    return Pulses(
        charge=charge,
        section_first=np.zeros(n + 1, np.int64),
        bank=nothing,
        event_first=np.zeros(1, np.int64),
        tof=nothing,
        pixel=nothing,
    )


class ValueKind(Enum):
    """The type of a variable's values: whole numbers of 32 bits, other numbers, texts."""

    UNSIGNED = "unsigned integer"
    DOUBLE = "double"
    TEXT = "string"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowVariable:
    """A variable of a device, as its description has it."""

    id: int
    name: str
    kind: ValueKind
    units: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device and its variables."""

    id: int
    name: str
    variables: tuple[SlowVariable, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Equipment:
    """The constant part of a beamline.

    Attributes
    ----------
    banks
        The pixels of each bank, ascending.
    monitors_m
        Distance of each beam monitor from the sample in metres, by monitor id.
    choppers
        Number of choppers that send one value per pulse.
    """

    beamline: str
    short_name: str
    definition_xml: str
    devices: tuple[Device, ...]
    banks: Mapping[int, I8]
    monitors_m: Mapping[int, float]
    choppers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowValue:
    """A new value of a variable."""

    device: int
    variable: int
    kind: ValueKind
    time_ns: int
    value: int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowValues:
    """New values, all due at one moment."""

    due_ns: int
    values: tuple[SlowValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PulseTrain:
    """Pulses at their times, shape (p,). The same `pulses` may come again at later times."""

    pulses: Pulses
    time_ns: I8
    first_cycle: int


BeamItem = PulseTrain | SlowValues


class Beam(Protocol):
    """Data of a beamline with a sample in the beam; a play makes runs of it."""

    instrument: str
    title: str
    proposal: str
    first_run: int
    run_s: float

    def equipment(self) -> Equipment:
        """The constant part."""

    def values(self, now_ns: int) -> tuple[SlowValue, ...]:
        """Values of all slow variables at the start of a run."""

    def run(self, start_ns: int) -> Iterator[BeamItem]:
        """A run from its start, in pieces of about a second; may end."""

    def between(self, start_ns: int) -> Iterator[BeamItem]:
        """The time between runs, without end."""
