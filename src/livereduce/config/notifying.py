"""The list `notify` of the configuration: who is told what, and how.

A mistake in it is a warning, never an error: the entry is left out, and the reduction runs. No sentence about a mistake
contains a value, since an address may be a secret.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from livereduce.base.names import closest

MAX_ENTRIES = 50
LONGEST_TEXT = 4000
AT_MOST_EVERY_S = 300.0
PAGE = "http://127.0.0.1:8090"
"""Where the status page of this host answers, unless told otherwise."""
LONGER_THAN_S = 60.0
"""For states that end by themselves mostly: a configuration that is being edited parks the service for a moment."""
TEXT = "{text}"
"""The word of a command in whose place the text of the message is put."""


class Occasion(StrEnum):
    """What somebody can be told: a state that begins and is over, or something that happens once."""

    PARKED = "parked"
    DEGRADED = "degraded"
    DOWN = "down"
    RUN_ENDED = "run_ended"
    STATISTICS = "statistics"
    NO_RESULT = "no_result"
    DEAD_BANK = "dead_bank"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyEntry:
    """One entry of the list: on these occasions, this target.

    Attributes
    ----------
    number
        Its place in the list, from 1.
    longer_than_s
        How long a state must hold before it is told.
    metric, target
        For statistics: the metric, and the relative error that is wanted.
    command
        A program with its arguments; empty if there is none.
    webhook, webhook_file
        An address, or a file with it.
    at_most_every_s
        Least time between two messages.
    page
        For dead banks: the status page that finds them.
    """

    number: int
    on: tuple[Occasion, ...]
    longer_than_s: float = LONGER_THAN_S
    metric: str = ""
    target: float = 0.0
    command: tuple[str, ...] = ()
    webhook: str = field(default="", repr=False)
    webhook_file: Path | None = None
    at_most_every_s: float = AT_MOST_EVERY_S
    page: str = PAGE

    @property
    def name(self) -> str:
        """The entry for people, with its target; of an address only the host."""
        return f"notify, entry {self.number} ({self._target()})"

    def _target(self) -> str:
        if self.command:
            return f"command {self.command[0]}"
        return f"webhook at {urlsplit(self.webhook).hostname}" if self.webhook else f"webhook in {self.webhook_file}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyList:
    """The entries that can be used, and sentences on all that cannot."""

    entries: tuple[NotifyEntry, ...] = ()
    problems: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{len(self.entries)} {'entry' if len(self.entries) == 1 else 'entries'}"


def parse_notify(value: object) -> NotifyList:
    """Parse the list. Never raises: what is wrong is among the problems."""
    if not isinstance(value, list):
        return NotifyList(problems=('"notify": expected a list of objects; nobody will be told anything',))
    entries, problems = [], []
    for number, body in enumerate(value[:MAX_ENTRIES], 1):
        wrong = _problems(body)
        if wrong or not isinstance(body, dict):
            problems += [f'"notify", entry {number}: {one}; it sends nothing' for one in wrong]
        else:
            entries.append(_entry(number, body))
    if len(value) > MAX_ENTRIES:
        problems.append(f'"notify": only the first {MAX_ENTRIES} of {len(value)} entries are used')
    return NotifyList(entries=tuple(entries), problems=tuple(problems))


def _entry(number: int, body: dict[str, object]) -> NotifyEntry:
    command, on = body.get("command", ()), body["on"]
    file = body.get("webhook_file")
    assert isinstance(command, list | tuple)
    return NotifyEntry(
        number=number,
        on=tuple(dict.fromkeys(Occasion(str(word)) for word in (on if isinstance(on, list) else [on]))),
        longer_than_s=_number(body, "longer_than_s", LONGER_THAN_S),
        metric=str(body.get("metric", "")),
        target=_number(body, "target", 0.0),
        command=tuple(map(str, command)),
        webhook=str(body.get("webhook", "")),
        webhook_file=home_path(str(file)) if file else None,
        at_most_every_s=_number(body, "at_most_every_s", AT_MOST_EVERY_S),
        page=str(body.get("page", PAGE)),
    )


_KEYS = ("on", "longer_than_s", "metric", "target", "command", "webhook", "webhook_file", "at_most_every_s", "page")
_TARGETS = ("command", "webhook", "webhook_file")


def _problems(body: object) -> list[str]:
    if not isinstance(body, dict):
        return ['expected an object such as {"on": ["parked"], "command": ["/usr/bin/logger", "{text}"]}']
    problems = [f"{_known('key', key, _KEYS)}" for key in body if key not in _KEYS]
    problems += _on_problems(body)
    given = [key for key in _TARGETS if key in body]
    if len(given) != 1:
        seen = " and ".join(f'"{key}"' for key in given) or "none of them"
        problems.append(f'expected one of "command", "webhook" and "webhook_file", got {seen}')
    else:
        problems += _target_problems(given[0], body[given[0]])
    if "page" in body and (not isinstance(page := body["page"], str) or address_problem(page)):
        problems.append(f'"page": expected the address of a status page, such as {PAGE}')
    problems += [
        f'"{key}": expected a number of seconds, {"0 or more" if least == 0 else "more than 0"}'
        for key, least in (("longer_than_s", 0), ("at_most_every_s", 1e-9))
        if key in body and not _is_number(body[key], least)
    ]
    return problems


def _on_problems(body: dict[str, object]) -> list[str]:
    on = body.get("on")
    words = on if isinstance(on, list) else [on]
    if not words or not all(isinstance(word, str) for word in words):
        return [f'"on": expected a list of {", ".join(Occasion)}']
    problems = [f'"on": {_known("occasion", word, Occasion)}' for word in words if word not in {*Occasion}]
    if Occasion.NO_RESULT in words and "longer_than_s" not in body:
        problems.append('"no_result" needs "longer_than_s"')
    if Occasion.STATISTICS in words:
        metric = body.get("metric")
        if not isinstance(metric, str) or not metric or len(metric) > LONGEST_TEXT:
            problems.append('"statistics" needs "metric", the name of a metric that the scripts report')
        if not _is_number(body.get("target"), 1e-12) or not _number(body, "target", 1.0) < 1:
            problems.append('"statistics" needs "target", the relative error wanted, such as 0.01 for 1 %')
    return problems


def _target_problems(key: str, value: object) -> list[str]:
    if key == "command":
        words = value if isinstance(value, list) else []
        if not words or not all(isinstance(word, str) and _is_plain(word) for word in words) or not words[0]:
            return ['"command": expected a list of texts, a program and its arguments; there is no shell']
        return [] if words[0].startswith("/") else ['"command": expected the absolute path of a program first']
    if not isinstance(value, str) or not value or not _is_plain(value):
        return [f'"{key}": expected a text']
    if key == "webhook_file":
        usable = value.startswith(("/", "~/")) and home_path(value) is not None
        return [] if usable else ['"webhook_file": expected an absolute path']
    return [f'"webhook": {problem}'] if (problem := address_problem(value)) else []


def home_path(text: str) -> Path | None:
    """A path in which ``~`` is the home directory of this user; None if there is none, as in some containers."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return None


def address_problem(url: str) -> str:
    """What is wrong with the address of a webhook, without any of it; empty if nothing is."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and not parts.username and parts.port != 0
    except ValueError:
        usable = False
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_TEXT
    return "" if usable and plain else "expected an address that begins with https:// or http://"


def _known(what: str, word: object, known: tuple[str, ...] | type[Occasion]) -> str:
    near = closest(word, [str(one) for one in known])
    hint = f'; did you mean "{near[0]}"?' if near else f"; expected one of {', '.join(known)}"
    shown = ascii(word)[:40] if not isinstance(word, str) or word.isidentifier() else "(not shown)"
    return f"unknown {what} {shown}{hint}"


def _is_plain(text: str) -> bool:
    return len(text) <= LONGEST_TEXT and "\0" not in text and text.encode(errors="replace").decode() == text


def _is_number(value: object, least: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value) and least <= value <= 1e9
    except OverflowError:
        return False


def _number(body: dict[str, object], key: str, default: float) -> float:
    value = body.get(key, default)
    return float(value) if isinstance(value, int | float) and _is_number(value, 0) else default
