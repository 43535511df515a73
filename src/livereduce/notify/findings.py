"""Dead banks, as the status page finds them: asked by HTTP, in a thread, since a page may be slow or away.

The page counts every pixel already, for whoever looks at the detector: a second process that counts would cost as much
again, only to be told the same.
"""

import json
import logging
import threading
import time
from urllib.parse import quote

from livereduce.base.exchange import NoHttpAnswer, exchange
from livereduce.notify.facts import DeadBank

ASK_EVERY_S = 5.0
ANSWER_S = 30.0
"""The first answer takes long: a process that counts is started."""
OLD_S = 60.0
"""An answer older than this says nothing any more."""
MOST_BYTES = 4 << 20
MOST_BANKS = 1000
LEAVE_S = 1.0

log = logging.getLogger("livereduce.notify")


class PageSilent(Exception):
    """There is no usable answer; the text says why."""


class PageFindings:
    """Asks a page in the background.

    Parameters
    ----------
    page
        Its address, ``http://HOST:PORT``.
    """

    def __init__(self, page: str) -> None:
        self._page = page.rstrip("/")
        self._instrument = ""
        self._found: tuple[tuple[DeadBank, ...] | None, float] | None = None
        self._told = ""
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="findings", daemon=True)
        self._thread.start()

    def dead_banks(self, instrument: str) -> tuple[DeadBank, ...] | None:
        """The dead banks of an instrument; None if they are not known. Does not block."""
        if instrument != self._instrument:
            self._instrument, self._found = instrument, None
        found = self._found
        return found[0] if found and time.monotonic() - found[1] <= OLD_S else None

    def close(self) -> None:
        """Ask no more."""
        self._closed.set()
        self._thread.join(LEAVE_S)

    def _work(self) -> None:
        while not self._closed.wait(ASK_EVERY_S if self._instrument else 0.2):
            if not (name := self._instrument):
                continue
            try:
                dead = ask_page(self._page, name)
            except PageSilent as error:
                if str(error) != self._told:
                    log.warning('"dead_bank" is not known: %s', error)
                self._told = str(error)
            else:
                self._told = ""
                if name == self._instrument:
                    self._found = (dead, time.monotonic())


def ask_page(page: str, instrument: str) -> tuple[DeadBank, ...] | None:
    """The dead banks of an instrument of a page; None if they are not known yet.

    Raises
    ------
    PageSilent
        The page does not answer, does not have the instrument, or cannot look at its detector.
    """
    name = id_of(_get(f"{page}/api/instruments"), instrument)
    if not name:
        raise PageSilent(f"the status page at {page} does not show {instrument}")
    return dead_banks_in(_get(f"{page}/api/instruments/{quote(name, safe='')}/findings"))


def _get(url: str) -> bytes:
    try:
        answer = exchange(url, timeout_s=ANSWER_S, most_bytes=MOST_BYTES)
    except NoHttpAnswer as error:
        raise PageSilent(f"the status page, {url}: {error}") from None
    if answer.status != 200:
        raise PageSilent(f"the status page, {url}: HTTP status {answer.status}{_reason(answer.body)}")
    return answer.body


def _reason(body: bytes) -> str:
    try:
        said = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return f": {said[:300]}" if isinstance(said, str) else ""


def id_of(body: bytes, instrument: str) -> str:
    """The id of the page's own instrument of a name; empty if it has none.

    Raises
    ------
    PageSilent
        It is not the answer of a status page.
    """
    try:
        cards = [card for card in json.loads(body)["instruments"] if card["peer"] is None]
        return next((str(card["id"]) for card in cards if card["name"] == instrument), "")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise PageSilent("what answers is not a status page of livereduce") from None


def dead_banks_in(body: bytes) -> tuple[DeadBank, ...] | None:
    """The dead banks among the findings of a page; None if it has not looked at any beam yet.

    Raises
    ------
    PageSilent
        It is not the answer of a status page, or the page says that it does not look for them.
    """
    try:
        answer = json.loads(body)
        dead = [one for one in answer["findings"] if (one["kind"], one["what"]) == ("dead", "bank")]
        found = {str(one["bank"])[:200]: str(one["text"])[:500] for one in dead[:MOST_BANKS]}
        note, has_looked = str(answer["note"])[:300], answer["looked_s"] > 0
    except (ValueError, KeyError, TypeError, RecursionError):
        raise PageSilent("what answers is not a status page of livereduce") from None
    if note:
        raise PageSilent(f"the status page says: {note}")
    if not has_looked:
        return None
    return tuple(DeadBank(bank=bank, text=text) for bank, text in found.items())
