"""Carry out what the cutting orders: files of runs, with what they must begin with, and the line of what is missing.

A `Tap`: it is given tables of packets. What fails is a gap of the recording, and is tried again; nothing is raised.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from livereduce.base.contained import Contained
from livereduce.recorder.folders import delete_run, disk_space, kept_runs
from livereduce.recorder.run_files import RunFiles
from livereduce.recorder.space import KeepRules, SpaceVerdict, judge_space
from livereduce.stream.adara.wire.encode import run_status, sync
from livereduce.stream.adara.wire.frame import PacketTable
from livereduce.stream.adara.wire.layout import HEADER_WORDS, Kind, RunStatusCode
from livereduce.stream.recording import cutting
from livereduce.stream.recording.coverage import Coverage
from livereduce.stream.recording.cutting import (
    CloseFile,
    CloseRun,
    Cut,
    OpenFile,
    Order,
    RunKey,
    WriteRows,
    WriteStanding,
)
from livereduce.stream.recording.index import Missing
from livereduce.stream.recording.standing import Standing

AGAIN_S = 2.0
"""Wait after a failure."""
LOOK_S = 5.0
LOOK_BYTES = 256 << 20
"""The free space is looked at after so long, or so much."""

log = logging.getLogger("livereduce.recorder")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPlace:
    """Where is recorded, and how much is kept."""

    directory: Path
    instrument: str
    source: str
    rules: KeepRules = field(default_factory=KeepRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRecording:
    """The recording of a run that is over: how large, how many gaps, and whether the run's end is in it."""

    run: int
    folder: Path
    bytes: int
    gaps: int
    seen: bool


