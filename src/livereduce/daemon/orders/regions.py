"""Keep regions of the detector, or remove them: the daemon alone writes their file, when somebody asks for it."""

from collections.abc import Sequence
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.base.files import replace_file
from livereduce.messages.regions import (
    FILE_NAME,
    MAX_REGIONS,
    Region,
    encode_regions,
    read_regions,
    region_of,
)
from livereduce.messages.request import Request


def set_regions(state_dir: Path | None, request: Request) -> str:
    """Keep the region of a request, remove the one that it names, or put it in that one's place; say what was done.

    A file that cannot be read is left as it is, with everything that is in it.

    Raises
    ------
    OperatorError
        It was not done: says why, and what to do.
    """
    if state_dir is None:
        raise OperatorError("the service has no state directory to keep regions in; see livereduce check")
    path = state_dir / FILE_NAME
    kept = _read(path)
    if request.region:
        try:
            region = region_of(request.region)
        except ValueError as error:
            raise OperatorError(f"this is no region: {error}") from None
        after = with_region_instead(kept, region, request.remove) if request.remove else with_region(kept, region)
        done = f"region {region.name!r} is kept: {len(after)} of at most {MAX_REGIONS}"
    else:
        after = without_region(kept, request.remove)
        done = f"region {request.remove!r} is removed"
    _write(path, after)
    return done


def with_region(kept: Sequence[Region], region: Region) -> tuple[Region, ...]:
    """The regions with one more, or with this one in the place of that of its name.

    Raises
    ------
    OperatorError
        There is no room for another one.
    """
    if any(one.name == region.name for one in kept):
        return tuple(region if one.name == region.name else one for one in kept)
    if len(kept) >= MAX_REGIONS:
        raise OperatorError(f"{len(kept)} regions are kept already, at most {MAX_REGIONS}; remove one first")
    return (*kept, region)


def with_region_instead(kept: Sequence[Region], region: Region, name: str) -> tuple[Region, ...]:
    """The regions with this one in the place of the one named `name`; there is room for it even if all are in use.

    Raises
    ------
    OperatorError
        There is none of this name, or another one that is kept has the name of the new one.
    """
    others = without_region(kept, name)
    if any(one.name == region.name for one in others):
        raise OperatorError(f"a region named {region.name!r} is kept already; remove it first, or choose another name")
    return tuple(region if one.name == name else one for one in kept)


def without_region(kept: Sequence[Region], name: str) -> tuple[Region, ...]:
    """The regions without the one of this name.

    Raises
    ------
    OperatorError
        There is none.
    """
    left = tuple(one for one in kept if one.name != name)
    if len(left) == len(kept):
        known = ", ".join(repr(one.name) for one in kept) or "none"
        raise OperatorError(f"no region named {name[:60]!r} is kept (kept: {known})")
    return left


def _read(path: Path) -> tuple[Region, ...]:
    try:
        return read_regions(path.parent)
    except OSError as error:
        why = error.strerror or str(error)
    except ValueError as error:
        why = str(error)
    raise OperatorError(f"{path} cannot be read: {why}; mend it, or move it away to begin anew. Nothing was changed")


def _write(path: Path, regions: Sequence[Region]) -> None:
    try:
        replace_file(path, encode_regions(regions))
    except OSError as error:
        raise OperatorError(f"{path} cannot be written: {error.strerror}; the regions are as they were") from None
