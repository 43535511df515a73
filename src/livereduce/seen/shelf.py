"""A folder of products as it was seen: its index, and the shapes of what is in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from livereduce.base.files import Mark, mark_of, read_regular
from livereduce.publish.products.index import INDEX, MAX_INDEX
from livereduce.seen.index import Listed, ShownIndex, changes, parse_index

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A folder of products.

    Attributes
    ----------
    folder
        Empty if not known.
    shapes
        Shapes of products by (run, name), as far as their files were read, which `look_at` does not do; None for one
        that cannot be read.
    """

    folder: str = ""
    index: ShownIndex = field(default_factory=ShownIndex)
    shapes: Mapping[tuple[int, str], Shape | None] = field(default_factory=dict)

    def path(self, listed: Listed) -> Path:
        """The file of a product."""
        return Path(self.folder) / listed.path


def look_at(folder: str, before: Shelf, marks_before: Mapping[Path, Mark], marks: dict[Path, Mark]) -> Shelf:
    """Look again at the index in a folder, which is read only if it has changed; its mark is added to `marks`."""
    if not folder:
        return Shelf()
    known = before if before.folder == folder else Shelf(folder=folder)
    path = Path(folder) / INDEX
    try:
        mark = mark_of(path)
        marks[path] = mark
        if known is before and marks_before.get(path) == mark:
            return before
        index = parse_index(read_regular(path, MAX_INDEX, follow_link=False).decode())
    except (OSError, ValueError):
        # The index does not exist before the first result; a broken one is replaced with the next result.
        return known
    return Shelf(folder=folder, index=index, shapes=_still_known(index, known))


def unshaped(shelf: Shelf) -> list[tuple[int, Listed]]:
    """The products whose shape is not known yet, with their runs."""
    listed = [(run.run, one) for run in shelf.index.runs for one in run.products.values()]
    return [(run, one) for run, one in listed if (run, one.name) not in shelf.shapes]


def news(before: Shelf, after: Shelf) -> list[tuple[int, Listed]]:
    """The (run, product) pairs that are new, or of which the shape is known only now."""
    if after.index is not before.index:
        return changes(before.index, after.index)
    if after.shapes is before.shapes:
        return []
    listed = [(run.run, one) for run in after.index.runs for one in run.products.values()]
    return [(run, one) for run, one in listed if ((run, one.name) in after.shapes) > ((run, one.name) in before.shapes)]


def _still_known(index: ShownIndex, before: Shelf) -> dict[tuple[int, str], Shape | None]:
    """The shapes of products that were not written again."""
    versions = {(run.run, name): one.version for run in before.index.runs for name, one in run.products.items()}
    now = {(run.run, name): one.version for run in index.runs for name, one in run.products.items()}
    return {key: shape for key, shape in before.shapes.items() if now.get(key) == versions.get(key)}
