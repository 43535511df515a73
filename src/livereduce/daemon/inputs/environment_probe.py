"""A daemon that is parked because its environment is missing checks again for it, in a separate process.

An environment is missing while it is being updated or its file system is being mounted. When it can be used, the daemon
exits so that it is launched again inside it.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from livereduce.daemon.facts import Fact, StopAsked
from livereduce.daemon.worker.launching import DAEMONS_OWN
from livereduce.environment.launched import ASK

END_S = 2.0


def ask_command(path: Path | None) -> tuple[str, ...]:
    """Command that ends with 0 if the environment named in a configuration can be used."""
    return (sys.executable, "-P", "-m", "livereduce.commands.launch", ASK, *([str(path)] if path else []))


class EnvironmentProbe:
    """The probe process, if one runs, and when the next one is due."""

    def __init__(self, command: Sequence[str], every_s: float) -> None:
        self._command, self._every_s = command, every_s
        self._due: float | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def gather(self, waits: bool, now: float) -> list[Fact]:
        """Start a probe if one is due, or read its result; never blocks.

        Parameters
        ----------
        waits
            The daemon is parked because its environment is missing.
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
        """End the probe process; it ends the launcher that it runs."""
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
    except OSError:  # the host lacks some resource: try again next time
        return None
