"""The obstacles in scripts as ``livereduce check`` prints them: by file, with lines, not too many."""

from collections.abc import Iterator, Sequence

from livereduce.catalog.wording import in_line
from livereduce.preflight.script_obstacles import FileObstacles
from livereduce.scripting.reading.findings import Obstacle

SHOWN = 20
"""Most findings that are printed."""


def told(files: Sequence[FileObstacles]) -> Iterator[str]:
    """The section on the scripts, line by line; nothing if there is no obstacle."""
    total = sum(len(file.found) for file in files)
    if not total:
        return
    yield ""
    yield f"{total} obstacle{'s' if total > 1 else ''} in the scripts"
    left = SHOWN
    for file in files:
        shown = file.found[:left]
        left -= len(shown)
        if shown:
            yield f"  {file.path}"
            yield from (f"    {_sentence(one)}" for one in shown)
    if total > SHOWN:
        yield f"  and {total - SHOWN} more"


def _sentence(one: Obstacle) -> str:
    return in_line(one.line, one.text) + (" (the script catches this error)" if one.handled else "")


def ends(files: Sequence[FileObstacles]) -> tuple[str, ...]:
    """Problems: scripts of which no call comes to its end."""
    return tuple(f"{file.path}:{file.end.line}: every call ends here: {file.end.text}" for file in files if file.end)


def but(files: Sequence[FileObstacles]) -> str:
    """The end of the sentence that this can run."""
    serious = any(not one.handled for file in files for one in file.found)
    return ", but a call of a script fails where it meets an obstacle" if serious else ""
