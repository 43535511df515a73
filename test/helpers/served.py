"""Plays that are served over loopback: by a server in a thread, by turns in the test's own thread, or by a child."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from livereduce.base.times import NS_PER_S
from livereduce.simulate.adara.play import Play, perform
from livereduce.simulate.adara.server import Server
from livereduce.simulate.beams.powder_beam import PowderBeam

T = 1_164_261_668 * NS_PER_S
PATIENCE_S = 50.0


class Clock:
    """Seconds of beam that pass when told to."""

    def __init__(self, now_s: float = 0.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


def powder_play(
    *, runs: int, run_s: float, gap_s: float, rate: float = 1200.0, origin_ns: int = T, pixels: int = 64
) -> Play:
    """A play that is the same every time: pulses, events and pixels follow from the arguments."""
    acts = perform(PowderBeam(rate, pixels=pixels), origin_ns=origin_ns, runs=runs, run_s=run_s, gap_s=gap_s)
    return Play(origin_ns=origin_ns, acts=acts)


def url_of(address: tuple[str, int]) -> str:
    return f"adara://{address[0]}:{address[1]}"


@contextmanager
def serving(play: Play, **options: Any) -> Iterator[str]:
    """A server in a thread; its URL. It hangs up on its clients when all is played and sent."""
    server = Server(play, **{"speed": 0.0, **options})
    stop = threading.Event()

    def serve() -> None:
        server.serve_forever(stop.is_set)
        server.close()

    thread = threading.Thread(target=serve, name="simulated server")
    thread.start()
    try:
        yield url_of(server.address)
    finally:
        stop.set()
        thread.join()


@contextmanager
def simulating(folder: Path, environ: Mapping[str, str], *words: str) -> Iterator[tuple[str, int]]:
    """``livereduce simulate`` as a child that works in a folder; its address."""
    log = folder / "simulate.log"
    command = [sys.executable, "-m", "livereduce", "simulate", "--port", "0", *words]
    with (
        log.open("w") as file,
        subprocess.Popen(command, cwd=folder, env=dict(environ), stdout=file, stderr=file) as child,
    ):
        try:
            yield _address(child, log)
        finally:
            child.terminate()


def _address(child: subprocess.Popen[bytes], log: Path) -> tuple[str, int]:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and child.poll() is None:
        first, newline, _ = log.read_text().partition("\n")
        if newline and first.startswith("listening on "):
            host, _, port = first.removeprefix("listening on ").rpartition(":")
            return host, int(port)
        time.sleep(0.02)
    raise AssertionError(f"the simulated server does not listen: {log.read_text()}")
