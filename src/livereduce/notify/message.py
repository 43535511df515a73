"""A message as JSON, and as one line of text. Pure."""

import json
import socket
from datetime import datetime

from livereduce.base.fields import encodable
from livereduce.base.visible import visible
from livereduce.messages.status import iso
from livereduce.notify.facts import Message, Notice

VERSION = 1
LONGEST_LINE = 2000


def text_of(message: Message) -> str:
    """The message as one line for people."""
    told = "; ".join(notice.text for notice in message.notices) or "nothing"
    if message.is_test:
        told = "this is a test of livereduce notify, nothing has happened"
    more = f" (and {message.held_back} more since the last message)" if message.held_back else ""
    return visible(encodable(f"{message.instrument}: {told}")[: LONGEST_LINE - len(more)] + more)


def encode_message(message: Message) -> bytes:
    """The message as JSON: ``text`` is the line for people, ``notices`` has everything one by one."""
    body = {
        "version": VERSION,
        "text": text_of(message),
        "instrument": message.instrument,
        "host": socket.gethostname(),
        "at": _time(message.at_unix_s),
        "test": message.is_test,
        "held_back": message.held_back,
        "notices": [_notice(notice) for notice in message.notices],
    }
    return json.dumps(body).encode()


def _notice(notice: Notice) -> dict[str, str | int | bool]:
    return {
        "on": str(notice.on),
        "what": notice.key,
        "text": notice.text,
        "since": _time(notice.since_unix_s),
        "run": notice.run,
        "over": notice.over,
    }


def _time(unix_s: float) -> str:
    return iso(datetime.fromtimestamp(unix_s).astimezone())
