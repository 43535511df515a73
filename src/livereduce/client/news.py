"""The news of a page: its event stream in lines (server-sent events) to what they say. Pure."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST_DATA = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """A result was written; `version` is another one each time."""

    run: int
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class OtherNews:
    """Anything else that the page tells, among it the beat by which it shows that it is there."""


def news_of(lines: Iterable[str]) -> Iterator[NewProduct | OtherNews]:
    """The news in the lines of an event stream; what is no news of ours is `OtherNews`."""
    event = data = ""
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            event = value
        elif name == "data" and len(data) + len(value) <= LONGEST_DATA:
            data += value
        elif not line:
            yield _news(event, data)
            event = data = ""


def _news(event: str, data: str) -> NewProduct | OtherNews:
    if event != "product":
        return OtherNews()
    try:
        body = json.loads(data)
        return NewProduct(run=int(body["run"]), name=str(body["name"]), version=str(body["version"]))
    except (KeyError, TypeError, ValueError, RecursionError):
        return OtherNews()