class RunWriter:
    """Writes the runs of one stream.

    Attributes
    ----------
    run
        The run that the stream is in; 0 between runs.
    bytes_written, gaps
        Since the beginning.
    run_gaps, gap
        Of the run that the stream is in: gaps so far, and why there is the newest.
    problem
        Why nothing is being written although a run goes on; empty if it is.
    finished
        The newest run that is over; None before the first.
    """

    def __init__(self, place: RecordingPlace, clock: Callable[[], float] = time.monotonic) -> None:
        self._place, self._clock = place, clock
        self._cut = Cut()
        self._standing = Standing()
        self._files: RunFiles | None = None
        self._noted = 0
        self._why = ""
        self._dropped = 0
        self._again_s = self._looked_s = float("-inf")
        self._looked_bytes = 0
        self._contained = Contained(log)
        self.bytes_written = self.gaps = self.run_gaps = 0
        self.problem = self.gap = ""
        self.finished: FinishedRecording | None = None

    # ---- the stream

    def connected(self) -> None:
        """What comes from here on comes on another connection: the server may repeat."""
        self._cut, orders = cutting.rejoined(self._cut)
        self._because(cutting.ANOTHER_CONNECTION)
        self._contain(lambda: self._close_file(orders))

    def dropped(self, size: int, why: str) -> None:
        """Bytes of the stream did not reach this writer."""
        self._cut, orders = cutting.interrupted(self._cut)
        self._because(why)
        self._interrupted()
        self._dropped += size
        self._contain(lambda: self._close_file(orders))

    def take(self, table: PacketTable, run: int, start_s: int) -> None:
        """Write whole packets, as far as they belong to a run and are not recorded yet."""
        told = RunKey(run=run, start_s=start_s) if run else None
        self._noted = 0
        before = self._cut
        try:
            self._cut, orders = cutting.step(self._cut, table, told, self._recorded)
            for order in orders:
                self._carry_out(order, table)
        except OSError as error:
            self._fail(f"{error.strerror or error}")
        except Exception as error:  # noqa: BLE001 (the boundary of a table: what is not recorded must not cost what is)
            self._fail(self._contained.note(f"a recording of {len(table)} packets", error))
        self._note(table, len(table))
        if self._cut.writes and (self._files is None or self._files.segment is None):
            self._cut = cutting.lost_file(self._cut)
        if before.key != self._cut.key and self._cut.key is None:
            self.problem = self.gap = ""

    def close(self) -> None:
        """Close the files; the run is not over."""
        if self._files is not None:
            self._contain(self._files.close)
            self._files = None

    # ---- what is told

    @property
    def run(self) -> int:
        """The run that the stream is in; 0 between runs."""
        return self._cut.key.run if self._cut.key else 0

    @property
    def run_start_s(self) -> int:
        """Its start in seconds since 1990; 0 if it is not known."""
        return self._cut.key.start_s if self._cut.key else 0

    @property
    def run_bytes(self) -> int:
        """Bytes recorded of it."""
        return self._files.size_bytes if self._files else 0

    @property
    def folder(self) -> Path | None:
        """Folder of the run; None between runs, or while it cannot be made."""
        return self._files.folder if self._files else None

    # ---- orders

    def _carry_out(self, order: Order, table: PacketTable) -> None:
        match order:
            case OpenFile():
                self._note(table, order.row)
                self._open(order)
            case WriteStanding():
                self._note(table, order.row)
                self._first_pulse(order)
            case WriteRows():
                self._write(table, order.start, order.stop)
                self._note(table, order.stop)
            case CloseFile():
                self._close_file((order,))
            case CloseRun():
                self._note(table, order.row)
                self._standing.begin_run()
                self._close_run(order)

    def _open(self, order: OpenFile) -> None:
        self._standing.begin_file()
        if self._clock() < self._again_s:
            return
        files = self._files_of(order.key)
        verdict = self._look()
        if verdict.refuse:
            self._fail(verdict.refuse)
            return
        # A beginning of our own, in front of the packets as they came: what a server sends to a client that joins.
        head = sync(order.time_ns, comment="livereduce")
        if not order.whole:
            key = order.key
            head += run_status(order.time_ns, RunStatusCode.STATE, key.run, key.start_s, paused=order.paused)
        files.begin_segment(head, whole=order.whole)
        self.problem = ""

    def _first_pulse(self, order: WriteStanding) -> None:
        files = self._files
        if files is None or files.segment is None:
            return
        files.write(self._standing.missing())
        covered = files.covered
        if not covered.has(order.pulse_ns) and (covered.spans or not files.whole_from_start):
            reason = self._why or cutting.NOT_RUNNING
            if not covered.spans and reason in (cutting.ANOTHER_CONNECTION, cutting.NOT_RUNNING):
                reason = cutting.LATE
            self._miss(reason, covered.before(order.pulse_ns), order.pulse_ns)
        self._why, self._dropped = "", 0
        files.place(order.pulse_ns, files.segment.bytes)

    def _write(self, table: PacketTable, start: int, stop: int) -> None:
        files = self._files
        if files is None or files.segment is None:
            return
        begin, end = int(table.at[start]) - HEADER_WORDS, int(table.at[stop - 1]) + int(table.length[stop - 1])
        at = files.segment.bytes
        files.write(table.words[begin:end].data)
        self.bytes_written += 4 * (end - begin)
        banked, monitor = table.between(Kind.BANKED, start, stop), table.between(Kind.MONITOR, start, stop)
        if len(banked) or len(monitor):
            times = np.concatenate([table.time_ns[banked], table.time_ns[monitor]])
            first = int(min(rows[0] for rows in (banked, monitor) if len(rows)))
            files.place(int(table.time_ns[first]), at + 4 * (int(table.at[first]) - HEADER_WORDS - begin))
            files.count(len(banked), int(times.min()), int(times.max()))
        self._look_sometimes()

    def _close_file(self, orders: tuple[Order, ...]) -> None:
        if orders and self._files is not None:
            self._files.close_segment()

    def _close_run(self, order: CloseRun) -> None:
        files = self._files if self._files and self._files.key.is_same(order.key) else None
        try:
            files = files or self._files_of(order.key)
            if self._why and not files.over:  # no pulse has come since
                self._miss(self._why, files.coverage().newest_ns, order.time_ns)
            files.close_segment()
            self._end_run(files, order.time_ns, seen=order.seen)
        finally:
            self._why, self._dropped = "", 0
            self.close()

    def _note(self, table: PacketTable, until: int) -> None:
        if until > self._noted:
            self._standing.note(table, self._noted, until)
            self._noted = until

    # ---- files

    def _recorded(self, key: RunKey) -> Coverage:
        """What is recorded of a run that begins; the order to close the one before may still be to come."""
        try:
            if self._cut.key is None:
                return self._files_of(key).known()
            files = self._made(key)
            known = files.known()
            files.close()
            return known
        except OSError as error:
            self._fail(f"{error.strerror or error}")
            return Coverage()

    def _files_of(self, key: RunKey) -> RunFiles:
        """The files of a run; they are found or made.

        Raises
        ------
        OSError
            They cannot be made.
        """
        if self._files is not None and not self._files.key.is_same(key):
            self._leave_run(self._files)
        if self._files is None:
            self._files = self._made(key)
            self.run_gaps, self.gap = 0, ""
            if self._files.covered.spans:
                self._because(cutting.NOT_RUNNING)
            log.info("recording run %d in %s", key.run, self._files.folder)
        return self._files

    def _made(self, key: RunKey) -> RunFiles:
        place = self._place
        place.directory.mkdir(parents=True, exist_ok=True)
        return RunFiles(place.directory, place.instrument, place.source, key)

    def _leave_run(self, files: RunFiles) -> None:
        """Another run is on, and the end of this one was not in the stream."""
        try:
            newest_ns = files.coverage().newest_ns
            files.close_segment()
            if not files.over:
                self._miss(self._why or cutting.ANOTHER_CONNECTION, newest_ns, 0)
            self._end_run(files, newest_ns, seen=files.over)
        finally:
            self.close()

    def _end_run(self, files: RunFiles, time_ns: int, *, seen: bool) -> None:
        files.end(time_ns, seen=seen)
        self.finished = FinishedRecording(
            run=files.key.run, folder=files.folder, bytes=files.size_bytes, gaps=self.run_gaps, seen=seen
        )

    def _look_sometimes(self) -> None:
        if self._clock() - self._looked_s >= LOOK_S or self.bytes_written - self._looked_bytes >= LOOK_BYTES:
            verdict = self._look()
            if verdict.refuse:
                self._fail(verdict.refuse)

    def _look(self) -> SpaceVerdict:
        """Look at the free space, and delete the oldest recordings if there must be more."""
        place, current = self._place, self._files.folder if self._files else None
        self._looked_s, self._looked_bytes = self._clock(), self.bytes_written
        runs = kept_runs(place.directory, place.instrument)
        coming = int(all(one.folder != current for one in runs))
        verdict = judge_space(runs, current, disk_space(place.directory), place.rules, coming)
        for folder in verdict.delete:
            log.info("deleting the recording %s: it is the oldest, and there must be room", folder)
            delete_run(folder)
        return verdict

    # ---- what fails

    def _miss(self, reason: str, from_ns: int, to_ns: int) -> None:
        assert self._files is not None
        if reason != cutting.LATE:
            self.gaps, self.run_gaps, self.gap = self.gaps + 1, self.run_gaps + 1, reason
        log.warning("the recording of run %d has a gap: %s", self._files.key.run, reason)
        self._files.miss(Missing(reason=reason, from_ns=from_ns, to_ns=to_ns, bytes=self._dropped))

    def _fail(self, problem: str) -> None:
        """Nothing is written for a while; what comes meanwhile is missing."""
        if problem != self.problem:
            log.error("recording in %s stops: %s", self._place.directory, problem)
        self.problem = problem
        self._again_s = self._clock() + AGAIN_S
        self._because(problem)
        self._interrupted()
        if self._files is not None:
            self._contain(self._files.close_segment)
        self._cut = cutting.lost_file(self._cut)

    def _because(self, why: str) -> None:
        """Why what follows may not join what was recorded; the first reason stays."""
        self._why = self._why or why

    def _interrupted(self) -> None:
        if self._files is not None and not self._files.coverage().spans:
            self._files.whole_from_start = False

    def _contain(self, act: Callable[[], object]) -> None:
        try:
            act()
        except OSError as error:
            self.problem = f"{error.strerror or error}"
