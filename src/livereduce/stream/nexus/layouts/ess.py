"""The layout of ESS: events inside of each detector, whole nanoseconds, pulse times since 1970.

``/entry/instrument/DETECTOR`` (NXdetector) holds one or more groups of class NXevent_data, as the facility's file
writer makes them, and lists its pixels in ``detector_number``; NXmonitor likewise, without pixels. Logs are the groups
of class NXlog, wherever they are. There is no proton charge. Detectors have no numbers: they are counted in the order
of their names.
Source: NeXus NXdetector, NXevent_data, NXlog; ess-streaming-data-types, ev44.
"""

from collections.abc import Iterator

import h5py
import numpy as np

from livereduce.stream.nexus.clock import clock
from livereduce.stream.nexus.contents import FileContents, FilePart, IndexedFile
from livereduce.stream.nexus.definition import definition_of
from livereduce.stream.nexus.events import read_rows
from livereduce.stream.nexus.fields import Notes, attribute, bad, child, dataset, printable, text
from livereduce.stream.nexus.layouts.heads import run_number
from livereduce.stream.nexus.logs import Named, read_logs

DEEPEST = 6
"""Levels of groups that are looked through for logs; a file may link to itself."""
MOST_LOGS = 4096


def fits(entry: h5py.Group) -> bool:
    """True if a group at the top of a file has events in this layout."""
    return bool(_events_of(entry, "NXdetector"))


def index(entry: h5py.Group, notes: Notes, part: FilePart) -> IndexedFile:
    """Everything but the events.

    Raises
    ------
    OperatorError
        A required field is missing or has a bad value.
    """
    banks, monitors = _events_of(entry, "NXdetector"), _events_of(entry, "NXmonitor")
    if not banks:
        raise bad(entry, "groups of class NXdetector with NXevent_data", "none")
    timed = [dataset(group, "event_time_zero") for _, group in (*banks, *monitors)]
    times = clock(entry, timed, notes)
    notes.add("no proton charge; every pulse has 0 pC", entry.name)
    nothing = np.zeros(0, np.int64)
    return FileContents(
        run=run_number(entry, notes, "run_number" if text(entry, "run_number") else "entry_identifier"),
        start=times.start,
        end=text(entry, "end_time"),
        instrument=text(entry, "instrument/name"),
        title=text(entry, "title"),
        proposal=text(entry, "experiment_identifier"),
        definition_xml=definition_of(entry),
        charge_ns=nothing,
        charge_pc=np.zeros(0),
        period_ns=nothing,
        period=np.zeros(0, np.uint16),
        banks=tuple(
            read_rows(group, number, times, notes, listed=child(detector, "detector_number"))
            for number, (detector, group) in enumerate(banks, 1)
            if part.wants(number)
        ),
        monitors=tuple(
            read_rows(group, number, times, notes, has_pixels=False) for number, (_, group) in enumerate(monitors, 1)
        ),
        logs=tuple(read_logs(_logs(entry), times, notes)),
        notes=notes.lines(),
    )


def _events_of(entry: h5py.Group, kind: str) -> list[tuple[h5py.Group, h5py.Group]]:
    """Detectors or monitors, each with a group of its events, in the order of their names."""
    found = []
    for owner in _inside(child(entry, "instrument")) if isinstance(entry, h5py.Group) else ():
        if attribute(owner, "NX_class") != kind:
            continue
        if "event_id" in owner:
            found.append((owner, owner))
        found += [(owner, group) for group in _inside(owner) if attribute(group, "NX_class") == "NXevent_data"]
    return found


def _inside(group: h5py.Group | h5py.Dataset | None) -> Iterator[h5py.Group]:
    """The groups in a group."""
    if isinstance(group, h5py.Group):
        found = (child(group, name) for name in group)
        yield from (one for one in found if isinstance(one, h5py.Group))


def _logs(entry: h5py.Group) -> Iterator[Named]:
    """Groups of class NXlog, by their own names, or by those of their owners where these are only ``value_log``."""
    left, told = [(entry, 0)], 0
    while left and told < MOST_LOGS:
        group, depth = left.pop()
        for one in _inside(group):
            kind = attribute(one, "NX_class")
            if kind == "NXlog":
                told += 1
                name = one.name.rpartition("/")[2]
                yield (group.name.rpartition("/")[2] if name == "value_log" else printable(name)), one
            elif kind != "NXevent_data" and depth < DEEPEST:
                left.append((one, depth + 1))
