"""What the scripts printed, the last traceback, and which scripts they are. Pure."""

from collections.abc import Mapping
from typing import Any

from livereduce.status import Status

STEPS = ("proc", "post_proc")


def output(status: Status | None, changed: Mapping[str, str]) -> dict[str, Any]:
    """The answer; `changed` says when a script became another one, as far as this page was there."""
    if status is None:
        return {"printed": [], "traceback": "", "script_hashes": []}
    return {
        "printed": list(getattr(status, "printed", ())),
        "traceback": getattr(status, "traceback", ""),
        "script_hashes": [
            {"step": step, "path": script.path, "md5": script.md5, "changed": changed.get(step, "")}
            for step in STEPS
            if (script := getattr(status, step)) is not None
        ],
    }
