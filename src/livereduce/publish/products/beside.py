"""The results of the shadow against those in use: their files, read within bounds and compared."""

from pathlib import Path

from livereduce.publish.difference import Difference, compare
from livereduce.publish.product import Product
from livereduce.publish.products.file import count_values, read_small
from livereduce.publish.products.inside import NotAProduct, NotPlain

MAX_COMPARED = 2_000_000
"""Most values that are compared: both results with their errors take 64 MB then, and as much again twice meanwhile."""
SIDES = ("in the shadow", "in use")


def compare_beside(shadow: Path, in_use: Path) -> Difference:
    """The difference between a result of the shadow and the one in use of the same name.

    Raises
    ------
    OSError, NotAProduct, NotPlain, ValueError
        As `livereduce.publish.products.file.read_small`.
    """
    ours, theirs = (_read(path, where) for path, where in zip((shadow, in_use), SIDES, strict=True))
    return compare(ours, theirs, SIDES)


def count_compared(*paths: Path) -> int:
    """How many values `compare_beside` reads of these files, but for errors and axes: of one with too many, none."""
    return sum(count for path in paths if (count := _count(path)) <= MAX_COMPARED)


def _count(path: Path) -> int:
    try:
        return count_values(path)
    except (OSError, ValueError):  # comparing them says so
        return 0


def _read(path: Path, where: str) -> Product:
    try:
        return read_small(path, MAX_COMPARED)
    except (NotPlain, NotAProduct) as error:
        raise type(error)(f"{where}, {error}") from error.__cause__
