"""The layout of ISIS: ``/raw_data_1/detector_1_events``, a row a frame, times of frames from the run's start.

``framelog/`` has proton charge and period of each frame, ``selog/NAME/value_log`` and ``runlog/NAME`` are the logs. An
event's id is a spectrum number where the file has the tables of the older format (``isis_vms_compat``), as it is in the
live streams of ISIS; monitors are histograms, and left out.
Source: Mantid Framework/DataHandling/src/LoadEventNexus.cpp, LoadISISNexus2.cpp; NeXus NXevent_data.
"""

import re
from collections.abc import Iterator

import h5py
import numpy as np

from livereduce.stream.items import I8, U2
from livereduce.stream.nexus.clock import Clock, clock, pulse_times_ns
from livereduce.stream.nexus.contents import FileContents, FilePart, IndexedFile
from livereduce.stream.nexus.definition import definition_of
from livereduce.stream.nexus.events import read_rows
from livereduce.stream.nexus.fields import Notes, Numbers, bad, child, dataset, numbers, printable, text
from livereduce.stream.nexus.layouts.heads import charge_log, charges, run_number
from livereduce.stream.nexus.logs import Named, read_logs

ENTRY = "raw_data_1"
_EVENTS = re.compile(r"detector_(\d+)_events")
PERIODS = Numbers(least=0, most=2**16 - 1, whole=True)


def fits(entry: h5py.Group) -> bool:
    """True if a group at the top of a file has events in this layout."""
    return any(_EVENTS.fullmatch(printable(name)) for name in entry)


def index(entry: h5py.Group, notes: Notes, part: FilePart) -> IndexedFile:
    """Everything but the events.

    Raises
    ------
    OperatorError
        A required field is missing or has a bad value.
    """
    banks = _banks(entry)
    charge = charge_log(entry, "framelog/proton_charge", notes)
    timed = [dataset(group, "event_time_zero") for group in banks.values()]
    times = clock(entry, timed, notes)
    charge_ns, charge_pc = charges(charge, times, notes)
    period_ns, period = _periods(entry, times, notes)
    _note_the_rest(entry, timed, notes)
    return FileContents(
        run=run_number(entry, notes),
        start=times.start,
        end=text(entry, "end_time"),
        instrument=text(entry, "name") or text(entry, "instrument/name"),
        title=text(entry, "title"),
        proposal=text(entry, "experiment_identifier"),
        definition_xml=definition_of(entry),
        charge_ns=charge_ns,
        charge_pc=charge_pc,
        period_ns=period_ns,
        period=period,
        banks=tuple(
            read_rows(group, id_, times, notes, listed=child(entry, f"detector_{id_}/spectrum_index"))
            for id_, group in sorted(banks.items())
            if part.wants(id_)
        ),
        monitors=(),
        logs=tuple(read_logs(_logs(entry), times, notes)),
        notes=notes.lines(),
    )


def _banks(entry: h5py.Group) -> dict[int, h5py.Group]:
    banks: dict[int, h5py.Group] = {}
    for name in entry:
        found = _EVENTS.fullmatch(printable(name))
        if found is None:
            continue
        group = child(entry, name)
        if not isinstance(group, h5py.Group):
            raise bad(entry, "a group of events", "a dataset or a broken link", name=name)
        if int(found[1]) in banks:
            raise bad(entry, f"one group of events for detector {int(found[1])}", "another", name=name)
        banks[int(found[1])] = group
    return banks


def _periods(entry: h5py.Group, times: Clock, notes: Notes) -> tuple[I8, U2]:
    """Times and numbers of periods, frame by frame, from 1 on; empty if the file does not say."""
    log = child(entry, "framelog/period_log")
    if not isinstance(log, h5py.Group):
        return np.zeros(0, np.int64), np.zeros(0, np.uint16)
    time_ns = pulse_times_ns(dataset(log, "time"), times, notes)
    period = numbers(dataset(log, "value"), PERIODS)
    if time_ns.size != period.size:
        raise bad(log, f"{time_ns.size} values, one per time", period.size, name="value")
    order = np.argsort(time_ns, kind="stable")
    return time_ns[order], period[order].astype(np.uint16)


def _note_the_rest(entry: h5py.Group, timed: list[h5py.Dataset], notes: Notes) -> None:
    frames, good = max(times.shape[0] if times.shape else 1 for times in timed), child(entry, "good_frames")
    if isinstance(good, h5py.Dataset) and good.shape is not None and good.size == 1:
        said = int(np.asarray(good[()]).reshape(-1)[0])
        if said != frames:
            notes.add(f"it says {said}, and there are {frames} frames: all are counted", "good_frames")
    if isinstance(child(entry, "isis_vms_compat"), h5py.Group):
        notes.add("events have spectrum numbers, which are taken for pixels", entry.name)
    for name in entry:
        if re.fullmatch(r"monitor_\d+", printable(name)):
            notes.add("left out: a histogram, not events", printable(name))


def _logs(entry: h5py.Group) -> Iterator[Named]:
    for folder, inside in (("selog", "value_log"), ("runlog", "")):
        group = child(entry, folder)
        for name in group if isinstance(group, h5py.Group) else ():
            log = child(group, name)
            deeper = child(log, inside) if inside and isinstance(log, h5py.Group) else None
            yield name, log if deeper is None else deeper
