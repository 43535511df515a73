"""A page that is followed to the letter: its commands typed into a shell on a terminal, its files saved, in order.

```` ```console ```` has commands after `$ ` and what they answer, ```` ```text ```` is what the command that still
runs says next, `^C` is typed; a block whose first line names a file is saved. Of an answer each line must come, in
this order: whole numbers as they are, others any; `…` stands for anything. Curves are not compared.
"""

import os
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

READY = "this-shell-is-ready "
CTRL_C = "^C"


@dataclass(frozen=True, slots=True)
class Save:
    """A file to be saved."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Say:
    """A command, empty if it is the one that still runs, and what it answers; `stays`: it goes on behind that."""

    command: str
    answer: tuple[str, ...]
    stays: bool = False


def steps_of(page: str) -> Iterator[Save | Say]:
    """The steps of a page."""
    blocks = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", page, re.M | re.S)
    says = [(kind, body) for kind, path, body in blocks if not path]
    at = 0
    for _, path, body in blocks:
        if path:
            yield Save(path, body)
            continue
        at += 1
        goes_on = at < len(says) and says[at][0] == "text"
        said = re.split(r"^\$ (.*)\n", body, flags=re.M)
        pairs = [("", said[0]), *zip(said[1::2], said[2::2], strict=True)]
        for number, (command, answer) in enumerate(pairs):
            lines = tuple(line for line in answer.splitlines() if line.strip() not in ("", "…") and "│" not in line)
            if command or lines:
                yield Say(command, lines, stays=CTRL_C in lines or (goes_on and number == len(pairs) - 1))


def pattern_of(shown: str) -> re.Pattern[str]:
    """What a line of an answer matches."""
    parts = re.split(r"(…|(?<![\w.,])-?\d+\.\d+(?![\w.,])|\s+)", shown)
    kinds = {"…": ".*", " ": r"[ \t]+"}
    said = [
        kinds["…"] if part == "…" else r"-?[\d.]+" if re.fullmatch(r"-?\d+\.\d+", part)
        else kinds[" "] if part.isspace() else re.escape(part)
        for part in parts
    ]  # fmt: skip
    return re.compile(f"^{''.join(said)}[ \\t]*$", re.M)


class Terminal:
    """An interactive shell of its own session, on a terminal of its own, in a folder."""

    def __init__(self, folder: Path, patience_s: float) -> None:
        self._patience_s = patience_s
        self._text, self._seen = "", 0
        self._master, slave = os.openpty()
        tools = folder / "tools"
        for one in (tools, folder / "temporary"):
            one.mkdir()
        (tools / "livereduce").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m livereduce "$@"\n')
        (tools / "livereduce").chmod(0o755)
        own = {"PATH": f"{tools}:{os.environ['PATH']}", "TMPDIR": str(folder / "temporary"), "TERM": "dumb"}
        others = ("RUNTIME_DIRECTORY", "STATE_DIRECTORY", "XDG_RUNTIME_DIR", "XDG_STATE_HOME")
        environ = {name: value for name, value in os.environ.items() if name not in others}
        self._shell = subprocess.Popen(
            ["setsid", "--ctty", "--wait", "bash", "--norc", "--noediting", "-i"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder / "here",
            env=environ | own | {"PS1": READY, "PYTHONUNBUFFERED": "1"},
        )
        os.close(slave)
        self._wait_for(re.compile(READY))
        self.say(Say("stty -echo columns 200", ()))

    def say(self, step: Say) -> None:
        """Type a command and see what it answers; `^C` is typed when what stands before it has come.

        Raises
        ------
        AssertionError
            Something that the page shows has not come.
        """
        self._text, self._seen = self._text[self._seen :], 0
        if step.command:
            os.write(self._master, f"{step.command}\n".encode())
        if step.stays:
            self._watch(step.answer)
            return
        self._wait_for(re.compile(READY))
        end, self._seen = self._seen, 0
        try:
            for line in step.answer:
                self._wait_for(pattern_of(line), as_it_is=True)
        finally:
            self._seen = end

    def _watch(self, answer: tuple[str, ...]) -> None:
        for line in answer:
            if line == CTRL_C:
                os.write(self._master, b"\x03")
            else:
                self._wait_for(pattern_of(line))
        if CTRL_C in answer:
            self._wait_for(re.compile(READY))

    def _wait_for(self, wanted: re.Pattern[str], *, as_it_is: bool = False) -> None:
        deadline = time.monotonic() + self._patience_s
        while (found := wanted.search(self._text, self._seen)) is None:
            waits = not as_it_is and time.monotonic() < deadline
            assert waits, f"{wanted.pattern!r} has not come; since then:\n{self._text[self._seen :]}"
            if select.select([self._master], [], [], 0.2)[0]:
                with suppress(OSError):  # the shell has ended
                    more = os.read(self._master, 1 << 16).decode(errors="replace")
                    self._text += more.replace("\r\n", "\n").replace("\r\x1b[K", "\n")
        self._seen = found.end()

    def processes(self) -> list[psutil.Process]:
        """Everything that was started in it."""
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self._shell.pid).children(recursive=True)
        return []

    def close(self) -> None:
        """End everything that still runs."""
        left = self.processes()
        for ending in (signal.SIGTERM, signal.SIGKILL):
            for one in left:
                with suppress(psutil.NoSuchProcess):
                    one.send_signal(ending)
            _, left = psutil.wait_procs(left, timeout=10)
        os.close(self._master)
        self._shell.kill()
        self._shell.wait()
