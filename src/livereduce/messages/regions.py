"""Regions of the detector that people have drawn: what one is, its JSON, and the file in which they are kept.

A region stands in three places: in `FILE_NAME` in the state directory, which the daemon alone writes; in a request to
the daemon; and in an address of the page, so that a link carries what somebody has drawn.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from livereduce.base.fields import checked, encodable
from livereduce.base.files import read_regular

FILE_NAME = "regions.json"
"""The file, in the state directory."""
FORMAT = 1
MAX_REGIONS = 20
MAX_VERTICES = 200
MIN_VERTICES = 3
MAX_PIXELS_TEXT = 4000
MAX_REGION_BYTES = 12_000
"""Most bytes of the JSON of one region: a lasso of 200 vertices with all digits that a number can have."""
MAX_FILE_BYTES = 1 << 19
MAX_COORDINATE = 1e9
MAX_TOF_US = 1e9
TABLE_ENDING = ".csv"
"""The address of a region's spectrum as a table ends so; no name does."""
LAST_PIXEL = (1 << 31) - 1

_NAME = re.compile(r"[A-Za-z0-9._-](?:[A-Za-z0-9 ._-]{0,38}[A-Za-z0-9._-])?")
_RANGE = re.compile(r"\s*([0-9]{1,10})(?:\s*-\s*([0-9]{1,10}))?\s*")


class RegionKind(StrEnum):
    """How a region is drawn: two corners of a box, the box of an ellipse, a closed line, or pixel numbers by text."""

    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    LASSO = "lasso"
    PIXELS = "pixels"


