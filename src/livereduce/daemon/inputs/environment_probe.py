"""A daemon that is parked for want of its environment asks for it again, in a process of its own: it may come.

An environment is missing while it is being updated, or its file system mounted. When it can be used the daemon ends, so
that it is launched anew, in there.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from livereduce.daemon.facts import Fact, StopAsked
from livereduce.daemon.worker.process import DAEMONS_OWN
from livereduce.environment.launched import ASK

END_S = 2.0


def ask_command(path: Path | None) -> tuple[str, ...]:
    """Ends with 0 if the environment that the configuration of a file names can be used."""
    return (sys.executable, "-P", "-m", "livereduce.commands.launch", ASK, *([str(path)] if path else []))


class Reasking:
    """The process that asks, if there is one, and when the next one is due."""

    def __init__(self, command: Sequence[str], every_s: float) -> None:
        self._command, self._every_s = command, every_s
        self._due: float | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def gather(self, waits: bool, now: float) -> list[Fact]:
        """Start asking if it is time to, see to an answer; nothing is waited for.

        Parameters
        ----------
        waits
            The daemon is parked for want of its environment.
        """
        if not waits:
            self.end()
            self._due = None
        elif self._process is not None:
            return self._see(self._process, now)
        elif self._due is None:
            self._due = now + self._every_s
        elif now >= self._due:
            self._due = now + self._every_s
            self._process = _start(self._command)
        return []

    def _see(self, process: subprocess.Popen[bytes], now: float) -> list[Fact]:
        code = process.poll()
        if code is None:
            return []
        self._process, self._due = None, now + self._every_s
        return [StopAsked(by="the environment can be used now")] if code == 0 else []

    def end(self) -> None:
        """End the process that asks; it ends the launcher that it runs."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self._process = None


def _start(command: Sequence[str]) -> subprocess.Popen[bytes] | None:
    environ = {name: value for name, value in os.environ.items() if name not in DAEMONS_OWN}
    try:
        return subprocess.Popen(
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:  # the host is out of something: the next time
        return None
