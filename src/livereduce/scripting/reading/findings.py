"""What is found in a script without running it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Something that an engine does not have.

    Attributes
    ----------
    text
        The sentence of the error at run time.
    everywhere
        Mantid does not have it either.
    always
        Every call of the script comes to this line, as far as the text shows.
    handled
        The script catches the error.
    """

    line: int
    text: str
    everywhere: bool = False
    always: bool = False
    handled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignImport:
    """An import of a module that is not Mantid's; `always` and `handled` as for an `Obstacle`."""

    module: str
    line: int
    always: bool = False
    handled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptReading:
    """What a text asks for.

    Attributes
    ----------
    folders
        Directories that it adds to ``sys.path``; empty texts stand for those that it computes.
    """

    obstacles: tuple[Obstacle, ...] = ()
    imports: tuple[ForeignImport, ...] = ()
    folders: tuple[str, ...] = ()


NOTHING = ScriptReading()


def decode_reading(body: dict[str, Any]) -> ScriptReading:
    """A reading from the dictionary that `dataclasses.asdict` makes of it."""
    return ScriptReading(
        obstacles=tuple(Obstacle(**one) for one in body["obstacles"]),
        imports=tuple(ForeignImport(**one) for one in body["imports"]),
        folders=tuple(body["folders"]),
    )
