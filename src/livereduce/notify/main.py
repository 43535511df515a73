"""``livereduce notify``: look, decide, send; until SIGTERM, or until the configuration has changed."""

import logging
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue

from livereduce.base.contained import Contained
from livereduce.base.errors import ExitCode
from livereduce.config.file import DEFAULT_PATH, Reading, read_file
from livereduce.config.notifying import NotifyEntry, Occasion
from livereduce.notify.facts import Looked, Say, Send, SendOutcome
from livereduce.notify.findings import PageFindings
from livereduce.notify.heartbeat.link import heart_of
from livereduce.notify.looking import NotifySight, look, looked_of
from livereduce.notify.memory import Memory
from livereduce.notify.policy import NotifyState, step
from livereduce.notify.remembered import remembered_of, state_of
from livereduce.notify.sending import Sender
from livereduce.preflight.services import usual_configuration
from livereduce.preflight.status_files import find_statuses

LOOK_EVERY_S = 1.0
FIND_EVERY_S = 10.0
"""How often to look for the places of the files again, while the daemon is down."""
READ_EVERY_S = 5.0
"""How often to read the configuration again."""

Outcomes = SimpleQueue[SendOutcome | None]
"""None: the process is to end."""

log = logging.getLogger("livereduce.notify")


def notify(path: Path | None, environ: Mapping[str, str], cwd: Path) -> int:
    """Send what the configuration of a file (None: the default one) wants to be sent.

    Raises
    ------
    OperatorError
        Another process does so already for this configuration.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s - %(name)s - %(levelname)s - %(message)s")
    path = usual_configuration(path, environ)
    reading = read_file(path)
    _log_start(reading)
    memory = Memory(path, environ, cwd)
    outcomes: Outcomes = SimpleQueue()
    herald = Herald(path, reading, memory, outcomes, environ, cwd)
    try:
        with _signals_as_outcome(outcomes):
            herald.run()
    finally:
        herald.close()
        memory.close()
    return ExitCode.OK


def _log_start(reading: Reading) -> None:
    config = reading.config
    for text in (*reading.problems, *config.warnings):
        log.warning("%s", text)
    entries = config.notify.entries if config.notify else ()
    for entry in entries:
        log.info("%s: on %s", entry.name, ", ".join(entry.on))
    pages = pages_of(entries)
    for page in pages[1:]:
        log.warning('"page" %s is not asked: there is one page for all entries, %s', page, pages[0])
    if not entries and not config.heartbeat_brokers:
        log.warning('%s has neither "notify" nor "heartbeat": there is nothing to do until it has', config.path)


@contextmanager
def _signals_as_outcome(outcomes: Outcomes) -> Iterator[None]:
    """SIGTERM and SIGINT end the loop; `SimpleQueue.put` may be called from anywhere."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, lambda *_: outcomes.put(None))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Herald:
    """The process: what it knows, and its loop."""

    def __init__(
        self,
        path: Path | None,
        reading: Reading,
        memory: Memory,
        outcomes: Outcomes,
        environ: Mapping[str, str],
        cwd: Path,
    ) -> None:
        self._path, self._reading, self._environ, self._cwd = path, reading, environ, cwd
        self._memory, self._outcomes = memory, outcomes
        self._sender = Sender(outcomes)
        self._places: tuple[Path, ...] = ()
        self._found_s = float("-inf")
        self._sight = NotifySight()
        self._contained = Contained(log)
        listed = reading.config.notify
        self._state: NotifyState = state_of(listed.entries if listed else (), memory.kept)
        self._heart = heart_of(reading.config)
        pages = pages_of(self._state.entries)
        self._findings = PageFindings(pages[0]) if pages else None

    def run(self) -> None:
        """Look and send until told to stop, or until the configuration has changed."""
        read_s = time.monotonic()
        while self._look_contained() and self._sends_until(time.monotonic() + LOOK_EVERY_S):
            if time.monotonic() - read_s >= READ_EVERY_S:
                read_s = time.monotonic()
                if self._has_changed():
                    log.info("the configuration has changed: ending, to be started again with the new one")
                    return

    def close(self) -> None:
        """Leave nothing behind."""
        self._sender.close()
        for one in (self._heart, self._findings):
            if one:
                one.close()

    def _look_contained(self) -> bool:
        try:
            self._look()
        except Exception as error:  # noqa: BLE001 (the boundary of one look: the next one may go well)
            self._contained.note("one look at the files", error)
        return True

    def _look(self) -> None:
        due = time.monotonic() - self._found_s >= FIND_EVERY_S
        if not self._places or (due and self._sight.status.down):
            self._found_s = time.monotonic()
            self._places = tuple(find_statuses(self._path, self._environ, self._cwd))
        self._sight = look(self._places, self._path, self._sight, datetime.now().astimezone())
        looked = looked_of(self._sight, name_of(self._reading))
        if self._findings and not looked.down:
            looked = replace(looked, dead_banks=self._findings.dead_banks(looked.instrument))
        if self._heart:
            self._heart.see(looked)
        self._take(looked)

    def _sends_until(self, until_s: float) -> bool:
        """Take the outcomes that come; False if the process is to end."""
        while (left_s := until_s - time.monotonic()) > 0:
            try:
                outcome = self._outcomes.get(timeout=left_s)
            except Empty:
                return True
            if outcome is None:
                log.info("stopped")
                return False
            self._take(outcome)
        return True

    def _take(self, fact: Looked | SendOutcome) -> None:
        self._state, outputs = step(self._state, fact, time.time())
        entries = {entry.number: entry for entry in self._state.entries}
        for output in outputs:
            match output:
                case Send(message=message):
                    self._sender.send(entries[message.entry], message)
                case Say(text=text, is_warning=is_warning):
                    log.log(logging.WARNING if is_warning else logging.INFO, "%s", text)
        self._memory.keep(remembered_of(self._state))

    def _has_changed(self) -> bool:
        """True if the configuration can be read, and is another one."""
        now = read_file(self._path)
        return not now.problems and now.config != self._reading.config


def pages_of(entries: Iterable[NotifyEntry]) -> list[str]:
    """The status pages that entries name for dead banks; only the first is asked."""
    named = (entry.page.rstrip("/") for entry in entries if Occasion.DEAD_BANK in entry.on)
    return list(dict.fromkeys(named))


def name_of(reading: Reading) -> str:
    """Name of the instrument, as far as the configuration says it."""
    return reading.config.instrument or (reading.config.path or DEFAULT_PATH).stem
