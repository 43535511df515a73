"""Names of process variables (PVs): what EPICS allows in them, and what a prefix leaves room for."""

import re

LONGEST_PV = 60
"""Most characters of a PV's name that every EPICS client and server takes."""
LONGEST_PREFIX = 30
"""The rest is for the names of what is served."""
_PREFIX = re.compile(rf"[A-Za-z][A-Za-z0-9_:<>;\[\]-]{{0,{LONGEST_PREFIX - 1}}}")
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9_<>;\[\]-]")


def is_prefix(text: str) -> bool:
    """True if names of PVs can begin with this text."""
    return _PREFIX.fullmatch(text) is not None


def pv_part(name: str) -> str:
    """The part of a PV's name for a name of ours: a dot, and whatever else has a meaning there, becomes ``_``."""
    return _NOT_ALLOWED.sub("_", name)
