"""The pulses of an event file, and its numbers in the units of the stream.

Banks, monitors and charges each name the times of their pulses; here they become one series. A time of flight becomes
``rint(10 * tof_us)`` ticks of 100 ns (computed in doubles; the files hold multiples of 0.1 µs as floats, so this is
exact). Rows with the same time are one pulse: their charges are added.
"""

from dataclasses import dataclass

import numpy as np

from livereduce.base.errors import OperatorError
from livereduce.stream.adara.wire.layout import CHARGE_UNIT_PC
from livereduce.stream.items import F8, I8, U2, U4
from livereduce.stream.nexus.contents import EventFile, IndexedFile
from livereduce.stream.nexus.events import TICKS_PER_US

ROUNDING_NS = 1000
"""A double of seconds since 1970 is exact to 240 ns, so banks and charge give a pulse times that differ a little."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FilePulses:
    """The pulses of a file.

    Attributes
    ----------
    time_ns
        Shape (p,), nanoseconds after the file's start; ascending.
    charge
        Shape (p,), in 10 pC.
    period
        Shape (p,); 0 if the file has none.
    notes
        What was changed, one sentence each.
    """

    time_ns: I8
    charge: U4
    period: U2
    notes: tuple[str, ...]

    def number(self, time_ns: I8) -> I8:
        """The number of the pulse to which each time belongs."""
        if np.array_equal(time_ns, self.time_ns):  # most banks have a row for each pulse
            return np.arange(len(time_ns))
        return np.searchsorted(self.time_ns, time_ns, "right") - 1


def pulses_of(file: IndexedFile | EventFile, name: str) -> FilePulses:
    """The pulses of a file; `name` is for messages.

    Raises
    ------
    OperatorError
        It has none.
    """
    times = [file.charge_ns, *(events.pulse_ns for events in (*file.banks, *file.monitors))]
    time_ns = _series(times)
    if not time_ns.size:
        raise OperatorError(
            f"{name}: expected pulses to play, found no pulses (event_time_zero of every bank is empty)"
        )
    charge_pc = np.zeros(time_ns.size)
    np.add.at(charge_pc, np.searchsorted(time_ns, file.charge_ns, "right") - 1, file.charge_pc)
    return FilePulses(
        time_ns=time_ns,
        charge=np.minimum(np.rint(charge_pc / CHARGE_UNIT_PC), 2**32 - 1).astype(np.uint32),
        period=_periods(file, time_ns),
        notes=_merged(file.charge_ns),
    )


def _periods(file: IndexedFile | EventFile, time_ns: I8) -> U2:
    """The period of each pulse: the newest that began until then, or the first."""
    if not file.period.size:
        return np.zeros(time_ns.size, np.uint16)
    newest = np.searchsorted(file.period_ns, time_ns + ROUNDING_NS, "right") - 1
    return file.period[np.maximum(newest, 0)]


def _series(times: list[I8]) -> I8:
    """Times of the pulses, ascending. Times closer than `ROUNDING_NS` are one pulse, at the first of them."""
    others = (one for one in times[1:] if not np.array_equal(one, times[0]))
    each = np.sort(np.concatenate([times[0], *others]))
    return each[np.diff(each, prepend=each[:1] - ROUNDING_NS - 1) > ROUNDING_NS]


def _merged(charge_ns: I8) -> tuple[str, ...]:
    """Note on pulses that share their time."""
    twice = charge_ns.size - np.unique(charge_ns).size
    if not twice:
        return ()
    return (f"DASlogs/proton_charge: {twice} pulses have the time of another; they are one pulse, charges are added",)


def ticks_of(tof_us: F8) -> U4:
    """Times of flight in ticks of the stream."""
    ticks: U4 = np.rint(TICKS_PER_US * tof_us).astype(np.uint32)
    return ticks
