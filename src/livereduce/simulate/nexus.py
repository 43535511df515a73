"""A real SNS event file as one run: pulses with their events and proton charge, and its logs.

Layout: ``/entry/bankN_events/{event_id, event_time_offset, event_index, event_time_zero}``, ``/entry/DASlogs/*``. Two
rules of ours: a time of flight becomes ``rint(10 * event_time_offset)`` ticks of 100 ns (computed in doubles; the files
hold multiples of 0.1 µs as floats, so this is exact), and every event is kept. A bank without data in such files holds
one placeholder event (pixel 0, time 0); it is played like any other, so that the totals are those of the arrays.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from livereduce.errors import OperatorError
from livereduce.simulate.pulses import Monitor, starts
from livereduce.stream.adara.layout import NS_PER_S
from livereduce.stream.model import F8, I8, U4

TICKS_PER_US = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Log:
    """One process variable: seconds after the run's first pulse, shape (n,), and as many numbers or texts."""

    name: str
    units: str
    time_s: F8
    value: NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recorded:
    """What the file holds, sorted by pulse and bank; fields of the pulses as in `pulses.Pulses`.

    Attributes
    ----------
    pulse_ns
        Shape (p,), nanoseconds after the first pulse, with which the run starts; ascending.
    pixels
        Per bank id the pixels that belong to it, ascending.
    """

    run: int
    instrument: str
    title: str
    proposal: str
    definition_xml: str
    pulse_ns: I8
    charge: U4
    section_first: I8
    bank: U4
    event_first: I8
    tof: U4
    pixel: U4
    monitors: tuple[Monitor, ...]
    pixels: dict[int, I8]
    logs: tuple[Log, ...]


def read_nexus(path: Path) -> Recorded:
    """Everything that will be played.

    Raises
    ------
    OperatorError
        The file cannot be read or is not an SNS event file.
    """
    try:
        with h5py.File(path, "r") as file:
            return _read(file["entry"])
    except OSError as error:
        raise OperatorError(f"{path}: cannot be read as a NeXus file: {error}") from None
    except (KeyError, ValueError) as error:
        raise OperatorError(f"{path}: not an SNS event file (/entry with bankN_events and DASlogs): {error}") from None


def _read(entry: h5py.Group) -> Recorded:
    start = _moment(_text(entry, "start_time"))
    banks = {int(found[1]): entry[name] for name in entry if (found := re.fullmatch(r"bank(\d+)_events", name))}
    banks = {bank: group for bank, group in banks.items() if "event_id" in group}
    monitors = {int(found[1]): entry[name] for name in entry if (found := re.fullmatch(r"monitor(\d+)", name))}
    monitors = {monitor: group for monitor, group in monitors.items() if "event_index" in group}
    if not banks:
        raise KeyError("no bank with events")
    charge = entry["DASlogs/proton_charge"]
    charge_ns = _pulse_times(charge["time"], start)
    times = {
        id(group): _pulse_times(group["event_time_zero"], start) for group in (*banks.values(), *monitors.values())
    }
    pulse_ns = np.unique(np.concatenate([charge_ns, *times.values()]))
    charges = np.zeros(pulse_ns.size, np.uint32)
    charges[np.searchsorted(pulse_ns, charge_ns)] = np.rint(charge["value"][:] / 10)
    return Recorded(
        run=int(_text(entry, "run_number")),
        instrument=_text(entry, "instrument/name"),
        title=_text(entry, "title"),
        proposal=_text(entry, "experiment_identifier"),
        definition_xml=_text(entry, "instrument/instrument_xml/data"),
        pulse_ns=pulse_ns - pulse_ns[0],
        charge=charges,
        monitors=tuple(
            Monitor(id=k, first=starts(_counts(group, pulse_ns, times[id(group)])), tof=_ticks(group))
            for k, group in sorted(monitors.items())
        ),
        pixels={bank: _pixels(group) for bank, group in banks.items()},
        logs=tuple(_logs(entry["DASlogs"], start, float(pulse_ns[0]) / NS_PER_S)),
        **_sorted_events({bank: (group, times[id(group)]) for bank, group in banks.items()}, pulse_ns),
    )


