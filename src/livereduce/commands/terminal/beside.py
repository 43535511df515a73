"""How the results of the shadow differ from those in use, for ``livereduce status``."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from livereduce.base.files import read_regular
from livereduce.messages.status import Status

if TYPE_CHECKING:
    from livereduce.seen.index import ListedRun, ShownIndex

MOST = 20
"""Most results that are compared."""
MOST_VALUES = 4_000_000
"""Most values that are read of all of them, of both sides: one pair of the largest, some tenths of a second."""


def differences(status: Status) -> Iterator[str]:
    """A line for each result of the newest run of the shadow, each as soon as it is known; none without results."""
    shadow = status.shadow
    if shadow is None or not shadow.products_dir or not status.products_dir:
        return
    try:  # the daemon's Python need not have what reads results
        from livereduce.seen.index import parse_index  # noqa: F401
    except ImportError as error:
        yield f"its results are not compared: this Python has no {error.name}; the page compares them"
        return
    yield from _lines(status, Path(shadow.products_dir), shadow.files)


def _lines(status: Status, shadow: Path, files: Mapping[str, str]) -> Iterator[str]:
    from livereduce.seen.index import is_of_others

    in_use = Path(status.products_dir)
    its, others = _index(shadow), _index(in_use)
    if not its.runs:
        yield "no result yet"
        return
    run = its.runs[0]
    live = others.run(run.run)
    yield from _compared((shadow, run), (in_use, live))
    if is_of_others(run, files):
        yield f"that of run {run.run} was made by scripts that it does not run any more"
    if live is not None and is_of_others(live, status.files):
        yield f"those in use of run {run.run} were made by scripts that do not run any more"
    if live is not None and (missing := [name for name in live.products if name not in run.products]):
        yield f"of run {run.run} it has no {', '.join(missing[:MOST])}"


def _compared(its: tuple[Path, "ListedRun"], live: tuple[Path, "ListedRun | None"]) -> Iterator[str]:
    from livereduce.publish.products.beside import count_compared

    (shadow, run), (in_use, other) = its, live
    left = MOST_VALUES
    for number, name in enumerate(run.products):
        theirs = other.products.get(name) if other else None
        paths = (shadow / run.products[name].path, in_use / theirs.path) if theirs else None
        left -= count_compared(*paths) if paths and number < MOST else 0
        if number == MOST or left < 0:
            yield f"{len(run.products) - number} more of run {run.run} are not compared here; the page compares them"
            return
        yield f"{name} of run {run.run}: {_difference(*paths) if paths else 'those in use have none'}"


def _difference(shadow: Path, in_use: Path) -> str:
    from livereduce.publish.difference import in_words
    from livereduce.publish.products.beside import compare_beside

    try:
        return "; ".join(in_words(compare_beside(shadow, in_use)))
    except (OSError, ValueError) as error:  # being replaced, or not a product
        return f"it cannot be compared: {getattr(error, 'strerror', None) or error}"


def _index(folder: Path) -> "ShownIndex":
    from livereduce.publish.products.index import INDEX, MAX_INDEX
    from livereduce.seen.index import ShownIndex, parse_index

    try:
        return parse_index(read_regular(folder / INDEX, MAX_INDEX, follow_link=False).decode())
    except (OSError, ValueError):
        return ShownIndex()
