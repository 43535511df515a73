"""The folder of one run while it is recorded: its files one after the other, its index, and what it covers."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from livereduce import __version__
from livereduce.base.files import write_all
from livereduce.recorder.folders import make_run_folder, open_new, open_to_append
from livereduce.stream.recording.coverage import Coverage
from livereduce.stream.recording.cutting import RunKey
from livereduce.stream.recording.index import (
    IndexLine,
    Missing,
    PulsePlace,
    RecordedEnd,
    RecordingBegan,
    SegmentBegan,
    SegmentClosed,
    encode_line,
)
from livereduce.stream.recording.layout import INDEX, folder_name, segment_name, segment_number
from livereduce.stream.recording.runs import Recording, read_recording

MOST_AGAIN = 1000
"""Runs of the same number."""
PLACE_EVERY = 600
"""Pulses between two lines of the index: ten seconds."""
DROP_EVERY_BYTES = 64 << 20
DROP_AGAIN_BYTES = 256 << 20
"""What was still being written at the last time is dropped at one of the next."""


@dataclass(slots=True)
class OpenSegment:
    """The file that is being written; times are 0 before its first pulse, and pages were last dropped at `dropped`."""

    name: str
    fd: int
    bytes: int = 0
    dropped: int = 0
    pulses: int = 0
    first_ns: int = 0
    last_ns: int = 0
    placed: int = 0


class RunFiles:
    """The recording of a run, from when it is found or made to its end.

    Parameters
    ----------
    directory
        Holds the folders of runs.
    source
        URL of the stream, for the index.

    Raises
    ------
    OSError
        From the constructor and every method that writes: it cannot be written.

    Attributes
    ----------
    covered
        Times that are recorded, without those of the open file.
    over
        The recording has the run's end.
    """

    def __init__(self, directory: Path, instrument: str, source: str, key: RunKey) -> None:
        self.key = key
        self.folder, found = _place(directory, instrument, key)
        make_run_folder(self.folder)
        self._index = open_to_append(self.folder / INDEX)
        self.segment: OpenSegment | None = None
        self.covered = found.coverage if found else Coverage()
        self.over = bool(found and found.over and found.over.seen)
        self.whole_from_start = bool(found and found.files and not found.is_late)
        self._bytes_before = found.size_bytes if found else 0
        self._number = max((segment_number(one.path.name) or 0 for one in found.files), default=0) if found else 0
        if found is None or (key.start_s and not found.run_start_s):
            self._add(
                RecordingBegan(
                    run=key.run, run_start_s=key.start_s, instrument=instrument, source=source,
                    livereduce=__version__, began=round(time.time(), 3),
                )
            )  # fmt: skip
        for one in found.files if found else ():
            if not one.closed:  # its writer was killed
                self._add(_closed(one.path.name, one.bytes, one.pulses, one.first_ns, one.last_ns))

    @property
    def size_bytes(self) -> int:
        """Bytes of all its files."""
        return self._bytes_before + (self.segment.bytes if self.segment else 0)

    def coverage(self) -> Coverage:
        """Times that are recorded, those of the open file included."""
        segment = self.segment
        if segment is None or not segment.last_ns:
            return self.covered
        return self.covered.with_span(segment.first_ns, segment.last_ns)

    def known(self) -> Coverage:
        """The times of which nothing is written again: a pulse at an end of a stretch may lack a packet, and is."""
        spans = self.coverage().spans
        widened = [
            (first - (self.whole_from_start and k == 0), last + (self.over and k == len(spans) - 1))
            for k, (first, last) in enumerate(spans)
        ]
        return Coverage(tuple(widened))

    def begin_segment(self, head: bytes, *, whole: bool) -> None:
        """Begin a file; a file before it is closed."""
        self.close_segment()
        self._number += 1
        name = segment_name(self.folder.name, self._number)
        self.segment = OpenSegment(name=name, fd=open_new(self.folder / name))
        if whole and not self.covered.spans:
            self.whole_from_start = True
        self._add(SegmentBegan(file=name, at=round(time.time(), 3)))
        self.write(head)

    def write(self, data: memoryview | bytes) -> None:
        """Write whole packets; if that fails, the file is cut after the last packets before them."""
        segment = self.segment
        assert segment is not None
        try:
            write_all(segment.fd, data)
        except OSError:
            with suppress(OSError):
                os.ftruncate(segment.fd, segment.bytes)
            raise
        segment.bytes += memoryview(data).nbytes
        if segment.bytes - segment.dropped >= DROP_EVERY_BYTES:
            _drop_pages(segment)

    def count(self, pulses: int, first_ns: int, last_ns: int) -> None:
        """Note the pulses that were written last: how many, and the times of the oldest and newest packet of them."""
        segment = self.segment
        assert segment is not None
        segment.pulses += pulses
        segment.first_ns = min(segment.first_ns or first_ns, first_ns)
        segment.last_ns = max(segment.last_ns, last_ns)

    def place(self, pulse_ns: int, byte: int) -> None:
        """Add a line with the place of a pulse, if that is due."""
        segment = self.segment
        assert segment is not None
        if segment.placed == 0 or segment.pulses >= segment.placed + PLACE_EVERY:
            segment.placed = max(1, segment.pulses)
            self._add(PulsePlace(file=segment.name, pulse_ns=pulse_ns, byte=byte, pulses=segment.pulses))

    def miss(self, missing: Missing) -> None:
        """Add a line on what is missing."""
        self._add(missing)

    def close_segment(self) -> None:
        """The file is complete."""
        segment, self.segment = self.segment, None
        if segment is None:
            return
        os.close(segment.fd)
        self._bytes_before += segment.bytes
        if segment.last_ns:
            self.covered = self.covered.with_span(segment.first_ns, segment.last_ns)
        self._add(_closed(segment.name, segment.bytes, segment.pulses, segment.first_ns, segment.last_ns))

    def end(self, time_ns: int, *, seen: bool) -> None:
        """The run is over."""
        if not self.over:
            name = segment_name(self.folder.name, self._number) if seen and self._number else ""
            self._add(RecordedEnd(time_ns=time_ns, seen=seen, file=name))
            self.over = seen

    def close(self) -> None:
        """Close all files."""
        try:
            self.close_segment()
        finally:
            os.close(self._index)

    def _add(self, line: IndexLine) -> None:
        write_all(self._index, encode_line(line))


def _drop_pages(segment: OpenSegment) -> None:
    """Have the kernel begin to write what is new, and keep nothing in memory that is written.

    A recording of 200 MB/s would take all memory that is free, and write it in bursts: the newest pulse of a stream was
    up to 1.9 s old beside it, and 0.3 s since this is done. Nothing waits here, on a file system that answers.
    """
    start = max(0, segment.dropped - DROP_AGAIN_BYTES)
    with suppress(OSError):  # a file system that does not know this keeps the pages
        os.posix_fadvise(segment.fd, start, segment.bytes - start, os.POSIX_FADV_DONTNEED)
    segment.dropped = segment.bytes


def _closed(name: str, size: int, pulses: int, first_ns: int, last_ns: int) -> SegmentClosed:
    return SegmentClosed(file=name, bytes=size, pulses=pulses, first_ns=first_ns, last_ns=last_ns)


def _place(directory: Path, instrument: str, key: RunKey) -> tuple[Path, Recording | None]:
    """The folder of a run, and what is in it; another run of the same number has another folder."""
    for again in range(1, MOST_AGAIN):
        folder = directory / folder_name(instrument, key.run, again)
        if not folder.exists():
            break
        found = read_recording(folder)
        if key.is_same(RunKey(run=key.run, start_s=found.run_start_s)):
            return folder, found
    return folder, None
