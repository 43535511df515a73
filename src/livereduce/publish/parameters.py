"""The parameters that the scripts of a result have asked for, as they are published with it.

In a product's file they are one JSON text, the field ``parameters``: an object of names with ``value``, ``units``,
``runs`` and ``md5s`` (of the files that the value names, by path). In the index and on the page they are texts for
people.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from livereduce.base.fields import encodable
from livereduce.scripting.parameters.asking import UsedParameter

PARAMETERS = "parameters"
"""Name of the field."""
MAX_SHOWN = 200
LONGEST = 200
"""Most characters of a text for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownParameter:
    """A parameter for people.

    Attributes
    ----------
    value
        As in the file: ``2.5``, ``cal/a.h5``, ``[1, 2]``.
    runs
        The runs that it is for; empty: all.
    md5
        Of the file that it names; empty if it names none.
    """

    name: str
    value: str
    units: str = ""
    runs: str = ""
    md5: str = ""


def as_text(used: Sequence[UsedParameter]) -> str:
    """The text for a product's file; empty if nothing was asked for."""
    if not used:
        return ""
    body = {one.name: {"value": one.value, "units": one.units, "runs": one.runs, "md5s": {**one.md5s}} for one in used}
    return json.dumps(body)


def shown_of(text: object) -> tuple[ShownParameter, ...]:
    """The parameters of a product's text; empty if there are none, or it is damaged."""
    try:
        body = json.loads(text) if isinstance(text, str) and text else {}
        return tuple(_shown(name, facts) for name, facts in list(body.items())[:MAX_SHOWN])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ()


def _shown(name: str, facts: dict[str, object]) -> ShownParameter:
    value, md5s = facts["value"], facts["md5s"]
    texts = (
        name,
        value if isinstance(value, str) else json.dumps(value),
        str(facts["units"]),
        "" if facts["runs"] == "all runs" else str(facts["runs"]),
        " ".join(map(str, md5s.values())) if isinstance(md5s, dict) else "",
    )
    of_name, of_value, units, runs, md5 = (encodable(one[:LONGEST]) for one in texts)
    return ShownParameter(name=of_name, value=of_value, units=units, runs=runs, md5=md5)
