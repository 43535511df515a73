"""A directory with a daemon in it whose worker and receiver are stand-ins (`fake_worker`, `fake_receiver`)."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from helpers import fake_receiver, fake_worker
from livereduce.messages.status import FILE_NAME, Status, read_status

LIMIT_S = 30.0
DAEMON = """
import sys
from pathlib import Path
from livereduce.daemon.facts import Limits
from livereduce.daemon.run import run
from livereduce.daemon.inputs.settling import (Times)
from livereduce.daemon.worker.launching import CommandLines
conf, fake, fake_receiver, mode, stop_s, terminate_s, spare_s = sys.argv[1:]
stop_s, terminate_s = float(stop_s), float(terminate_s)
limits = Limits(
    stop_s=stop_s, terminate_s=terminate_s, cancel_s=0.3, look_s=0.1, first_wait_s=0.1, spare_s=float(spare_s)
)
commands = CommandLines(
    worker=lambda python, job: (python, fake, mode, str(job)),
    receiver=lambda python, job: (python, fake_receiver, mode, str(job)),
    spare=lambda python: (python, fake, mode, "--spare"),
)
sys.exit(run(Path(conf), limits=limits, commands=commands, watching=Times(poll_s=0.1, settle_s=0.09)))
"""


@dataclass
class Beamline:
    """A directory with configuration, scripts and everything that daemons leave there."""

    path: Path
    daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def configure(self, text: str | None = None, **settings: object) -> None:
        body: dict[str, object] = {"instrument": "PG3", "engine": "builtin", "source": "adara://localhost:1"}
        body |= {"script_dir": "scripts", "runtime_dir": "run", "state_dir": "state"} | settings
        (self.path / "livereduce.conf").write_text(json.dumps(body) if text is None else text)

    def script(self, text: str = "pass\n") -> None:
        (self.path / "scripts" / "reduce_PG3_live_proc.py").write_text(text)

    def start(
        self,
        mode: str = "obey",
        *,
        stop_s: float = 600,
        terminate_s: float = 600,
        spare_s: float = 600,
        environ: dict[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        gone = ("RUNTIME_DIRECTORY", "STATE_DIRECTORY", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "NOTIFY_SOCKET")
        daemon = subprocess.Popen(
            [
                sys.executable,
                "-c",
                DAEMON,
                "livereduce.conf",
                fake_worker.__file__,
                fake_receiver.__file__,
                mode,
                str(stop_s),
                str(terminate_s),
                str(spare_s),
            ],
            cwd=self.path,
            env={key: value for key, value in os.environ.items() if key not in gone} | (environ or {}),
            stdout=subprocess.DEVNULL,
        )
        self.daemons.append(daemon)
        return daemon

    def status(self, runtime_dir: str = "run") -> Status:
        return read_status(self.path / runtime_dir / FILE_NAME)

    def wait(self, there: Callable[[Status], bool], runtime_dir: str = "run") -> Status:
        """Wait until the status is as expected."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            with suppress(FileNotFoundError):
                if there(status := self.status(runtime_dir)):
                    return status
            time.sleep(0.01)
        raise AssertionError(f"not as expected: {status}\n{self.log()}")

    def wait_running(self, generation: int = 1) -> Status:
        return self.wait(lambda seen: seen.progress is not None and seen.generation >= generation)

    def log(self) -> str:
        return (self.path / "livereduce.log").read_text()


def processes_of(path: Path) -> list[int]:
    """Processes that work in a directory."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(path):
                found.append(process.pid)
    return found
