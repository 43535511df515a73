"""Suggest the name that a script may have meant, where Mantid only says that it does not know one."""

import re
from collections.abc import Iterable
from typing import Any

from mantid.api import AnalysisDataService

from livereduce.base.names import did_you_mean
from livereduce.engine.mantid.inspect_workspace import members

_NO_LOG = re.compile(r"Unknown property search object (\S+)")
_NO_WORKSPACE = re.compile(r"'([^']+)' does not exist")


def hint(text: str, input: Any) -> str:
    """Text to add to a script's error; empty if there is no suggestion.

    Parameters
    ----------
    input
        The workspace that the script was given: the names of its logs are suggested.
    """
    if found := _NO_LOG.search(text):
        return did_you_mean(found[1], _logs(input))
    if found := _NO_WORKSPACE.search(text):
        return did_you_mean(found[1], AnalysisDataService.getObjectNames())
    return ""


def _logs(input: Any) -> Iterable[str]:
    try:
        return [str(log.name) for log in members(input)[0].run().getProperties()]
    except Exception:  # noqa: BLE001  the boundary to Mantid: a script may have deleted its input
        return ()
