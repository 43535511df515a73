"""The mark: which data the worker has in hand, in a few bytes that outlive it; and the data that workers died on.

The worker writes a mark before each stage (a store into mapped memory, no system call). When it dies, the daemon reads
the mark and gives the next worker a list of suspects: data to be handled apart, or to be left out.
"""

import mmap
import struct
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from livereduce.base.files import read_regular
from livereduce.base.times import EPICS_EPOCH

FILE_NAME = "mark"
"""File name, in the folder of the generation."""
_FORMAT = struct.Struct("<IIqqQqQ")


class MarkStage(StrEnum):
    """Stage of data on the way from the stream to a result."""

    NOTHING = "nothing"
    DECODE = "decode"
    CUT = "cut"
    INTAKE = "intake"
    PROC = "proc"
    ACCUMULATE = "accumulate"
    POST_PROC = "post_proc"
    PUBLISH = "publish"


_STAGES = tuple(MarkStage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The data that the worker is handling.

    Attributes
    ----------
    from_ns, to_ns
        The oldest and the newest pulse, nanoseconds since 1990; for a chunk without pulses, times of its logs.
    packet, packet_ns
        A single packet: its checksum and its own time, which may be much older than the pulses it comes with; 0 for
        everything between the two times.
    passed
        Number of chunks of this run that have gone through all stages in this generation.
    """

    stage: MarkStage
    run: int
    from_ns: int
    to_ns: int
    packet: int = 0
    packet_ns: int = 0
    passed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """Data that a worker died on.

    Attributes
    ----------
    stage, run, from_ns, to_ns, packet, packet_ns
        See `Mark`.
    scripts
        The md5s of the scripts that were in use.
    why
        How the worker ended.
    skip
        Leave these data out; otherwise handle them apart from all others.
    pieces
        Number of chunks that they are cut into, to find the one that is to blame.
    """

    stage: MarkStage
    run: int
    from_ns: int
    to_ns: int
    packet: int = 0
    packet_ns: int = 0
    scripts: str = ""
    why: str = ""
    skip: bool = False
    pieces: int = 1

    @property
    def reason(self) -> str:
        """Reason why these data are missing, for people."""
        if self.packet:
            what = f"a packet of {iso_utc(self.packet_ns)}"
        else:
            between = f" to {iso_utc(self.to_ns)}" if self.to_ns > self.from_ns else ""
            what = f"the data of {iso_utc(self.from_ns)}{between}"
        return f"{what} left out: the worker crashed or hung on it twice in {self.stage} ({self.why})"


def iso_utc(time_ns: int) -> str:
    """A time on the wire (ns since 1990) as ISO 8601 in UTC."""
    return f"{EPICS_EPOCH + timedelta(microseconds=time_ns // 1000):%Y-%m-%dT%H:%M:%S.%f}Z"


class Marker:
    """Writes the mark of one worker.

    Parameters
    ----------
    path
        None, or a place where no file can be made: nothing is marked, and no suspect will be found.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._memory: mmap.mmap | bytearray = bytearray(_FORMAT.size)
        self._run = -1
        self._span = (0, 0)
        self._passed = 0
        if path is not None:
            with suppress(OSError, ValueError), path.open("w+b") as file:
                file.truncate(_FORMAT.size)
                self._memory = mmap.mmap(file.fileno(), _FORMAT.size)

    def data(
        self, stage: MarkStage, run: int, from_ns: int, to_ns: int, *, packet: int = 0, packet_ns: int = 0
    ) -> None:
        """Other data enter a stage."""
        if run != self._run:
            self._run, self._passed = run, 0
        self._span = from_ns, to_ns
        self._write(stage, packet, packet_ns)

    def stage(self, stage: MarkStage) -> None:
        """The same data enter another stage."""
        self._write(stage)

    def passed(self) -> None:
        """The chunk has gone through all stages."""
        self._passed += 1
        self._write(MarkStage.NOTHING)

    def nothing(self) -> None:
        """No data are in hand."""
        self._write(MarkStage.NOTHING)

    def _write(self, stage: MarkStage, packet: int = 0, packet_ns: int = 0) -> None:
        # In two steps: if the process is killed between them, the mark says "no data", not "the previous data".
        self._memory[0:4] = bytes(4)
        number = _STAGES.index(stage)
        if number:
            run = self._run & 0xFFFF_FFFF
            _FORMAT.pack_into(self._memory, 0, 0, run, *self._span, packet, packet_ns, self._passed)
            self._memory[0:4] = number.to_bytes(4, "little")


def read_mark(path: Path) -> Mark | None:
    """The data that an ended worker had in hand; None if it had none, or has left no mark."""
    try:
        number, run, from_ns, to_ns, packet, packet_ns, passed = _FORMAT.unpack(read_regular(path, _FORMAT.size))
    except (OSError, struct.error):
        return None
    if not 0 < number < len(_STAGES):
        return None
    return Mark(
        stage=_STAGES[number],
        run=run,
        from_ns=from_ns,
        to_ns=to_ns,
        packet=packet,
        packet_ns=packet_ns,
        passed=passed,
    )
