"""The connection to the message broker, in a thread of its own: a broker that hangs holds nobody up but itself."""

import json
import logging
import os
import ssl
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from livereduce.base.contained import Contained
from livereduce.base.errors import OperatorError
from livereduce.base.extras import how_to_install
from livereduce.base.secret_files import read_secret
from livereduce.base.visible import visible
from livereduce.config.file import Config
from livereduce.notify.facts import Looked
from livereduce.notify.heartbeat.beating import (
    CONNECT_S,
    LONGEST_PING,
    SOURCE,
    DropLink,
    HeartFact,
    HeartOrder,
    HeartState,
    HeartTick,
    Linked,
    LinkLost,
    OpenLink,
    Pinged,
    Post,
    SayOfLink,
    beat,
    status_of,
)
from livereduce.preflight.notifying import destination_of, ping_of

TICK_S = 0.5
SIGNS_MS = 20_000
"""STOMP's own signs of life in both directions: a broker that hangs is noticed by their absence."""
LEAVE_S = 1.0
MAX_CREDENTIALS = 4096

log = logging.getLogger("livereduce.notify")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """User and password for the broker; both empty for none."""

    username: str = ""
    password: str = field(default="", repr=False)


def read_credentials(path: Path | None) -> Credentials:
    """Read the file of `heartbeat.credentials`.

    Raises
    ------
    OperatorError
        It cannot be read, everybody may read it, or it is not what it should be; without anything that is in it.
    """
    if path is None:
        return Credentials()
    content = read_secret(path, "the password", MAX_CREDENTIALS)
    expected = f'{path}: expected JSON, {{"username": "…", "password": "…"}}'
    try:
        body = json.loads(content)
        username, password = body["username"], body["password"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise OperatorError(expected) from None
    if not isinstance(username, str) or not isinstance(password, str):
        raise OperatorError(expected)
    return Credentials(username=username, password=password)


def heart_of(config: Config) -> "Heart | None":
    """The heartbeat of a configuration; None if there is none, or it cannot be: then the log says why."""
    if not config.heartbeat_brokers:
        return None
    destination = destination_of(config)
    if not destination:
        log.error('heartbeat: nothing is sent: "heartbeat.destination" is not set, and the instrument is not known')
        return None
    try:
        import stomp
    except ModuleNotFoundError as error:
        install = how_to_install("heartbeat", sys.executable)
        log.error("heartbeat: nothing is sent: no module %s in %s; install it: %s", error.name, sys.executable, install)
        return None
    words = destination.rpartition("/")[2].split(".")
    state = HeartState(
        brokers=config.heartbeat_brokers,
        destination=destination,
        interval_s=config.heartbeat_interval_s,
        name=f"{SOURCE}.{words[1] if len(words) > 1 else words[0]}",
    )
    return Heart(state, ping_of(config), config.heartbeat_credentials, stomp, tls=config.heartbeat_tls)


class Heart:
    """Beats in the background.

    Parameters
    ----------
    stomp
        The module stomp.py.
    """

    def __init__(self, state: HeartState, ping: str, credentials: Path | None, stomp: Any, *, tls: bool) -> None:
        self._state, self._ping, self._credentials, self._stomp, self._tls = state, ping, credentials, stomp, tls
        self._facts: SimpleQueue[tuple[int, HeartFact]] = SimpleQueue()
        self._seen: tuple[Looked, float] | None = None
        self._closed = threading.Event()
        self._contained = Contained(log)
        self._connection: Any = None
        self._number = 0
        self._reasons = _ReasonsLogged()
        self._thread = threading.Thread(target=self._work, name="heartbeat", daemon=True)
        self._thread.start()

    def see(self, looked: Looked) -> None:
        """Take the newest look at the files. Does not block."""
        self._seen = (looked, time.monotonic())

    def close(self) -> None:
        """Say goodbye to the broker, if it listens; a thread that hangs is left to the end of the process."""
        self._closed.set()
        self._thread.join(LEAVE_S)

    def _work(self) -> None:
        while not self._closed.is_set():
            try:
                self._take(self._next())
            except Exception as error:  # noqa: BLE001 (the boundary of one fact: the heart goes on)
                self._contained.note("one step of the heartbeat", error)
        self._drop()

    def _next(self) -> HeartFact:
        until_s = time.monotonic() + TICK_S
        while (left_s := until_s - time.monotonic()) > 0:
            with suppress(Empty):
                number, fact = self._facts.get(timeout=left_s)
                if number == self._number:  # not of an earlier connection
                    return fact
        looked, at_s = self._seen or (None, 0.0)
        pid = looked.status.pid if looked and looked.status else os.getpid()
        return HeartTick(status=status_of(looked, time.monotonic() - at_s), pid=pid)

    def _take(self, fact: HeartFact) -> None:
        if isinstance(fact, Linked):
            self._try_to(self._connection.subscribe, self._ping, id="ping", ack="auto")
        if isinstance(fact, LinkLost):
            self._drop()
        self._state, orders = beat(self._state, fact, time.monotonic())
        for order in orders:
            self._carry_out(order)

    def _carry_out(self, order: HeartOrder) -> None:
        match order:
            case OpenLink(broker):
                self._open(broker)
            case DropLink():
                self._drop()
            case Post(destination, body):
                self._try_to(
                    self._connection.send, destination, body, content_type="application/json", persistent="false"
                )
            case SayOfLink(text, is_warning):
                log.log(logging.WARNING if is_warning else logging.INFO, "%s", text)

    def _open(self, broker: str) -> None:
        self._number += 1
        host, _, port = broker.rpartition(":")
        address = (host.strip("[]"), int(port))
        try:
            credentials = read_credentials(self._credentials)
        except OperatorError as error:
            self._hear(self._number, LinkLost(str(error)))
            return
        connection = self._stomp.Connection12(
            [address],
            reconnect_attempts_max=1,
            timeout=CONNECT_S / 2,
            heartbeats=(SIGNS_MS, SIGNS_MS),
            keepalive=True,
            prefer_localhost=False,
            try_loopback_connect=False,
        )
        if self._tls:
            connection.set_ssl(for_hosts=[address])
        connection.set_listener("livereduce", _BrokersWord(self._hear, self._number, credentials.password))
        self._connection = connection
        user = {"username": credentials.username, "passcode": credentials.password} if credentials.username else {}
        self._try_to(connection.connect, wait=False, **user)

    def _try_to(self, do: Any, *words: Any, **options: Any) -> None:
        try:
            do(*words, **options)
        except (OSError, self._stomp.exception.StompException) as error:
            self._hear(self._number, LinkLost(self._reasons.take() or reason_of(error)))

    def _hear(self, number: int, fact: HeartFact) -> None:
        self._facts.put((number, fact))

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._number += 1  # what it still says does not count
        if connection is not None:
            with suppress(OSError, self._stomp.exception.StompException):  # it may be gone already
                connection.transport.disconnect_socket()


def reason_of(error: BaseException) -> str:
    """Why there is no connection, in words of the operating system or of ours."""
    match error:
        case TimeoutError():
            return "no answer"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS connection failed: {error.reason or type(error).__name__}"
        case OSError():
            return (error.strerror if error.errno is not None else None) or type(error).__name__
        case _:
            return "no connection"


class _ReasonsLogged(logging.Handler):
    """Takes what stomp.py logs in place of raising it; nothing of it is printed, since it has what is sent."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._last: BaseException | None = None
        logger = logging.getLogger("stomp.py")
        logger.handlers, logger.propagate = [self], False

    def emit(self, record: logging.LogRecord) -> None:
        for one in record.args if isinstance(record.args, tuple) else ():
            if isinstance(one, OSError):
                self._last = one

    def take(self) -> str:
        """The reason of the newest failure; empty if there is none."""
        last, self._last = self._last, None
        return reason_of(last) if last else ""


class _BrokersWord:
    """What stomp.py calls, in its own thread."""

    def __init__(self, hear: Any, number: int, password: str) -> None:
        self._hear, self._number, self._password = hear, number, password

    def on_connected(self, _frame: Any) -> None:
        self._hear(self._number, Linked())

    def on_message(self, frame: Any) -> None:
        if isinstance(frame.body, str) and len(frame.body) <= LONGEST_PING:
            self._hear(self._number, Pinged(frame.body))

    def on_error(self, frame: Any) -> None:
        said = str(frame.headers.get("message", "") or "no reason")[:200]
        said = said.replace(self._password, "***") if self._password else said
        self._hear(self._number, LinkLost(f"the broker refuses: {visible(said)}"))

    def on_disconnected(self) -> None:
        self._hear(self._number, LinkLost("the connection is lost"))

    def on_heartbeat_timeout(self) -> None:
        self._hear(self._number, LinkLost("it shows no sign of life"))