class Projection(StrEnum):
    """How the pixels are laid out on a screen.

    Around the sample, as its longitude and latitude, on a plane, or by pixel number with a row for each bank.
    """

    CYLINDER = "cylinder"
    SPHERE = "sphere"
    FLAT = "flat"
    MAP = "map"


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A region; a pixel belongs to it if its center, in this projection, lies inside.

    Attributes
    ----------
    name
        1 to 40 letters, digits, blanks, ``.``, ``_``, ``-``; the name of one region is compared as it is written. It
        stands in addresses: it has a letter or digit (a browser takes ``..`` for the folder above), and does not end
        in ``.csv`` (that is the table of another one).
    projection
        A `Projection`; empty for `RegionKind.PIXELS`.
    points
        Coordinates in that projection: two opposite corners of the box, or the vertices of a lasso, which closes by
        itself.
    pixels
        ``1-100,205``: pixel numbers, for `RegionKind.PIXELS`.
    tof_min_us, tof_max_us
        Only events from the first to the second time of flight count; None: all of them. Both or none.
    """

    name: str
    kind: RegionKind
    projection: str = ""
    points: tuple[tuple[float, float], ...] = ()
    pixels: str = ""
    tof_min_us: float | None = None
    tof_max_us: float | None = None


def parse_region(body: object) -> Region:
    """Make a region of a JSON object.

    Raises
    ------
    ValueError
        It is none: names the field, what was expected and what was found.
    """
    region = checked(Region, body)
    if unknown := sorted(set(body) - _FIELDS):  # type: ignore[call-overload] # `checked` has made sure that it is a mapping
        raise ValueError(f"no field of a region: {', '.join(encodable(repr(one)[:60]) for one in unknown)}")
    _require_name(region.name)
    if region.kind is RegionKind.PIXELS:
        _require_pixels(region)
    else:
        _require_shape(region)
    _require_tof(region)
    return region


def region_of(text: str) -> Region:
    """Make a region of its JSON, as it stands in an address.

    Raises
    ------
    ValueError
        As `parse_region`, or it is no JSON, or too long.
    """
    if len(text) > MAX_REGION_BYTES:
        raise ValueError(f"a region has at most {MAX_REGION_BYTES} characters, got {len(text)}")
    return parse_region(_json(text, "a region"))


def region_body(region: Region) -> dict[str, Any]:
    """The JSON object of a region, without what is as it is by default."""
    return {
        name: value
        for name, value in asdict(region).items()
        if name in _REQUIRED or value != Region.__dataclass_fields__[name].default
    }


def encode_region(region: Region) -> str:
    """Encode a region as compact JSON, as it stands in an address."""
    return json.dumps(region_body(region), separators=(",", ":"))


def encode_regions(regions: Sequence[Region]) -> bytes:
    """Encode the regions that are kept as the file that holds them."""
    body = {"format": FORMAT, "regions": [region_body(region) for region in regions]}
    return json.dumps(body, indent=1).encode() + b"\n"


def decode_regions(data: bytes) -> tuple[Region, ...]:
    """Decode the regions that a file keeps, in the order in which they were saved.

    Raises
    ------
    ValueError
        The file is torn, of a newer version, or not ours: says what was expected and seen. None of it is left out in
        silence, since what is not read would be lost with the next region that is saved.
    """
    body = _json(data, "a file of regions")
    if not isinstance(body, Mapping) or not isinstance(body.get("regions"), list):
        raise ValueError(f"not a file of regions: {data[:60]!r}")
    if body.get("format") != FORMAT:
        seen = encodable(f"{body.get('format')!r:.60}")
        raise ValueError(f"written by another version of livereduce (format {seen}, this one knows {FORMAT})")
    if len(body["regions"]) > MAX_REGIONS:
        raise ValueError(f"{len(body['regions'])} regions, expected at most {MAX_REGIONS}")
    regions = tuple(_numbered(number, one) for number, one in enumerate(body["regions"], 1))
    for region in regions:
        if sum(one.name == region.name for one in regions) > 1:
            raise ValueError(f"two regions named {region.name!r}")
    return regions


def read_regions(folder: Path) -> tuple[Region, ...]:
    """Read the regions that are kept in a state directory; none if there is no file.

    Raises
    ------
    OSError
        The file cannot be read, or is too long.
    ValueError
        As `decode_regions`.
    """
    try:
        return decode_regions(read_regular(folder / FILE_NAME, MAX_FILE_BYTES, follow_link=False))
    except FileNotFoundError:
        return ()


def pixel_ranges(text: str) -> tuple[tuple[int, int], ...]:
    """First and last pixel of each part of ``1-100,205``.

    Raises
    ------
    ValueError
        It is something else: names the part.
    """
    if len(text) > MAX_PIXELS_TEXT:
        raise ValueError(f"pixels: at most {MAX_PIXELS_TEXT} characters, got {len(text)}")
    return tuple(_range(part) for part in text.split(","))


# ---- what is required of each field

_FIELDS = frozenset(one.name for one in fields(Region))
_REQUIRED = frozenset(one.name for one in fields(Region) if one.default is MISSING)


def _json(text: str | bytes, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not the JSON of {what}: {text[:60]!r} ({error})") from None


def _numbered(number: int, body: object) -> Region:
    try:
        return parse_region(body)
    except ValueError as error:
        raise ValueError(f"region {number}: {error}") from None


def _require_name(name: str) -> None:
    if not _NAME.fullmatch(name) or not any(one.isalnum() for one in name):
        raise ValueError(
            "name: expected 1 to 40 letters, digits, blanks (not first or last), '.', '_', '-', "
            f"with a letter or digit, got {encodable(f'{name!r:.60}')}"
        )
    if name.endswith(TABLE_ENDING):
        raise ValueError(
            f"name: expected one that does not end in {TABLE_ENDING!r}, the ending of tables, got {name!r}"
        )


def _require_pixels(region: Region) -> None:
    if region.points or region.projection:
        raise ValueError('points, projection: a region of kind "pixels" has none')
    pixel_ranges(region.pixels)


def _require_shape(region: Region) -> None:
    if region.pixels:
        raise ValueError(f'pixels: a region of kind "{region.kind}" has none; expected kind "pixels"')
    if region.projection not in set(Projection):
        raise ValueError(f"projection: expected one of {', '.join(Projection)}, got {region.projection[:60]!r}")
    least, most = (MIN_VERTICES, MAX_VERTICES) if region.kind is RegionKind.LASSO else (2, 2)
    if not least <= len(region.points) <= most:
        expected = "two opposite corners" if most == least else f"{least} to {most} vertices"
        raise ValueError(f"points: expected {expected}, got {len(region.points)}")
    for point in region.points:
        if len(point) != 2 or not all(_is_within(one, MAX_COORDINATE) for one in point):
            raise ValueError(f"points: expected two numbers up to {MAX_COORDINATE:g} each, got {f'{point!r:.60}'}")


def _require_tof(region: Region) -> None:
    low, high = region.tof_min_us, region.tof_max_us
    if low is None and high is None:
        return
    if low is None or high is None:
        raise ValueError("tof_min_us, tof_max_us: expected both or none")
    if not (_is_within(low, MAX_TOF_US) and _is_within(high, MAX_TOF_US) and 0 <= low < high):
        raise ValueError(f"tof_min_us, tof_max_us: expected 0 <= first < second <= {MAX_TOF_US:g}, got {low}, {high}")


def _is_within(value: float, most: float) -> bool:
    return math.isfinite(value) and abs(value) <= most


def _range(part: str) -> tuple[int, int]:
    found = _RANGE.fullmatch(part)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, -1)
    if not first <= last <= LAST_PIXEL:
        raise ValueError(f"pixels: expected numbers and ranges such as 1-100,205, got {encodable(f'{part!r:.60}')}")
    return first, last
