"""A stream server in a process of its own, and the readers that everything else is measured against."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from livereduce.base.times import epics_ns
from livereduce.simulate.beams.beam import PULSES_PER_S
from livereduce.stream.adara.client import AdaraSource
from livereduce.stream.adara.wire.arena import scratch
from livereduce.stream.adara.wire.encode import client_hello
from livereduce.stream.items import EventBatch, StartFrom
from serve import GROWS_S

HERE = Path(__file__).parent
PATIENCE_S = 120.0
USUAL_PIXELS = 4096
IN_MEMORY = Path("/dev/shm")
MARGIN_BYTES = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a server plays: events in the run in progress, and whether the run goes on as the beam does."""

    events_per_pulse: int
    events: int
    pixels: int = USUAL_PIXELS
    by_bank: bool = False
    grows: bool = False

    @property
    def bytes_on_wire(self) -> float:
        """About the most that a server has to store."""
        grown = self.events_per_pulse * PULSES_PER_S * GROWS_S if self.grows else 0.0
        return 10 * (self.events + grown)

    @property
    def arguments(self) -> list[str]:
        """The command line of `serve.py`."""
        chosen = [name for name, wanted in (("--by-bank", self.by_bank), ("--grows", self.grows)) if wanted]
        numbers = {
            "--events-per-pulse": self.events_per_pulse,
            "--events": self.events,
            "--pixels": self.pixels,
        }
        return [*chosen, *(text for name, value in numbers.items() for text in (name, str(value)))]


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready, and its log."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def asked_at(self, since_s: float) -> float:
        """When the first client asked for the run since a moment (CLOCK_MONOTONIC)."""
        asked = map(float, re.findall(r"^(\S+) a client asks", self.log.read_text(), re.MULTILINE))
        return next(at_s for at_s in asked if at_s >= since_s)

    def asked_times(self) -> int:
        """How many clients have asked for data so far."""
        return self.log.read_text().count(" a client asks")

    def wait_asked(self, times: int) -> None:
        """Wait until so many clients have asked."""
        wait_for(lambda: self.asked_times() >= times, "a client's hello")

    def cpu_s(self) -> float:
        """Seconds of CPU that it has used."""
        used = psutil.Process(self.process.pid).cpu_times()
        return float(used.user + used.system)


@contextmanager
def serving(played: Played, port: int = 0) -> Iterator[Server]:
    """A server that plays this."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "serve.log"
        command = [sys.executable, str(HERE / "serve.py"), "--port", str(port), *played.arguments]
        with log.open("w") as file, subprocess.Popen(command, stdout=file, env=_kept_in_memory(played)) as process:
            try:
                yield Server(process, _port(log), log)
            finally:
                process.terminate()


def _kept_in_memory(played: Played) -> dict[str, str]:
    """The environment in which the server's files take no disk, which would write them back in the middle of all."""
    enough = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > played.bytes_on_wire + MARGIN_BYTES
    return os.environ | ({"TMPDIR": str(IN_MEMORY)} if enough else {})


def _port(log: Path) -> int:
    found = wait_for(lambda: re.search(r"listening on \S+:(\d+)", log.read_text()), "the server")
    return int(found.group(1))


def wait_for(look: Callable[[], Any], what: str) -> Any:
    """Look until something is found."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.002)
    raise TimeoutError(f"{what} took longer than {PATIENCE_S:g} s")


def discard(server: Server, most_bytes: float = float("inf")) -> tuple[float, int]:
    """A reader that throws away what it gets: seconds and bytes, until nothing more comes or there are so many."""
    buffer = bytearray(8 << 20)
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(client_hello(epics_ns(time.time()), 1))
        connection.settimeout(1.0)
        start_s = last_s = time.perf_counter()
        received = 0
        try:
            while received < most_bytes and (size := connection.recv_into(buffer)):
                received += size
                last_s = time.perf_counter()
        except TimeoutError:
            pass
    return last_s - start_s, received


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decoded:
    """What a reader got that decodes: how long it took, the number of events, and the columns that it kept."""

    seconds: float
    events: int
    kept: tuple[EventBatch, ...]


def decode_only(server: Server, *, keep_events: int = 0) -> Decoded:
    """A reader that decodes and throws away all but the first events, until nothing more comes."""
    source = AdaraSource("127.0.0.1", server.port, columns=scratch)  # as the receiver does
    source.open(StartFrom.RUN_START)
    start_s = last_s = time.perf_counter()
    events, kept = 0, list[EventBatch]()
    while time.perf_counter() - last_s < 1.0:
        for item in source.read(0.1):
            last_s = time.perf_counter()
            if isinstance(item, EventBatch):
                kept += [item] if events < keep_events else []
                events += len(item.tof_ns)
    source.close()
    return Decoded(seconds=last_s - start_s, events=events, kept=tuple(kept))
