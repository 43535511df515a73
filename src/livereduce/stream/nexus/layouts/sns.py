"""The layout of SNS and HFIR: ``/entry/bankN_events``, ``/entry/monitorN``, ``/entry/DASlogs/*``.

A bank without data in such files holds one placeholder event (pixel 0, time 0); it counts like any other, so that
totals are those of the arrays.
"""

import re

import h5py
import numpy as np

from livereduce.stream.items import F8, I8
from livereduce.stream.nexus.clock import Clock, clock, pulse_times_ns
from livereduce.stream.nexus.contents import FileContents, FilePart, IndexedFile
from livereduce.stream.nexus.definition import definition_of
from livereduce.stream.nexus.events import read_rows
from livereduce.stream.nexus.fields import Notes, Numbers, bad, child, dataset, numbers, printable, text
from livereduce.stream.nexus.logs import read_logs

MAX_RUN = 2**32 - 1
MAX_BANK = 2**16 - 1
"""A bank's number has 16 bits in the stream's pixel map."""
MAX_MONITOR = 2**10 - 1
"""A monitor's number has 10 bits in the stream."""
MAX_CHARGE_PC = 10.0 * (2**32 - 1)
"""A pulse's charge has 32 bits in the stream, in units of 10 pC."""
_BANK = re.compile(r"bank(\d+)_events")
CHARGES = Numbers(
    units={
        **dict.fromkeys(("", "pc", "picocoulomb", "picocoulombs"), 1.0),
        **dict.fromkeys(("uah", "µah", "microamphour", "microamphours", "uamphour", "uamp.hour", "uamphr"), 3.6e9),
        **dict.fromkeys(("c", "coulomb", "coulombs"), 1e12),
    }
)


def index(entry: h5py.Group, notes: Notes, part: FilePart) -> IndexedFile:
    """Everything but the events.

    Raises
    ------
    OperatorError
        A required field is missing or has a bad value.
    """
    banks, monitors = _bank_groups(entry, notes), _monitor_groups(entry, notes)
    if not banks:
        raise bad(entry, "groups bankN_events with event_id", "no bank with events")
    charge = _charge_log(entry, notes)
    timed = [dataset(group, "event_time_zero") for group in (*banks.values(), *monitors.values())]
    times = clock(entry, timed + ([dataset(charge, "time")] if charge is not None else []), notes)
    charge_ns, charge_pc = _charges(charge, times, notes)
    logs = child(entry, "DASlogs")
    return FileContents(
        run=_run_number(entry, notes),
        start=times.start,
        end=text(entry, "end_time"),
        instrument=text(entry, "instrument/name"),
        title=text(entry, "title"),
        proposal=text(entry, "experiment_identifier"),
        definition_xml=definition_of(entry),
        charge_ns=charge_ns,
        charge_pc=charge_pc,
        banks=tuple(
            read_rows(group, id_, times, notes, has_pixels=True) for id_, group in banks.items() if part.wants(id_)
        ),
        monitors=tuple(
            read_rows(group, id_, times, notes, has_pixels=False) for id_, group in sorted(monitors.items())
        ),
        logs=tuple(read_logs(logs, times, notes)) if isinstance(logs, h5py.Group) else (),
        notes=notes.lines(),
    )


def has_banks(group: h5py.Group) -> bool:
    """True if a group has banks with events."""
    return any(_BANK.fullmatch(printable(name)) for name in group)


def _bank_groups(entry: h5py.Group, notes: Notes) -> dict[int, h5py.Group]:
    """Groups with events, by bank; a note names groups whose events belong to no bank."""
    banks: dict[int, h5py.Group] = {}
    for name in entry:
        found = _BANK.fullmatch(printable(name))
        if found is None:
            if re.fullmatch(r"bank_\w+_events", printable(name)):
                notes.add("left out: its events belong to no bank", name)
            continue
        group = child(entry, name)
        if not isinstance(group, h5py.Group):
            raise bad(entry, "a group of events", "a dataset or a broken link", name=name)
        if "event_id" not in group:
            notes.add("left out: it has no event_id", name)
            continue
        bank = int(found[1])
        if bank > MAX_BANK:
            raise bad(entry, f"a bank from 0 to {MAX_BANK}", bank, name=name)
        if bank in banks:
            raise bad(entry, f"one group of events for bank {bank}", f"{banks[bank].name} too", name=name)
        banks[bank] = group
    return banks


def _monitor_groups(entry: h5py.Group, notes: Notes) -> dict[int, h5py.Group]:
    monitors: dict[int, h5py.Group] = {}
    for name in entry:
        found = re.fullmatch(r"monitor(\d+)", printable(name))
        group = child(entry, name) if found else None
        if found is None or not isinstance(group, h5py.Group) or "event_index" not in group:
            continue
        monitor = int(found[1])
        if monitor > MAX_MONITOR:
            notes.add(f"left out: the stream carries monitors up to {MAX_MONITOR}", name)
        elif monitor in monitors:
            notes.add(f"left out: {monitors[monitor].name} is monitor {monitor} already", name)
        else:
            monitors[monitor] = group
    return monitors


def _run_number(entry: h5py.Group, notes: Notes) -> int:
    words = text(entry, "run_number")
    if not words:
        notes.add("no run_number; played as run 1", entry.name)
        return 1
    if not re.fullmatch(r"\d{1,10}", words) or not 1 <= int(words) <= MAX_RUN:
        raise bad(entry, f"a run number from 1 to {MAX_RUN}", repr(words), name="run_number")
    return int(words)


def _charge_log(entry: h5py.Group, notes: Notes) -> h5py.Group | None:
    log = child(entry, "DASlogs/proton_charge")
    if isinstance(log, h5py.Group) and "time" in log and "value" in log:
        return log
    notes.add("no proton charge; every pulse has 0 pC", "DASlogs/proton_charge")
    return None


def _charges(log: h5py.Group | None, clock: Clock, notes: Notes) -> tuple[I8, F8]:
    if log is None:
        return np.zeros(0, np.int64), np.zeros(0)
    time_ns = pulse_times_ns(dataset(log, "time"), clock, notes)
    charge_pc: F8 = numbers(dataset(log, "value"), CHARGES)
    if time_ns.size != charge_pc.size:
        raise bad(log, f"{time_ns.size} values, one per time", charge_pc.size, name="value")
    return time_ns, _possible(charge_pc, log, notes)


def _possible(charge_pc: F8, log: h5py.Group, notes: Notes) -> F8:
    """Clip charges to the range that the stream can carry; NaN becomes 0. A note names the impossible ones."""
    clipped = np.clip(np.nan_to_num(charge_pc, nan=0.0, posinf=MAX_CHARGE_PC, neginf=0.0), 0.0, MAX_CHARGE_PC)
    wrong = np.flatnonzero(clipped != charge_pc)
    if wrong.size:
        first = int(wrong[0])
        notes.add(
            f"{wrong.size} impossible charges (the first is {charge_pc[first]:g} pC at index {first}) "
            f"are clipped to 0 to {MAX_CHARGE_PC:g} pC, NaN to 0",
            log.name,
        )
    return clipped
