"""``livereduce inspect``: summarize a recorded stream or a live port."""

import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.base.source_urls import SourceUrl, parse_source_url, scheme_of
from livereduce.stream.adara.census import Census, Segment
from livereduce.stream.adara.link.connection import Connection
from livereduce.stream.adara.wire.block import Block
from livereduce.stream.adara.wire.frame import Framer, FramingError
from livereduce.stream.adara.wire.layout import BANK_ERROR, BANK_UNMAPPED, Type
from livereduce.stream.adara.wire.walk import Walk
from livereduce.stream.items import SourceLost


def inspect(what: str, *, as_json: bool, seconds: float, out: TextIO) -> int:
    """Count the packets of a file, or of a server during some seconds, and print the counts.

    Raises
    ------
    OperatorError
        There is no such file, or it cannot be read.
    """
    census, scheme = Census(), scheme_of(what)
    live = scheme is not None and not scheme.ends
    found = _count_live(what, seconds, census) if live else _count_file(_path(what), census)
    report = {"file": what, **found, **census.as_json()}
    if as_json:
        json.dump(report, out, indent=1)
        out.write("\n")
    else:
        _print(report, census, out)
    if found["problem"]:
        print(f"livereduce inspect: {what}: {found['problem']}", file=sys.stderr)
        return ExitCode.DEGRADED
    return ExitCode.OK


def _path(what: str) -> Path:
    """A file, by its path or its URL."""
    return Path(_checked(what).path if scheme_of(what) else what)


def _count_file(path: Path, census: Census) -> dict[str, Any]:
    """Count a whole file in pieces, so that it may be larger than memory."""
    try:
        size = path.stat().st_size
        words = np.memmap(path, "<u4", "r", shape=(size // 4,)) if size >= 4 else np.empty(0, "<u4")
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise OperatorError(f"{path} cannot be read: {error}") from None
    walk = Walk(Framer(), words)
    problem = _count(walk, census)
    return {"bytes": size, "trailing_bytes": size - 4 * walk.used_words, "problem": problem or census.problem}


def _count(walk: Walk, census: Census) -> str:
    """Count all packets; the problem that ended the walk early."""
    try:
        for table in walk:
            census.add(table)
    except FramingError as error:
        return str(error)
    return ""


def _count_live(url: str, seconds: float, census: Census) -> dict[str, Any]:
    """Count what a server sends from the current run on, until the time is up or it closes."""
    host, port = _host_port(url)
    framer, block, received, problem = Framer(), Block(), 0, ""
    stop_s, missing_bytes = time.monotonic() + seconds, 0
    connection: Connection | None = None
    try:
        connection = Connection(host, port, start_s=1)
        while not problem and (left_s := stop_s - time.monotonic()) > 0:
            size = connection.receive(block.room(missing_bytes), left_s)
            block.received(size)
            received += size
            walk = Walk(framer, block.words, block.offset)
            problem = _count(walk, census)
            block.consume(walk.used_words)
            missing_bytes = 4 * walk.missing_words
    except SourceLost as error:
        problem = str(error)
    finally:
        if connection is not None:
            connection.close()
    return {"bytes": received, "trailing_bytes": 4 * len(block.words), "problem": problem or census.problem}


def _host_port(url: str) -> tuple[str, int]:
    source = _checked(url)
    return source.host, source.port


def _checked(url: str) -> SourceUrl:
    try:
        return parse_source_url(url)
    except ValueError as error:
        raise OperatorError(f"{url!r}: {error}, or a file") from None


def _print(report: dict[str, Any], census: Census, out: TextIO) -> None:
    print(f"{report['file']}: {report['bytes']:,} bytes, {report['packets']:,} packets", file=out)
    print(f"  {census.pulses:,} pulses, {census.events:,} events, {_charge(census.charge_pc)}", file=out)
    if report["trailing_bytes"]:
        print(f"  {report['trailing_bytes']:,} bytes at the end are an incomplete packet", file=out)
    if census.bad_packets:
        print(f"  {census.bad_packets:,} bad packets, the last: {census.problem}", file=out)
    print("packets by type", file=out)
    for name, count in sorted(report["types"].items()):
        print(f"  {name}  {_words(name):<22} {count:>12,}", file=out)
    for number, segment in enumerate(census.segments, 1):
        _print_segment(number, segment, out)


def _words(type_text: str) -> str:
    """Readable name of a packet type: ``banked event`` for ``0x4000 v1``."""
    base = int(type_text.split()[0], 16)
    return Type(base).name.lower().replace("_", " ") if base in set(Type) else "unknown"


def _charge(charge_pc: float) -> str:
    return f"{charge_pc:,.0f} pC ({charge_pc / 3.6e9:.6g} µAh)"


def _print_segment(number: int, segment: Segment, out: TextIO) -> None:
    name = f"run {segment.run}" if segment.run else "between runs"
    paused = ", paused" if segment.paused_segment else ""
    closed = segment.closed_by or "still open"
    print(f"segment {number}: {name}{paused} ({segment.opened_by} … {closed})", file=out)

    def line(label: str, text: str) -> None:
        if text:
            print(f"  {label:<9} {text}", file=out)

    first, last = segment.first_pulse_ns, segment.last_pulse_ns
    length = f" in {(last - first) / 1e9:,.1f} s" if first is not None and last is not None else ""
    vetoed = f", {segment.vetoed_pulses:,} vetoed" if segment.vetoed_pulses else ""
    no_rtdl = f", {segment.missing_rtdl_pulses:,} without RTDL" if segment.missing_rtdl_pulses else ""
    line("pulses", f"{segment.pulses:,}{length}{vetoed}{no_rtdl}")
    line("events", f"{segment.events:,}")
    line("charge", _charge(segment.charge_pc))
    line("banks", _counts(segment.banks.items(), _bank_name))
    line("states", _counts(segment.states.items(), str))
    line("monitors", _counts(segment.monitors.items(), str))
    if segment.file_boundaries:
        line("files", f"{segment.file_boundaries} ends of file")


def _bank_name(bank: int) -> str:
    return {BANK_UNMAPPED: "unmapped", BANK_ERROR: "error"}.get(bank, str(bank))


def _counts(items: Iterable[tuple[int, int]], name: Callable[[int], str]) -> str:
    return "  ".join(f"{name(key)}: {count:,}" for key, count in sorted(items))
