"""The cards of another page, checked: only known fields, of the right type and length. Pure."""

import json
from typing import Any

MAX_CARDS = 200
_TEXT, _NUMBER = (str,), (int, float)
_FIELDS: dict[str, tuple[type, ...]] = {
    "id": _TEXT,
    "name": _TEXT,
    "state": _TEXT,
    "why": _TEXT,
    "since": _TEXT,
    "earlier": _TEXT,
    "title": _TEXT,
    "down": _TEXT,
    "run": _NUMBER,
    "run_state": _TEXT,
    "events_per_s": _NUMBER,
    "data_age_s": _NUMBER,
    "memory_bytes": _NUMBER,
    "memory_limit_bytes": _NUMBER,
    "last_result_at": _TEXT,
    "last_result_age_s": _NUMBER,
    "seen_at": _TEXT,
    "findings": _NUMBER,
}
_NEWER = frozenset({"seen_at", "earlier", "title", "findings"})
"""Fields that pages of an earlier version do not have."""
_LONGEST = 2000


def parse_cards(text: bytes, url: str, now: str) -> list[dict[str, Any]]:
    """Parse the cards of a page's own instruments; those that it has from its own peers are left out.

    Parameters
    ----------
    now
        When they came, as a time with time zone; a card without an age gets this time.

    Raises
    ------
    ValueError
        Not an answer of ``/api/instruments``.
    """
    try:
        cards = json.loads(text)["instruments"]
        own = [one for one in cards if one["peer"] is None][:MAX_CARDS]
        found = [{name: _field(one, name) for name in _FIELDS} | {"peer": url} for one in own]
        return [card | {"seen_at": card["seen_at"] or now} for card in found]
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not a list of instruments: {error!r}") from None


def _field(card: dict[str, Any], name: str) -> Any:
    value = card.get(name) if name in _NEWER else card[name]
    if isinstance(value, bool) or not isinstance(value, (*_FIELDS[name], type(None))):
        raise ValueError(f"{name} is {type(value).__name__}")
    if isinstance(value, float) and not abs(value) < float("inf"):
        raise ValueError(f"{name} is {value}")
    return value[:_LONGEST] if isinstance(value, str) else value


def silent_cards(cards: list[dict[str, Any]], url: str, why: str, since: str) -> list[dict[str, Any]]:
    """The last cards of a page that does not answer, marked as such: the state of its instruments is unknown."""
    unknown = {"state": "down", "why": why, "down": why, "since": since, "events_per_s": 0.0, "memory_bytes": None}
    if cards:
        return [card | unknown for card in cards]
    return [dict.fromkeys(_FIELDS) | unknown | {"id": url, "name": url, "peer": url}]
