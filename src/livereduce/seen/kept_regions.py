"""The regions of the detector that the daemon keeps, as the page reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from livereduce.base.files import Mark, mark_of
from livereduce.messages.regions import FILE_NAME, Region, read_regions


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRegions:
    """The regions, in the order in which they were saved.

    Attributes
    ----------
    problem
        Why they cannot be read, for people; empty if they can. `regions` are those that were read last.
    """

    regions: tuple[Region, ...] = ()
    problem: str = ""


def look_at_regions(
    products_dir: str, before: KeptRegions, marks_before: Mapping[Path, Mark], marks: dict[Path, Mark]
) -> KeptRegions:
    """Look again at the file beside the products, which is read only if it has changed; its mark is added to `marks`.

    Parameters
    ----------
    products_dir
        The folder of products in the state directory; empty if not known.
    """
    if not products_dir:
        return before
    path = Path(products_dir).parent / FILE_NAME
    try:
        mark = mark_of(path)
        if marks_before.get(path) == mark:
            marks[path] = mark
            return before
        read = KeptRegions(regions=read_regions(path.parent))
        marks[path] = mark
    except FileNotFoundError:
        read = KeptRegions()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        read = KeptRegions(regions=before.regions, problem=f"{path} cannot be read: {why}")
    return before if read == before else read
