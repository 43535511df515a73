"""Ask a python what it is: run `probe.py` in it, through its launcher if need be, with a time-out."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PROBE = Path(__file__).with_name("probe.py")
LAUNCH_S = 60.0
"""For a launcher to make its environment active: seconds, on a network file system that is cold tens of them."""
LISTING_S = 15.0
REAP_S = 5.0
"""For a killed process to go: one that is stuck in the kernel, on a dead file system, does not."""
LAST_LINES = 3
"""Of what a launcher printed, in the message that it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a python says of itself.

    Attributes
    ----------
    mantid
        Where it would import Mantid from; empty if it would not. Nothing was imported for that.
    mantid_version
        Of the installed package; empty if that does not tell it.
    psutil
        Whether it has what the daemon needs besides the standard library.
    missing
        Packages of the builtin engine that it does not have.
    environ
        The variables of the active environment, byte for byte.
    """

    executable: str
    version: tuple[int, ...]
    mantid: str
    mantid_version: str
    psutil: bool
    missing: tuple[str, ...]
    environ: Mapping[bytes, bytes]

    @property
    def version_text(self) -> str:
        """As in 3.11.7."""
        return ".".join(str(part) for part in self.version)


class NoAnswer(Exception):
    """There is no python, or it could not be reached; the message is the end of a sentence about the launcher."""


def ask(command: Sequence[str], environ: Mapping[str, str], timeout_s: float = LAUNCH_S) -> Answer:
    """What the python says that `command` runs.

    Raises
    ------
    NoAnswer
        It cannot be started, fails, hangs, or what it runs is no python.
    """
    try:
        with TemporaryDirectory(prefix="livereduce-") as folder:
            answer = Path(folder) / "answer.json"
            ended = run([*command, str(PROBE), str(answer)], environ, timeout_s, Path(folder))
            if answer.exists():  # how the launcher ends after that is its own affair
                return parse(answer.read_text("ascii"))
    except OSError as error:
        raise NoAnswer(f"cannot be run: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoAnswer(f"gave an invalid answer ({error})") from None
    raise NoAnswer(ended.why(timeout_s) or f"did not run the Python of the environment{last_lines(ended.said)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command has ended, None if it had to be ended, and what it printed."""

    code: int | None
    said: str

    def why(self, timeout_s: float) -> str:
        """Why that is no success, as the end of a sentence; empty if it is one."""
        if self.code is None:
            return f"gave no answer within {timeout_s:g} s{last_lines(self.said)}"
        return f"exited with code {self.code}{last_lines(self.said)}" if self.code else ""


def run(command: Sequence[str], environ: Mapping[str, str], timeout_s: float, folder: Path) -> Ended:
    """Run a command; when the time is over it is killed, with all that it has started in its group.

    Raises
    ------
    OSError
        It cannot be started.
    """
    output = folder / "output"  # a file: what a launcher leaves running may hold a pipe open for ever
    with output.open("wb") as file:
        process = subprocess.Popen(
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        code = None
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            pass
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait(REAP_S)
    return Ended(code=code, said=output.read_text("utf-8", errors="replace"))


def parse(text: str) -> Answer:
    """An answer from what the probe wrote.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError
        It is none.
    """
    body: dict[str, Any] = json.loads(text)
    return Answer(
        executable=str(body["executable"]),
        version=tuple(int(part) for part in body["version"]),
        mantid=str(body["mantid"]),
        mantid_version=str(body["mantid_version"]),
        psutil=bool(body["psutil"]),
        missing=tuple(str(name) for name in body["missing"]),
        environ={_bytes(name): _bytes(value) for name, value in body["environ"].items()},
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def last_lines(said: str) -> str:
    """The last of what a command has printed, to end a sentence with."""
    lines = [line.strip() for line in said.splitlines() if line.strip()][-LAST_LINES:]
    return ": " + " / ".join(lines) if lines else ", and printed nothing"


def list_environments(listing: Sequence[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """The environments that ``conda env list --json`` tells, by name or else by path; none if it does not."""
    if not listing:
        return ()
    try:
        with TemporaryDirectory(prefix="livereduce-") as folder:
            said = run(listing, environ, LISTING_S, Path(folder)).said
        paths = [Path(path) for path in json.loads(said[said.index("{") : said.rindex("}") + 1])["envs"]]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return tuple(sorted(path.name if path.parent.name == "envs" else str(path) for path in paths))
