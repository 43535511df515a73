"""Child programs of a command: started, watched, and never left behind.

They are asked to stop when the command ends, by any signal that it can handle; after SIGKILL, which it cannot, the
kernel tells them.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STOP_S = 30.0
"""Time for a child to end in good order."""
LAST_LINES = 10
MAX_BYTES = 16_384
"""Bytes at the end of a log, in which the last lines are searched."""
ENDING = (signal.SIGTERM, signal.SIGHUP)
"""Signals that end a command besides Ctrl-C: `kill`, and a terminal that is closed."""
INTERRUPTED = 128 + signal.SIGINT
"""Exit code of a command that was ended so, where it says something of it."""
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)  # loaded here, because nothing may be loaded between fork and exec


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A program that was started, its name for people, and the file with its output."""

    name: str
    process: subprocess.Popen[Any]
    log: Path

    def ended(self) -> str:
        """Exit and last lines of the program; empty while it runs."""
        code = self.process.poll()
        if code is None:
            return ""
        how = f"was killed by {_signal_name(-code)}" if code < 0 else f"exited unexpectedly (exit code {code})"
        lines = last_lines(self.log)
        said = "".join(f"\n    {line}" for line in lines) if lines else " nothing"
        return f"{self.name} {how}; the last lines of {self.log}:{said}"


def _signal_name(number: int) -> str:
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


def last_lines(log: Path) -> list[str]:
    """The last lines of a log file."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - MAX_BYTES))
        return file.read().decode(errors="replace").splitlines()[-LAST_LINES:]


@contextmanager
def child(name: str, arguments: Sequence[str], folder: Path, log: Path) -> Iterator[Child]:
    """Run ``livereduce ARGUMENTS`` in a folder, with output to a log file; at the end it is stopped and waited for."""
    command = [sys.executable, "-m", "livereduce", *arguments]
    parent = os.getpid()
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, cwd=folder, preexec_fn=lambda: _end_with(parent))
    try:
        yield Child(name=name, process=process, log=log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _end_with(parent: int) -> None:
    """Have the kernel send SIGTERM when the parent ends; the parent may have ended before this call (prctl(2))."""
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


@contextmanager
def signals_as_interrupt() -> Iterator[None]:
    """Treat the signals that end a command as Ctrl-C; those that are ignored (``nohup``) stay ignored."""
    before = {number: signal.getsignal(number) for number in ENDING}
    for number in ENDING:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
