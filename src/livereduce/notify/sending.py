"""Send messages: each entry has a thread of its own while it sends, so that a target that hangs delays no other."""

import http.client
import os
import signal
import threading
from contextlib import suppress
from queue import SimpleQueue

from livereduce.base.errors import OperatorError
from livereduce.base.exchange import NoHttpAnswer, exchange
from livereduce.base.secret_files import read_secret
from livereduce.config.notifying import LONGEST_TEXT, NotifyEntry, address_problem
from livereduce.notify.command import Running, run_command
from livereduce.notify.facts import Message, SendOutcome
from livereduce.notify.message import encode_message, text_of

COMMAND_S, WEBHOOK_S = 30.0, 15.0
"""Time limits of one attempt."""
MOST_ANSWER_BYTES = 64 << 10
TRY_AGAIN = frozenset({408, 425, 429})
"""Refusals that may be over soon; others (4xx) stay."""


class Sender:
    """Sends in the background; the outcomes come into a queue (None in it is not ours)."""

    def __init__(self, outcomes: "SimpleQueue[SendOutcome | None]") -> None:
        self._outcomes = outcomes
        self._running: Running = set()

    def send(self, entry: NotifyEntry, message: Message) -> None:
        """Send a message. Does not block."""
        threading.Thread(
            target=self._send, args=(entry, message), name=f"notify entry {entry.number}", daemon=True
        ).start()

    def _send(self, entry: NotifyEntry, message: Message) -> None:
        try:
            outcome = deliver(entry, message, self._running)
        except Exception as error:  # noqa: BLE001 (the boundary of one message: an entry must not stay without an outcome)
            outcome = SendOutcome(entry=entry.number, problem=f"internal error, {type(error).__name__}")
        self._outcomes.put(outcome)

    def close(self) -> None:
        """End the commands that are at work."""
        for group in list(self._running):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)


def deliver(entry: NotifyEntry, message: Message, running: Running) -> SendOutcome:
    """Send a message to the target of an entry, once, and wait for the outcome."""
    body = encode_message(message)
    if entry.command:
        problem = run_command(entry.command, text_of(message), body, COMMAND_S, running)
        return SendOutcome(entry=entry.number, problem=problem)
    try:
        url = entry.webhook or address_in(entry)
    except OperatorError as error:
        return SendOutcome(entry=entry.number, problem=str(error))
    return _posted(entry, url, body)


def address_in(entry: NotifyEntry) -> str:
    """The address in the file of an entry.

    Raises
    ------
    OperatorError
        The file cannot be read, everybody may read it, or there is no address in it.
    """
    assert entry.webhook_file is not None
    url = read_secret(entry.webhook_file, "the address", LONGEST_TEXT).decode(errors="replace").strip()
    if problem := address_problem(url):
        raise OperatorError(f"{entry.webhook_file}: {problem}, and nothing else in the file")
    return url


def _posted(entry: NotifyEntry, url: str, body: bytes) -> SendOutcome:
    headers = {"Content-Type": "application/json", "User-Agent": "livereduce"}
    try:
        status = exchange(
            url,
            method="POST",
            body=body,
            headers=headers,
            timeout_s=WEBHOOK_S,
            most_bytes=MOST_ANSWER_BYTES,
        ).status
    except NoHttpAnswer as error:
        return SendOutcome(entry=entry.number, problem=str(error))
    if 200 <= status < 300:
        return SendOutcome(entry=entry.number)
    if 300 <= status < 400:
        means = "a redirect, which is not followed: put the right address into the configuration"
    else:
        means = http.client.responses.get(status, "not an HTTP status")
    hopeless = 300 <= status < 500 and status not in TRY_AGAIN
    return SendOutcome(entry=entry.number, problem=f"HTTP status {status}: {means}", hopeless=hopeless)
