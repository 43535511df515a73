"""A table in a text file: two comments with names and types of its columns, then a line for each row.

Source: Mantid Framework/DataHandling/src/LoadAscii2.cpp (readTable).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from livereduce.engine.mantid_api.files.ascii_read import cells
from livereduce.engine.mantid_api.objects.table import TableWorkspace

_READ: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("int", "uint", "long64", "size_t"), int),
    **dict.fromkeys(("double", "float"), float),
    "str": str,
    "bool": lambda word: word.startswith("t"),
}


def read_ascii_table(path: Path, separator: str, comment: str) -> TableWorkspace | None:
    """The table of a file; None if it holds none."""
    lines = [line.strip() for line in path.read_text(errors="replace").splitlines() if line.strip()]
    if len(lines) < 3 or not (lines[0].startswith(comment) and lines[1].startswith(comment)):
        return None
    names, kinds = (cells(line.removeprefix(comment), separator) for line in lines[:2])
    if len(names) != len(kinds) or not all(kind in _READ for kind in kinds):
        return None
    rows = [cells(line, separator) for line in lines[2:] if not line.startswith(comment)]
    if any(len(row) != len(names) for row in rows):
        return None
    try:
        columns = {
            (kind, name): [_READ[kind](row[at]) for row in rows]
            for at, (kind, name) in enumerate(zip(kinds, names, strict=True))
        }
    except ValueError:
        return None
    return TableWorkspace.of_columns(columns)
