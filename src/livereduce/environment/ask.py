"""Ask a Python what it is: run `probe.py` in it, through its launcher if needed, with a timeout."""

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
"""Time for a launcher to activate its environment: seconds, on a cold network file system tens of seconds."""
LISTING_S = 15.0
REAP_S = 5.0
"""Time for a killed process to exit; one that is stuck in the kernel, on a dead file system, does not."""
LAST_LINES = 3
"""Most lines of a launcher's output in the message that it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Description of a Python, from itself.

    Attributes
    ----------
    mantid
        Place from which it would import Mantid; empty if it would not. Nothing was imported to find out.
    mantid_version
        Version of the installed package; empty if that does not tell it.
    psutil
        True if it has what the daemon needs besides the standard library.
    missing
        Packages of the builtin engine that it does not have.
    absent
        Which of the modules that it was asked about it does not have.
    environ
        Variables of the active environment, byte for byte.
    """

    executable: str
    version: tuple[int, ...]
    mantid: str
    mantid_version: str
    psutil: bool
    missing: tuple[str, ...]
    environ: Mapping[bytes, bytes]
    absent: tuple[str, ...] = ()

    @property
    def version_text(self) -> str:
        """Version as text, such as 3.11.7."""
        return ".".join(str(part) for part in self.version)


class NoAnswer(Exception):
    """There is no Python, or it could not be reached; the message is the end of a sentence about the launcher."""


def ask(
    command: Sequence[str], environ: Mapping[str, str], timeout_s: float = LAUNCH_S, modules: Sequence[str] = ()
) -> Answer:
    """Ask the Python that `command` runs, also about the top names of some modules.

    Raises
    ------
    NoAnswer
        It cannot be started, fails, hangs, or is not a Python.
    """
    try:
        with TemporaryDirectory(prefix="livereduce-") as folder:
            answer = Path(folder) / "answer.json"
            ended = run([*command, str(PROBE), str(answer), *modules], environ, timeout_s, Path(folder))
            if answer.exists():  # how the launcher ends after that does not matter
                return parse(answer.read_text("ascii"))
    except OSError as error:
        raise NoAnswer(f"cannot be run: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoAnswer(f"gave an invalid answer ({error})") from None
    raise NoAnswer(ended.why(timeout_s) or f"did not run the Python of the environment{last_lines(ended.said)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Exit code of a command, None if it was killed, and its output."""

    code: int | None
    said: str

    def why(self, timeout_s: float) -> str:
        """Reason for the failure, as the end of a sentence; empty if it succeeded."""
        if self.code is None:
            return f"gave no answer within {timeout_s:g} s{last_lines(self.said)}"
        return f"exited with code {self.code}{last_lines(self.said)}" if self.code else ""


def run(command: Sequence[str], environ: Mapping[str, str], timeout_s: float, folder: Path) -> Ended:
    """Run a command; at the timeout it is killed, with everything that it has started in its group.

    Raises
    ------
    OSError
        It cannot be started.
    """
    output = folder / "output"  # a file: a process that a launcher leaves running may hold a pipe open forever
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
    """Parse what the probe wrote.

    Raises
    ------
    ValueError, KeyError, TypeError, AttributeError
        It is not valid.
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
        absent=tuple(str(name) for name in body.get("absent", ())),
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def last_lines(said: str) -> str:
    """The last output of a command, to end a sentence with."""
    lines = [line.strip() for line in said.splitlines() if line.strip()][-LAST_LINES:]
    return ": " + " / ".join(lines) if lines else ", and printed nothing"


def list_environments(listing: Sequence[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """Environments listed by ``conda env list --json``, by name or else by path; none if the command fails."""
    if not listing:
        return ()
    try:
        with TemporaryDirectory(prefix="livereduce-") as folder:
            said = run(listing, environ, LISTING_S, Path(folder)).said
        paths = [Path(path) for path in json.loads(said[said.index("{") : said.rindex("}") + 1])["envs"]]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return tuple(sorted(path.name if path.parent.name == "envs" else str(path) for path in paths))
