"""``livereduce record URL --out DIR``: record a stream without a daemon, with a line of progress."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.base.source_urls import ADARA, parse_source_url
from livereduce.recorder.space import GB, KeepRules
from livereduce.recorder.writing import FinishedRecording, RecordingPlace, RunWriter
from livereduce.stream.adara.client import AdaraSource
from livereduce.stream.items import SourceLost, StartFrom
from livereduce.stream.recording.layout import UNNAMED

EVERY_S = 1.0
READ_S = 0.25
_ENDS = (signal.SIGINT, signal.SIGTERM)


def record(
    url: str, out_dir: Path, *, instrument: str, keep_runs: int | None, keep_gb: float | None, now: bool, out: TextIO
) -> int:
    """Record until SIGINT or SIGTERM; return the exit code: 0, or 1 if something is missing.

    Parameters
    ----------
    instrument
        First part of the names of folders.
    keep_runs, keep_gb
        Delete the oldest recordings in the directory beyond this; None: delete none, unless the disk gets full.
    now
        Begin now, not at the start of the present run.

    Raises
    ------
    OperatorError
        The URL is none of a stream server, or the directory cannot be made.
    """
    try:
        source = parse_source_url(url)
    except ValueError as error:
        raise OperatorError(f"{url!r}: {error}") from None
    if source.scheme is not ADARA:
        raise OperatorError(f"{url!r}: only a stream server ({ADARA.form}) can be recorded")
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorError(f"{out_dir}: {error.strerror}") from None
    rules = KeepRules(runs=keep_runs, bytes=None if keep_gb is None else round(keep_gb * GB))
    place = RecordingPlace(directory=out_dir, instrument=instrument or UNNAMED, source=str(source), rules=rules)
    writer = RunWriter(place)
    stream = AdaraSource(source.host, source.port, tap=writer)
    stream.open(StartFrom.NOW if now else StartFrom.RUN_START)
    stopped: list[int] = []
    before = {one: signal.signal(one, lambda number, _: stopped.append(number)) for one in _ENDS}
    try:
        _record(stream, writer, lambda: bool(stopped), out)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stream.close()
        writer.close()
    return ExitCode.DEGRADED if writer.gaps or writer.problem else ExitCode.OK


def _record(stream: AdaraSource, writer: RunWriter, is_over: Callable[[], bool], out: TextIO) -> None:
    progress, lost = _ProgressLine(out), ""
    while not is_over():
        try:
            stream.read(READ_S)
            lost = "" if stream.state().connected else lost
        except SourceLost as error:
            lost = error.reason
        progress.show(writer, lost, time.monotonic())
    progress.end(writer)


class _ProgressLine:
    """One line that is written over on a terminal; elsewhere a line for each change of run or problem.

    A run that is over has a line that stays.
    """

    def __init__(self, out: TextIO) -> None:
        self._out, self._terminal = out, out.isatty()
        self._shown_s: float | None = None
        self._bytes = 0
        self._told: tuple[object, ...] = ()
        self._finished: FinishedRecording | None = None

    def show(self, writer: RunWriter, lost: str, now: float) -> None:
        if writer.finished is not None and writer.finished is not self._finished:
            self._finished = writer.finished
            self._stays(finished_line(writer.finished))
        told = (writer.run, writer.run_gaps, writer.problem, lost)
        waited_s = 0.0 if self._shown_s is None else now - self._shown_s
        if self._shown_s is not None and waited_s < EVERY_S and told == self._told:
            return
        rate = (writer.bytes_written - self._bytes) / waited_s if waited_s else 0.0
        text = describe(writer, lost, rate)
        if self._terminal:
            self._out.write(f"\r\033[K{text}")
        elif told != self._told:
            self._out.write(f"{text}\n")
        self._out.flush()
        self._shown_s, self._bytes, self._told = now, writer.bytes_written, told

    def end(self, writer: RunWriter) -> None:
        if writer.folder is not None:
            what = f"run {writer.run} goes on" if writer.run else "the end of the last run has not come"
            size = f"{writer.run_bytes / 1e6:,.1f} MB"
            self._stays(f"{what}; recorded until now: {size} in {writer.folder}")
        elif self._terminal:
            self._out.write("\n")

    def _stays(self, line: str) -> None:
        self._out.write(f"\r\033[K{line}\n" if self._terminal else f"{line}\n")
        self._out.flush()


def finished_line(one: FinishedRecording) -> str:
    """The recording of a run that is over in a line."""
    end = "" if one.seen else ", but not its end"
    gaps = f", with {one.gaps} gap{'s' * (one.gaps > 1)}" if one.gaps else ""
    return f"run {one.run} is recorded{end}{gaps}: {one.bytes / 1e6:,.1f} MB in {one.folder}"


def describe(writer: RunWriter, lost: str, bytes_per_s: float) -> str:
    """The state of a recording in a line; a rate of 0 is not known yet."""
    what = f"run {writer.run}: {writer.run_bytes / 1e6:,.1f} MB" if writer.run else "between runs: nothing is recorded"
    rate = f", {bytes_per_s / 1e6:.1f} MB/s" if writer.run and bytes_per_s else ""
    gaps = f", {writer.run_gaps} gaps ({writer.gap})" if writer.run_gaps else ""
    return f"{what}{rate}{gaps}" + "".join(f"; {why}" for why in (writer.problem, lost) if why)
