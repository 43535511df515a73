"""A recording, or one file of it, as a source: the items that were received live, and a gap where something is missing.

Each file is as another connection to a server: the session expects that it overlaps with what came before, and finds
the gap if it does not; the index says why. It ends when the data end.
"""

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.stream.adara.caution import Caution
from livereduce.stream.adara.session import OVERLAP_MISSING
from livereduce.stream.adara.unpacking import Unpacker
from livereduce.stream.adara.wire.block import Block
from livereduce.stream.adara.wire.frame import FramingError
from livereduce.stream.items import (
    THE_END,
    At,
    Gap,
    Item,
    MakeColumns,
    Position,
    RunEnded,
    SourceLost,
    SourceState,
)
from livereduce.stream.recording.index import Missing, RecordedEnd
from livereduce.stream.recording.layout import SUFFIX, run_of_folder
from livereduce.stream.recording.runs import Recording, read_recording

PIECE_BYTES = 4 << 20
"""Read at a time, into memory that is used again: a mapped file that somebody cuts short would kill the process."""
NOT_RECORDED = "the recording does not have it"

_log = logging.getLogger("livereduce.stream")


class RecordingSource:
    """A `Source` of a recorded run.

    Parameters
    ----------
    path
        A run's folder, or one file of ADARA packets (also a capture).

    Raises
    ------
    OperatorError
        There is no recording.
    """

    def __init__(self, path: Path, *, caution: Caution | None = None, columns: MakeColumns | None = None) -> None:
        self._files, self._missing, self._over = _contents(path)
        self._unpacker = Unpacker(str(path), caution=caution, columns=columns, block=Block(PIECE_BYTES))
        self._next = 0
        self._fd = -1
        self._state = SourceState(address=str(path), connected=True, connects=1)

    def open(self, at: At) -> None:
        """Set from where on items are wanted; all is read from the beginning."""
        self._unpacker.begin(at)

    def position(self) -> Position:
        """The place after the last item read."""
        return self._unpacker.session.position

    def state(self) -> SourceState:
        """What was read, and skipped; `ended` once all was."""
        return self._unpacker.counted(self._state)

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def read(self, timeout_s: float) -> Sequence[Item]:  # noqa: ARG002 (files do not keep anybody waiting)
        """Return the next items.

        Raises
        ------
        SourceLost
            The data have ended.
        """
        if self._state.ended:
            raise SourceLost(THE_END, retry=False)
        if self._fd < 0 and not self._open_next():
            self._state = replace(self._state, ended=True)
            return self._last_items()
        return self._items()

    def _open_next(self) -> bool:
        if self._next >= len(self._files):
            return False
        path = self._files[self._next]
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise SourceLost(f"{path}: {error.strerror}", retry=False) from None
        self._next += 1
        self._unpacker.connect()
        return True

    def _items(self) -> list[Item]:
        unpacker, path = self._unpacker, self._files[self._next - 1]
        try:
            if unpacker.is_stuck:  # what follows in this file makes no packet: raise the error now
                return unpacker.items(time.monotonic())
            size = os.readv(self._fd, [unpacker.block.room(unpacker.missing_bytes)])
            if not size:
                if unpacker.missing_bytes:
                    _log.warning("%s: the last packet is not whole, and is left out", path)
                self.close()
                return []
            unpacker.block.received(size)
            self._state = replace(self._state, received_bytes=self._state.received_bytes + size)
            return self._explained(unpacker.items(time.monotonic()))
        except (FramingError, OSError) as error:
            self.close()
            reason = f"{path.name} cannot be read on: {error}"
            _log.warning("%s", reason)
            return [Gap(run=unpacker.run, reason=reason, from_ns=unpacker.session.last_ns or 0)]

    def _explained(self, items: list[Item]) -> list[Item]:
        """The gaps between files with the reason of the index; those at the end of the run before its end."""
        explained: list[Item] = []
        for item in items:
            if isinstance(item, RunEnded):
                explained += self._missing_at_the_end(item.run)
            explained.append(_explain(item, self._missing) if isinstance(item, Gap) else item)
        return explained

    def _missing_at_the_end(self, run: int) -> list[Item]:
        last_ns = self._unpacker.session.last_ns or 0
        return [
            Gap(run=run, reason=one.reason, from_ns=one.from_ns, to_ns=one.to_ns)
            for one in self._missing
            if not one.to_ns or one.to_ns > last_ns
        ]

    def _last_items(self) -> list[Item]:
        """What is missing at the end, and the end of a run whose end is not in the files."""
        run = self._unpacker.run
        if not run:
            return []
        found = self._missing_at_the_end(run)
        return [*found, RunEnded(run=run, time_ns=self._over.time_ns)] if self._over else found


def _explain(gap: Gap, missing: tuple[Missing, ...]) -> Gap:
    if gap.reason != OVERLAP_MISSING:
        return gap
    return replace(gap, reason=next((one.reason for one in missing if one.to_ns == gap.to_ns), NOT_RECORDED))


def recording_at(path: Path) -> Recording | None:
    """The recording in a folder; None for a file, which can be read.

    Raises
    ------
    OperatorError
        It cannot be read, or there is no recording in the folder.
    """
    try:
        if not path.is_dir():
            path.open("rb").close()
            return None
        recording = read_recording(path)
    except OSError as error:
        raise OperatorError(f"recording {path}: {error.strerror}") from None
    if not recording.files:
        inside = [one for one in sorted(path.iterdir()) if run_of_folder(one.name)]
        hint = f"; it is a directory of recordings: name one in it, such as {inside[0]}" if inside else ""
        raise OperatorError(f"recording {path}: expected files {path.name}_0001{SUFFIX} and so on, found none{hint}")
    return recording


def _contents(path: Path) -> tuple[tuple[Path, ...], tuple[Missing, ...], RecordedEnd | None]:
    """The files in the order in which they are read, what is missing between them, and how the run ended."""
    recording = recording_at(path)
    if recording is None:
        return (path,), (), None
    return tuple(one.path for one in recording.files), recording.missing, recording.over
