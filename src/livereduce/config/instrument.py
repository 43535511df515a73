"""Find the instrument: from the configuration, Mantid's answer, Mantid's properties files, and the facility table.

The table (``facilities.json``) holds facts from Mantid's ``instrument/Facilities.xml``: names, beamlines and the live
stream's address, as a URL whose scheme names the protocol. An empty address means that there is no stream.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.base.files import read_regular
from livereduce.base.names import closest
from livereduce.config.keys import INSTRUMENT_NAME

SYSTEM_PROPERTIES = Path("/etc/mantid.local.properties")
USER_PROPERTIES = Path(".mantid/Mantid.user.properties")
"""Path below the home directory; its settings override `SYSTEM_PROPERTIES`, as in Mantid."""
MAX_PROPERTIES = 1 << 20
"""Most bytes of a properties file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One instrument.

    `short_name` is part of the names of scripts and directories; `address` is the URL of its stream.
    """

    name: str
    short_name: str
    facility: str = ""
    beamline: str = ""
    address: str = ""


@cache
def known_instruments() -> tuple[Instrument, ...]:
    """The facility table, in its own order."""
    table = json.loads(resources.files("livereduce.config").joinpath("facilities.json").read_text("utf-8"))
    columns = table.pop("columns")
    return tuple(
        Instrument(facility=facility, **dict(zip(columns, row, strict=True)))
        for facility, rows in table.items()
        for row in rows
    )


def lookup(name: str, facility: str = "") -> Instrument | None:
    """Find the instrument with a name or short name, in any case.

    If several match, those of the given facility come first, then names before short names (``ENGINX`` is short for the
    histogram stream of ENGIN-X and for its event stream: the first of the table is meant).
    """
    wanted = name.lower()
    ordered = sorted(known_instruments(), key=lambda known: known.facility != facility)
    by_name = [known for known in ordered if known.name.lower() == wanted]
    by_short_name = [known for known in ordered if known.short_name.lower() == wanted]
    return next(iter(by_name + by_short_name), None)


def parse_properties(text: str) -> dict[str, str]:
    """Keys of a Mantid properties file that have a value; ``#`` and ``!`` begin a comment line."""
    properties = {}
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name.strip() and value.strip() and name.strip()[0] not in "#!":
            properties[name.strip()] = value.strip()
    return properties


def read_properties(home: Path) -> tuple[str, ...]:
    """Texts of Mantid's properties files, the one with priority first; one that cannot be read is skipped."""
    texts = []
    for path in (home / USER_PROPERTIES, SYSTEM_PROPERTIES):
        try:
            texts.append(read_regular(path, MAX_PROPERTIES).decode("utf-8", "replace"))
        except OSError:
            texts.append("")
    return tuple(texts)


def identify(
    config_instrument: str | None,
    mantid_answer: Instrument | None,
    properties_texts: Sequence[str],
    *,
    unknown_ok: bool = False,
) -> Instrument:
    """Decide the instrument: the configured one, else Mantid's answer, else that of Mantid's properties files.

    Parameters
    ----------
    mantid_answer
        The default of the environment's Mantid, or its entry for the configured name if the table does not have it;
        None if Mantid was not asked.
    properties_texts
        From `read_properties`: earlier ones have priority.
    unknown_ok
        Accept an instrument that is not in the table by its name, without facility and stream: Mantid may know it, or
        the stream's address is configured.

    Raises
    ------
    OperatorError
        No instrument anywhere, or one that the table does not have.
    """
    if mantid_answer is not None and (config_instrument is None or lookup(config_instrument) is None):
        return mantid_answer
    properties: dict[str, str] = {}
    for text in reversed(properties_texts):
        properties |= parse_properties(text)
    name = config_instrument or properties.get("default.instrument")
    if name is None:
        raise OperatorError(_nowhere(properties))
    facility = properties.get("default.facility", "")
    known = lookup(name, facility)
    if known is not None:
        return known
    if unknown_ok and INSTRUMENT_NAME.fullmatch(name):
        return Instrument(name=name, short_name=name)
    raise OperatorError(_unknown(name))


def _nowhere(properties: Mapping[str, str]) -> str:
    facility = properties.get("default.facility")
    only = f" (only default.facility = {facility} is set)" if facility else ""
    return (
        'no instrument: expected "instrument" in the configuration, or default.instrument in '
        f"~/{USER_PROPERTIES} or {SYSTEM_PROPERTIES}{only}"
    )


def _unknown(name: str) -> str:
    near = closest(name, [word for known in known_instruments() for word in (known.short_name, known.name)])
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f'unknown instrument "{name}"{hint} (if it is not in the facility table, set "source", its stream)'
