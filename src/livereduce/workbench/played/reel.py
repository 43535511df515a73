"""What can be played to an engine: an event file, or a recording, with the times of its own pulses."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from livereduce.base.errors import OperatorError
from livereduce.simulate.adara.play import Act, perform_one
from livereduce.simulate.adara.recorded import only_run_in, recorded_acts
from livereduce.simulate.beams.nexus import read_nexus
from livereduce.simulate.beams.nexus_beam import NexusBeam
from livereduce.stream.items import I8, EventBatch, StartFrom
from livereduce.stream.recording.source import RecordingSource, recording_at
from livereduce.stream.sources import is_hdf5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reel:
    """A run that can be played any number of times.

    Attributes
    ----------
    pulse_ns, so_far
        Its pulses, at least one, in nanoseconds since 1990, ascending; and how many events have come with each of them.
    acts
        Plays the run without what is due from a moment on.
    notes
        What was left out or changed to play it, one sentence each.
    """

    run: int
    pulse_ns: I8
    so_far: I8
    acts: Callable[[int], Iterator[Act]]
    notes: tuple[str, ...] = ()

    @property
    def start_ns(self) -> int:
        """The time of its first pulse."""
        return int(self.pulse_ns[0])

    @property
    def over_ns(self) -> int:
        """A moment after its last pulse."""
        return int(self.pulse_ns[-1]) + 1

    def moment_of(self, events: int) -> int:
        """The moment before which so many events have come, with the whole pulse of the last; at most its end."""
        last = min(int(np.searchsorted(self.so_far, events)), len(self.so_far) - 1)
        return int(self.pulse_ns[last]) + 1

    def events_before(self, end_ns: int) -> int:
        """How many events it has before a moment."""
        pulses = int(np.searchsorted(self.pulse_ns, end_ns))
        return int(self.so_far[pulses - 1]) if pulses else 0


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
        pulse_ns=start_ns + recorded.pulse_ns,
        so_far=recorded.event_first[recorded.section_first][1:],
        acts=lambda end_ns: perform_one(beam, start_ns=start_ns, end_ns=end_ns),
        notes=recorded.notes,
    )


def _of_recording(path: Path) -> Reel:
    recording = recording_at(path)
    if recording is None:
        run, paths = only_run_in(path), [path]
    else:
        run, paths = recording.run, [one.path for one in recording.files if one.pulses]
    pulse_ns, so_far = _counted(path, run)
    if not pulse_ns.size:
        raise OperatorError(f"{path}: there is no pulse in run {run}, so there is nothing to play")
    start_ns = int(pulse_ns[0])
    return Reel(
        run=run,
        pulse_ns=pulse_ns,
        so_far=so_far,
        acts=lambda end_ns: recorded_acts(paths, run, start_ns=start_ns, end_ns=end_ns),
    )


def _counted(path: Path, run: int) -> tuple[I8, I8]:
    """Pulses of a run, and their events so far, as the builtin engine reads them."""
    nothing = np.zeros(0, np.int64)
    times, counts = [nothing], [nothing]
    source = RecordingSource(path)
    source.open(StartFrom.RUN_START)
    try:
        while not source.state().ended:
            for item in source.read(0.0):
                if isinstance(item, EventBatch) and item.run == run:
                    times.append(item.pulse_ns.copy())
                    counts.append(np.diff(item.first))
    finally:
        source.close()
    pulse_ns = np.concatenate(times)
    order = np.argsort(pulse_ns, kind="stable")
    return pulse_ns[order], np.cumsum(np.concatenate(counts)[order])
