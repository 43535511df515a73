"""Values of `heartbeat` in the configuration: the brokers of a web monitor, and destinations there."""

import re

STOMP_PORT = 61613
_BROKER = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(:(?P<port>[0-9]{1,5}))?")
_DESTINATION = re.compile(r"/(topic|queue)/[A-Za-z0-9_.-]{1,200}")
"""As ActiveMQ names them."""


def parse_brokers(value: object) -> tuple[str, ...]:
    """Parse one broker or several, as ``HOST:PORT`` each; an IPv6 address stands in brackets.

    Raises
    ------
    ValueError
        It is none, or not of this form.
    """
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not parts:
        raise ValueError
    return tuple(_broker(part) for part in parts)


def _broker(value: object) -> str:
    found = _BROKER.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or not 0 < int(found["port"] or STOMP_PORT) < 1 << 16:
        raise ValueError
    return f"{found['host']}:{found['port'] or STOMP_PORT}"


def parse_destination(value: object) -> str:
    """Parse the name of a topic or a queue.

    Raises
    ------
    ValueError
        It is none.
    """
    if not isinstance(value, str) or not _DESTINATION.fullmatch(value):
        raise ValueError
    return value
