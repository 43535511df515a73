"""What can be played to an engine: an event file, or a recording, with the times of its own pulses."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from livereduce.base.errors import OperatorError
from livereduce.simulate.adara.play import Act, perform_one
from livereduce.simulate.adara.recorded import only_run_in, recorded_acts
from livereduce.simulate.beams.nexus import Recorded, read_nexus
from livereduce.simulate.beams.nexus_beam import NexusBeam
from livereduce.stream.items import EventBatch, SourceLost, StartFrom
from livereduce.stream.recording.source import RecordingSource, recording_at
from livereduce.stream.sources import is_hdf5

EVENT_BYTES = 8
"""Of an event in a packet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reel:
    """A run that can be played any number of times.

    Attributes
    ----------
    start_ns, over_ns
        The time of its first pulse, and a moment after its last; nanoseconds since 1990.
    events
        How many it has, roughly: from its size.
    acts
        Plays the run without what is due from a moment on.
    moment_of
        The moment before which so many events have come, with the whole pulse of the last.
    notes
        What was left out or changed to play it, one sentence each.
    """

    run: int
    start_ns: int
    over_ns: int
    events: int
    acts: Callable[[int], Iterator[Act]]
    moment_of: Callable[[int], int]
    notes: tuple[str, ...] = ()


def reel_of(path: Path) -> Reel:
    """The run in a file or folder.

    Raises
    ------
    OperatorError
        It cannot be read, or has no pulses.
    """
    return _of_file(path) if is_hdf5(path) else _of_recording(path)


def _of_file(path: Path) -> Reel:
    recorded = read_nexus(path)
    beam, start_ns = NexusBeam(recorded), recorded.start_ns
    return Reel(
        run=recorded.run,
        start_ns=start_ns,
        over_ns=start_ns + int(recorded.pulse_ns[-1]) + 1,
        events=int(recorded.tof.size),
        acts=lambda end_ns: perform_one(beam, start_ns=start_ns, end_ns=end_ns),
        moment_of=lambda events: start_ns + _moment_in(recorded, events),
        notes=recorded.notes,
    )


def _moment_in(recorded: Recorded, events: int) -> int:
    """Nanoseconds after the first pulse."""
    so_far = recorded.event_first[recorded.section_first][1:]
    last = min(int(np.searchsorted(so_far, events)), len(so_far) - 1)
    return int(recorded.pulse_ns[last]) + 1


def _of_recording(path: Path) -> Reel:
    recording = recording_at(path)
    if recording is None:
        span = only_run_in(path)
        run, start_ns, last_ns, paths = span.run, span.first_ns, span.last_ns, [path]
    else:
        run, start_ns, last_ns = recording.run, recording.first_ns, recording.last_ns
        paths = [one.path for one in recording.files if one.pulses]
        if not paths:
            raise OperatorError(f"recording {path}: there is no pulse in it, so there is nothing to play")
    return Reel(
        run=run,
        start_ns=start_ns,
        over_ns=last_ns + 1,
        events=sum(one.stat().st_size for one in paths) // EVENT_BYTES,
        acts=lambda end_ns: recorded_acts(paths, run, start_ns=start_ns, end_ns=end_ns),
        moment_of=lambda events: _moment_after(path, events, last_ns + 1),
    )


def _moment_after(path: Path, events: int, over_ns: int) -> int:
    """Reads the recording as far as needed."""
    source, so_far = RecordingSource(path), 0
    source.open(StartFrom.RUN_START)
    try:
        while True:
            for item in source.read(0.0):
                if not isinstance(item, EventBatch):
                    continue
                if so_far + int(item.first[-1]) >= events:
                    pulse = int(np.searchsorted(item.first[1:], events - so_far))
                    return int(item.pulse_ns[pulse]) + 1
                so_far += int(item.first[-1])
    except SourceLost:
        return over_ns
    finally:
        source.close()
