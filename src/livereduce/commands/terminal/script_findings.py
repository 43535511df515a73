"""The obstacles in scripts as ``livereduce check`` prints them: by file, with lines, not too many."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from livereduce.catalog.wording import in_lines
from livereduce.preflight.script_obstacles import FileObstacles
from livereduce.scripting.reading.findings import Obstacle

SHOWN = 20
"""Most findings that are printed."""


def told(files: Sequence[FileObstacles]) -> Iterator[str]:
    """The section on the scripts, line by line; nothing if there is no obstacle."""
    sentences = [(file, sentence) for file in files for sentence in _sentences(file.found)]
    if not sentences:
        return
    yield ""
    yield f"{len(sentences)} obstacle{'s' if len(sentences) > 1 else ''} in the scripts"
    for file, several in groupby(sentences[:SHOWN], key=lambda one: one[0].path):
        yield f"  {file}"
        yield from (f"    {sentence}" for _, sentence in several)
    if len(sentences) > SHOWN:
        yield f"  and {len(sentences) - SHOWN} more"


def _sentences(found: Sequence[Obstacle]) -> Iterator[str]:
    """A sentence for each obstacle, with all lines that meet it."""
    lines: dict[tuple[str, bool], list[int]] = {}
    for one in found:
        lines.setdefault((one.text, one.handled), []).append(one.line)
    for (text, handled), where in lines.items():
        yield in_lines(list(dict.fromkeys(where)), text) + (" (the script catches this error)" if handled else "")


def ends(files: Sequence[FileObstacles]) -> tuple[str, ...]:
    """Problems: scripts of which no call comes to its end."""
    return tuple(f"{file.path}:{file.end.line}: every call ends here: {file.end.text}" for file in files if file.end)


def but(files: Sequence[FileObstacles]) -> str:
    """The end of the sentence that this can run."""
    serious = any(not one.handled for file in files for one in file.found)
    return ", but a call of a script fails where it meets an obstacle" if serious else ""
