"""Output of the scripts, the last traceback, and the scripts' versions. Pure."""

from dataclasses import asdict
from typing import Any

from livereduce.messages.status import Status

FILES = ("proc", "post_proc", "parameters")


def output(status: Status | None) -> dict[str, Any]:
    """The answer of the API."""
    if status is None:
        return {"printed": [], "left_out": 0, "traceback": "", "failure": None, "script_hashes": []}
    failure = status.script_failure
    return {
        "printed": [{"at": line.at, "script": line.script, "line": line.line} for line in status.printed],
        "left_out": status.printed_left_out,
        "traceback": failure.traceback if failure else "",
        "failure": asdict(failure) if failure else None,
        "script_hashes": [
            {
                "step": step,
                "path": script.path,
                "md5": script.md5,
                "modified": script.modified,
                "changed": script.since,
            }
            for step in FILES
            if (script := getattr(status, step)) is not None
        ],
    }
