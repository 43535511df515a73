"""Find recordings and say what is in them: from their index, and from the files where it says nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.base.files import read_regular
from livereduce.stream.recording.coverage import Coverage, coverage_of
from livereduce.stream.recording.index import (
    MAX_BYTES,
    IndexLine,
    Missing,
    PulsePlace,
    RecordedEnd,
    RecordingBegan,
    SegmentClosed,
    decode_lines,
    head_of,
)
from livereduce.stream.recording.layout import INDEX, run_of_folder, segment_files
from livereduce.stream.recording.scanning import Scanned, scan


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFile:
    """A file of a recording: whole packets from its beginning to `bytes`; times of its pulses are 0 if it has none."""

    path: Path
    bytes: int
    pulses: int
    first_ns: int
    last_ns: int
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What is recorded of a run.

    Attributes
    ----------
    run_start_s
        Start of the run in seconds since 1990; 0 if it is not known.
    began
        When the recording began, in Unix seconds.
    files
        By the time of their first pulse.
    missing
        What is not in it, and has not been recorded later.
    over
        How the run ended; None if the recording does not say so: it goes on, or was cut off.
    bad_lines
        Lines of the index that could not be read.
    """

    folder: Path
    instrument: str
    run: int
    run_start_s: int
    began: float
    files: tuple[RecordedFile, ...]
    missing: tuple[Missing, ...]
    over: RecordedEnd | None
    bad_lines: int = 0

    @property
    def size_bytes(self) -> int:
        """Size of all its files, in bytes."""
        return sum(one.bytes for one in self.files)

    @property
    def pulses(self) -> int:
        """Pulses in all files; one at a seam may be counted in both."""
        return sum(one.pulses for one in self.files)

    @property
    def first_ns(self) -> int:
        """Time of the oldest pulse; 0 if there is none."""
        return min((one.first_ns for one in self.files if one.first_ns), default=0)

    @property
    def last_ns(self) -> int:
        """Time of the newest pulse; 0 if there is none."""
        return max((one.last_ns for one in self.files), default=0)

    @property
    def is_late(self) -> bool:
        """It began when the run had begun."""
        return any(one.to_ns and one.to_ns <= self.first_ns for one in self.missing)

    @property
    def coverage(self) -> Coverage:
        """Which times are recorded."""
        return _coverage(self.files)


def recordings_in(directory: Path) -> list[Recording]:
    """All recordings of a directory, the oldest first; what is no recording is left out.

    Raises
    ------
    OperatorError
        The directory cannot be read.
    """
    try:
        folders = [one for one in directory.iterdir() if run_of_folder(one.name) and one.is_dir()]
    except OSError as error:
        raise OperatorError(f"recordings in {directory}: {error.strerror}") from None
    found = []
    for folder in folders:
        try:
            found.append(read_recording(folder))
        except OSError:  # deleted meanwhile, or not ours to read
            continue
    return sorted(found, key=lambda one: (one.began, one.run))


def recording_of(directory: Path, run: int, instrument: str = "") -> Recording:
    """The newest recording of a run.

    Raises
    ------
    OperatorError
        There is none: names the runs that there are.
    """
    there = [one for one in recordings_in(directory) if not instrument or one.instrument == instrument]
    of_run = [one for one in there if one.run == run]
    if not of_run:
        runs = sorted({one.run for one in there})
        which = f"it has runs {runs[0]} to {runs[-1]} ({len(runs)} of them)" if runs else "it has no recordings"
        raise OperatorError(f"no recording of run {run} in {directory}: {which}")
    return of_run[-1]


def read_recording(folder: Path) -> Recording:
    """What is recorded in a folder.

    Raises
    ------
    OSError
        The folder cannot be read.
    """
    paths = segment_files(folder)
    lines, bad = _index_of(folder)
    files = _in_order([_file(path, lines) for path in paths], lines)
    head = head_of(lines)
    instrument, run = run_of_folder(folder.name) or ("", 0)
    coverage = _coverage(files)
    return Recording(
        folder=folder,
        instrument=head.instrument if head else instrument,
        run=head.run if head else run,
        run_start_s=head.run_start_s if head else 0,
        began=head.began if head else _oldest(paths),
        files=files,
        missing=tuple(
            one for one in _missing(lines) if not (one.to_ns and coverage.spans_whole(one.from_ns, one.to_ns))
        ),
        over=next((line for line in reversed(lines) if isinstance(line, RecordedEnd)), None),
        bad_lines=bad,
    )


def _index_of(folder: Path) -> tuple[list[IndexLine], int]:
    try:
        return decode_lines(read_regular(folder / INDEX, MAX_BYTES, follow_link=False))
    except OSError:  # without an index the files are read all the same
        return [], 0


def _file(path: Path, lines: Iterable[IndexLine]) -> RecordedFile:
    """A file as the index has it; what was written after its last line there is looked up in the file."""
    size = _size(path)
    known = Scanned()
    for line in lines:
        if isinstance(line, SegmentClosed) and line.file == path.name and line.bytes <= size:
            return RecordedFile(
                path=path,
                bytes=line.bytes,
                pulses=line.pulses,
                first_ns=line.first_ns,
                last_ns=line.last_ns,
                closed=True,
            )
        if isinstance(line, PulsePlace) and line.file == path.name and line.byte < size:
            known = Scanned(bytes=line.byte, pulses=line.pulses, first_ns=known.first_ns or line.pulse_ns)
    found = scan(path, known)
    return RecordedFile(
        path=path, bytes=found.bytes, pulses=found.pulses, first_ns=found.first_ns, last_ns=found.last_ns, closed=False
    )


def _in_order(files: list[RecordedFile], lines: Iterable[IndexLine]) -> tuple[RecordedFile, ...]:
    """By the first pulse, since what was missing may have been written later; the one with the run's end is the last.

    One without pulses stays after those before. Without an index they stay as they were written.
    """
    ends = {line.file for line in lines if isinstance(line, RecordedEnd) and line.seen}
    if not any(isinstance(line, RecordingBegan) for line in lines):
        return tuple(files)
    keyed, newest_ns = [], 0
    for one in files:
        keyed.append(((one.path.name in ends, one.first_ns or newest_ns), one))
        newest_ns = max(newest_ns, one.last_ns)
    return tuple(one for _, one in sorted(keyed, key=lambda pair: pair[0]))


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _oldest(paths: list[Path]) -> float:
    return min((path.stat().st_mtime for path in paths), default=0.0)


def _missing(lines: Iterable[IndexLine]) -> list[Missing]:
    return [line for line in lines if isinstance(line, Missing)]


def _coverage(files: Iterable[RecordedFile]) -> Coverage:
    return coverage_of((one.first_ns, one.last_ns) for one in files if one.last_ns)
