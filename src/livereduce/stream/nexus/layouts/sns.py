"""The layout of SNS and HFIR: ``/entry/bankN_events``, ``/entry/monitorN``, ``/entry/DASlogs/*``.

A bank without data in such files holds one placeholder event (pixel 0, time 0); it counts like any other, so that
totals are those of the arrays.
"""

import re
from collections.abc import Iterator

import h5py
import numpy as np

from livereduce.stream.nexus.clock import clock
from livereduce.stream.nexus.contents import FileContents, FilePart, IndexedFile
from livereduce.stream.nexus.definition import definition_of
from livereduce.stream.nexus.events import read_rows
from livereduce.stream.nexus.fields import Notes, bad, child, dataset, printable, text
from livereduce.stream.nexus.layouts.heads import charge_log, charges, run_number
from livereduce.stream.nexus.logs import Named, read_logs

MAX_BANK = 2**16 - 1
"""A bank's number has 16 bits in the stream's pixel map."""
MAX_MONITOR = 2**10 - 1
"""A monitor's number has 10 bits in the stream."""
_BANK = re.compile(r"bank(\d+)_events")


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
    charge = charge_log(entry, "DASlogs/proton_charge", notes)
    timed = [dataset(group, "event_time_zero") for group in (*banks.values(), *monitors.values())]
    times = clock(entry, timed + ([dataset(charge, "time")] if charge is not None else []), notes)
    charge_ns, charge_pc = charges(charge, times, notes)
    return FileContents(
        run=run_number(entry, notes),
        start=times.start,
        end=text(entry, "end_time"),
        instrument=text(entry, "instrument/name"),
        title=text(entry, "title"),
        proposal=text(entry, "experiment_identifier"),
        definition_xml=definition_of(entry),
        charge_ns=charge_ns,
        charge_pc=charge_pc,
        period_ns=np.zeros(0, np.int64),
        period=np.zeros(0, np.uint16),
        banks=tuple(
            read_rows(group, id_, times, notes, listed=child(group, "pixel_id"))
            for id_, group in banks.items()
            if part.wants(id_)
        ),
        monitors=tuple(
            read_rows(group, id_, times, notes, has_pixels=False) for id_, group in sorted(monitors.items())
        ),
        logs=tuple(read_logs(_logs(entry), times, notes)),
        notes=notes.lines(),
    )


def fits(entry: h5py.Group) -> bool:
    """True if a group at the top of a file has events in this layout."""
    return any(_BANK.fullmatch(printable(name)) for name in entry)


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


def _logs(entry: h5py.Group) -> Iterator[Named]:
    """All logs but the proton charge, which goes with the pulses."""
    logs = child(entry, "DASlogs")
    for name in logs if isinstance(logs, h5py.Group) else ():
        if name != "proton_charge":
            yield name, child(logs, name)