def _sorted_events(banks: dict[int, tuple[h5py.Group, I8]], pulse_ns: I8) -> dict[str, Any]:
    """Events of all banks by pulse, then bank; within a section in the order of the file."""
    of_bank = [_counts(group, pulse_ns, times) for group, times in banks.values()]
    pulse = np.concatenate([np.flatnonzero(counts) for counts in of_bank])
    count = np.concatenate([counts[counts > 0] for counts in of_bank])
    bank = np.repeat(np.array(list(banks), np.uint32), [np.count_nonzero(counts) for counts in of_bank])
    order = np.lexsort((bank, pulse))
    begin, event_first = starts(count)[:-1][order], starts(count[order])
    gather = np.repeat(begin - event_first[:-1], count[order]) + np.arange(event_first[-1])
    return {
        "section_first": np.searchsorted(pulse[order], np.arange(pulse_ns.size + 1)).astype(np.int64),
        "bank": bank[order],
        "event_first": event_first,
        "tof": np.concatenate([_ticks(group) for group, _ in banks.values()])[gather],
        "pixel": np.concatenate([group["event_id"][:] for group, _ in banks.values()]).astype(np.uint32)[gather],
    }


def _ticks(group: h5py.Group) -> U4:
    ticks: U4 = np.rint(TICKS_PER_US * group["event_time_offset"][:].astype(np.float64)).astype(np.uint32)
    return ticks


def _counts(group: h5py.Group, pulse_ns: I8, times: I8) -> I8:
    """Events per pulse of all pulses. An index beyond the events (files end with -1) means: none from here on."""
    n = group["event_time_offset"].shape[0]
    index = group["event_index"][:].astype(np.int64)
    index = np.maximum.accumulate(np.where((index < 0) | (index > n), n, index))
    index[:1] = 0
    counts = np.zeros(pulse_ns.size, np.int64)
    np.add.at(counts, np.searchsorted(pulse_ns, times), np.diff(np.append(index, n)))
    return counts


def _pulse_times(times: h5py.Dataset, start: datetime) -> I8:
    offset_s = _offset_s(times, start)
    nanoseconds: I8 = np.rint((times[:].astype(np.float64) + offset_s) * NS_PER_S).astype(np.int64)
    return nanoseconds


def _offset_s(times: h5py.Dataset, start: datetime) -> float:
    """Seconds from the file's start to the moment that these times count from (attribute ``offset`` or ``start``)."""
    moment = times.attrs.get("offset", times.attrs.get("start"))
    return (_moment(_decoded(moment)) - start).total_seconds() if moment is not None else 0.0


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(re.sub(r"\.(\d+)", lambda digits: f".{digits[1][:6]:0<6}", text))


def _decoded(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _text(entry: h5py.Group, name: str) -> str:
    """A text of the file; empty if it is not there."""
    if name not in entry:
        return ""
    return _decoded(np.asarray(entry[name][()]).ravel()[0]).strip()


def _pixels(group: h5py.Group) -> I8:
    """Of a bank: as the file lists them, else those that have events."""
    return np.unique(group["pixel_id" if "pixel_id" in group else "event_id"][:].astype(np.int64))


def _logs(group: h5py.Group, start: datetime, first_pulse_s: float) -> Iterable[Log]:
    """Time series of numbers or texts; the proton charge travels with the pulses."""
    for name, log in group.items():
        if name == "proton_charge" or not {"time", "value"} <= set(log):
            continue
        time, value = log["time"], log["value"]
        if value.ndim == 1 and value.shape == time.shape and value.size:
            yield Log(
                name=name,
                units=_decoded(value.attrs.get("units", "")),
                time_s=time[:].astype(np.float64) + (_offset_s(time, start) - first_pulse_s),
                value=value[:],
            )
