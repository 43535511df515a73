"""Parse scripts and modules in a separate process, with limits of time and memory, while the caller goes on.

A megabyte of code takes seconds to compile, and a page of nested ``finally`` takes all available memory: neither may
happen in the daemon's one loop. Results are cached by path and md5, so that a restart does not parse again.
"""

import json
import os
import resource
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from livereduce.base.files import write_all
from livereduce.base.processes import fork_answering
from livereduce.scripting.files import md5_of
from livereduce.scripting.reading.findings import decode_reading
from livereduce.scripting.syntax import Name, Parse, Syntax, parse
from livereduce.scripting.unused import Unused

REMEMBERED = 2000
"""Most cached results: 400 files and some versions of each."""
READ_BYTES = 1 << 16
_CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE}

T = TypeVar("T")
Key = tuple[Path, str]
"""A path and the md5 of a text; the path is part of the key because a problem names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseLimits:
    """Limits of the process; tests shorten them.

    Attributes
    ----------
    cpu_s
        For one text.
    wall_s
        The same by the clock: on an overloaded host, this is not the fault of the text.
    memory_bytes
        In addition to the parent's memory.
    attempts
        How often a text is tried if the process was ended by something else than the text.
    """

    cpu_s: int = 20
    wall_s: float = 60.0
    memory_bytes: int = 1 << 30
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class _Question:
    text: bytes
    path: Path
    package: Name | None


@dataclass(slots=True)
class _Child:
    pid: int
    fd: int
    keys: tuple[Key, ...]
    deadline: float
    answered: int = 0
    torn: bytes = b""


class Parser:
    """Parses texts; `asking` is for looks at files, `start`, `fd` and `gather` are for the caller's loop.

    Attributes
    ----------
    limits
        Limits of the process.
    """

    def __init__(self, limits: ParseLimits | None = None) -> None:
        self.limits = limits or ParseLimits()
        self._found: dict[Key, Syntax] = {}
        self._wanted: dict[Key, _Question] = {}
        self._attempts: dict[Key, int] = {}
        self._child: _Child | None = None

    def asking(self) -> "Asking":
        """A `Parse` for one look at the files, with this parser."""
        return Asking(self)

    def find(self, text: bytes, path: Path, package: Name | None) -> Syntax | None:
        """The result for a text; None if it must be parsed first, which is queued."""
        key = (path, md5_of(text))
        found = self._found.get(key)
        if found is None:
            self._wanted[key] = _Question(text, path, package)
        return found

    @property
    def fd(self) -> int | None:
        """Readable when there is something for `gather`; None while nothing is parsed."""
        return self._child.fd if self._child else None

    def start(self, now: float) -> None:
        """Start parsing the queued texts, unless the process is at work."""
        if self._child is not None or not self._wanted:
            return
        with suppress(OSError):  # out of processes or descriptors: the next look tries again
            self._begin(now)

    def _begin(self, now: float) -> _Child:
        questions = dict(self._wanted)
        asked = tuple(questions.values())
        pid, fd = fork_answering(lambda writing: _answer(asked, writing, self.limits))
        self._child = _Child(pid, fd, tuple(questions), now + self.limits.wall_s)
        return self._child

    def gather(self, now: float) -> bool:
        """Take the results so far; return True if the process has ended, so that another look is useful."""
        child = self._child
        if child is None:
            self.start(now)
            return False
        if not self._read(child, now) and now < child.deadline:
            return False
        self._child = None
        self._conclude(child, _reap(child, kill=now >= child.deadline))
        return True

    def finish(self) -> None:
        """Wait until all queued texts are parsed. For commands, which have nothing else to do.

        Raises
        ------
        OSError
            No process can be started.
        """
        while self._wanted or self._child:
            child = self._child or self._begin(time.monotonic())
            poll = select.poll()
            poll.register(child.fd, select.POLLIN)
            poll.poll(max(0.0, child.deadline - time.monotonic()) * 1000 + 1)
            self.gather(time.monotonic())

    def end(self) -> None:
        """Leave no process behind."""
        if self._child is not None:
            _reap(self._child, kill=True)
            self._child = None

    def _read(self, child: _Child, now: float) -> bool:
        """Read complete answers; return True at the end of the pipe."""
        while True:
            try:
                data = os.read(child.fd, READ_BYTES)
            except BlockingIOError:
                return False
            *lines, child.torn = (child.torn + data).split(b"\n")
            for line in lines:
                self._learn(child.keys[child.answered], _decode(line))
                child.answered += 1
                child.deadline = now + self.limits.wall_s
            if not data:
                return True

    def _learn(self, key: Key, syntax: Syntax) -> None:
        self._wanted.pop(key, None)
        self._attempts.pop(key, None)
        self._found[key] = syntax
        while len(self._found) > REMEMBERED:
            del self._found[next(iter(self._found))]

    def _conclude(self, child: _Child, status: int) -> None:
        """Conclude from the end of the process what happened with the text that it was parsing."""
        if child.answered == len(child.keys):
            return
        key = child.keys[child.answered]
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        if number == signal.SIGXCPU:
            why = f"compiling it takes more than {self.limits.cpu_s} s"
        elif number in _CRASHES:
            why = f"Python's compiler crashes on it ({signal.Signals(number).name})"
        else:  # not by the text, as far as can be told
            self._attempts[key] = self._attempts.get(key, 0) + 1
            if self._attempts[key] < self.limits.attempts:
                return
            why = f"the process that compiles it was ended {self.limits.attempts} times (by signal {number or 'none'})"
        self._learn(key, Syntax(problem=f"{key[0]}: {why}", beyond=True))


@dataclass(slots=True)
class Asking:
    """A `Parse` for one look: a text that is not parsed yet counts as empty.

    Attributes
    ----------
    is_open
        There was such a text: the result of the look must not be used; look again after `Parser.gather` returns True.
    """

    parser: Parser
    is_open: bool = field(default=False, init=False)

    def __call__(self, text: bytes, path: Path, package: Name | None = None) -> Syntax:
        """The result for a text."""
        found = self.parser.find(text, path, package)
        self.is_open |= found is None
        return found or Syntax()


def look_to_the_end(parser: Parser, look: Callable[[Parse], T]) -> T:
    """Repeat a look until all texts that it needs are parsed; waits for that."""
    while True:
        asking = parser.asking()
        found = look(asking)
        if not asking.is_open:
            return found
        parser.finish()


def _answer(questions: tuple[_Question, ...], fd: int, limits: ParseLimits) -> None:
    """In the child: write one line for each question, in their order."""
    _limit_memory(limits)
    for question in questions:
        _limit_time(limits)
        write_all(fd, _encode(parse(question.text, question.path, question.package)))


def _limit_time(limits: ParseLimits) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    until_s = int(used.ru_utime + used.ru_stime) + 1 + limits.cpu_s
    resource.setrlimit(resource.RLIMIT_CPU, (until_s, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _limit_memory(limits: ParseLimits) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + limits.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _reap(child: _Child, *, kill: bool) -> int:
    """Wait for the end of the process (which has closed its pipe, or is killed); return its wait status."""
    if kill:
        os.kill(child.pid, signal.SIGKILL)
    os.close(child.fd)
    return os.waitpid(child.pid, 0)[1]


def _encode(syntax: Syntax) -> bytes:
    return json.dumps(asdict(syntax)).encode() + b"\n"


def _decode(line: bytes) -> Syntax:
    body: dict[str, Any] = json.loads(line)
    return Syntax(
        problem=body["problem"],
        beyond=body["beyond"],
        imports=tuple(tuple(name) for name in body["imports"]),
        unused=tuple(Unused(**one) for one in body["unused"]),
        reading=decode_reading(body["reading"]),
    )
