"""Regions of the detector: their JSON, the file that keeps them, and what is refused."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.messages.regions import (
    FILE_NAME,
    LAST_PIXEL,
    MAX_COORDINATE,
    MAX_FILE_BYTES,
    MAX_REGION_BYTES,
    MAX_REGIONS,
    MAX_VERTICES,
    Projection,
    Region,
    RegionKind,
    decode_regions,
    encode_region,
    encode_regions,
    parse_region,
    pixel_ranges,
    read_regions,
    region_of,
)

COORDINATE = st.floats(-MAX_COORDINATE, MAX_COORDINATE)
NAMES = st.from_regex(r"\A[A-Za-z0-9._-]([A-Za-z0-9 ._-]{0,38}[A-Za-z0-9._-])?\Z").filter(
    lambda name: any(one.isalnum() for one in name) and not name.endswith(".csv")
)
PIXELS = Region(name="a", kind=RegionKind.PIXELS, pixels="1-100,205")


@st.composite
def regions(draw: st.DrawFn) -> Region:
    kind = draw(st.sampled_from(RegionKind))
    tof = draw(st.none() | st.lists(st.floats(0, 1e6), min_size=2, max_size=2, unique=True).map(sorted))
    common: dict[str, Any] = {"name": draw(NAMES), "kind": kind}
    common |= {"tof_min_us": tof[0], "tof_max_us": tof[1]} if tof else {}
    if kind is RegionKind.PIXELS:
        pixel = st.integers(0, LAST_PIXEL)
        return Region(**common, pixels=",".join(map(str, draw(st.lists(pixel, min_size=1, max_size=20)))))
    least, most = (3, 20) if kind is RegionKind.LASSO else (2, 2)
    points = draw(st.lists(st.tuples(COORDINATE, COORDINATE), min_size=least, max_size=most))
    return Region(**common, projection=draw(st.sampled_from(Projection)), points=tuple(points))


@given(regions())
def test_a_region_survives_its_address(region: Region) -> None:
    assert region_of(encode_region(region)) == region


@given(st.lists(regions(), max_size=MAX_REGIONS, unique_by=lambda one: one.name))
def test_the_regions_survive_their_file(kept: list[Region]) -> None:
    assert decode_regions(encode_regions(kept)) == tuple(kept)


def test_the_longest_lasso_fits_wherever_a_region_stands() -> None:
    widest = (-123456789.12345678, -123456789.12345679)
    longest = Region(name="n" * 40, kind=RegionKind.LASSO, projection="cylinder", points=(widest,) * MAX_VERTICES,
                     tof_min_us=1234.5678901234567, tof_max_us=123456.78901234567)  # fmt: skip
    assert len(encode_region(longest)) <= MAX_REGION_BYTES
    assert len(encode_regions([longest] * MAX_REGIONS)) <= MAX_FILE_BYTES


BOX = {"name": "a", "kind": "rectangle", "projection": "flat", "points": [[0, 0], [1, 1]]}
WRONG: list[tuple[object, str]] = [
    ([], "expected an object"),
    ({}, "name is missing"),
    ({**BOX, "name": ""}, "name: expected 1 to 40"),
    ({**BOX, "name": "n" * 41}, "name: expected 1 to 40"),
    ({**BOX, "name": " a"}, "name: expected 1 to 40"),
    ({**BOX, "name": "a\n"}, "name: expected 1 to 40"),
    ({**BOX, "name": "<img src=x>"}, "name: expected 1 to 40"),
    ({**BOX, "name": "\ud800"}, "name: expected 1 to 40"),
    ({**BOX, "name": "."}, "with a letter or digit, got '.'"),
    ({**BOX, "name": ".."}, "with a letter or digit, got '..'"),
    ({**BOX, "name": "- -"}, "with a letter or digit"),
    ({**BOX, "name": "a.csv"}, "does not end in '.csv', the ending of tables, got 'a.csv'"),
    ({**BOX, "kind": "circle"}, "kind: expected one of rectangle, ellipse, lasso, pixels"),
    ({**BOX, "projection": "mercator"}, "projection: expected one of cylinder, sphere, flat, map"),
    ({**BOX, "points": [[0, 0]]}, "points: expected two opposite corners, got 1"),
    ({**BOX, "points": [[0, 0], [1]]}, "points: expected two numbers"),
    ({**BOX, "points": [[0, 0], [1, math.nan]]}, "points: expected two numbers"),
    ({**BOX, "points": [[0, 0], [1, 1e300]]}, "points: expected two numbers"),
    ({**BOX, "points": [[0, 0], [1, "1"]]}, "points: expected a number"),
    ({**BOX, "points": 7}, "points: expected a list"),
    ({**BOX, "kind": "lasso"}, "points: expected 3 to 200 vertices, got 2"),
    ({**BOX, "kind": "lasso", "points": [[0, 0]] * 201}, "points: expected 3 to 200 vertices, got 201"),
    ({**BOX, "pixels": "1"}, 'pixels: a region of kind "rectangle" has none'),
    ({**BOX, "tof_min_us": 1.0}, "expected both or none"),
    ({**BOX, "tof_min_us": 2.0, "tof_max_us": 1.0}, "expected 0 <= first < second"),
    ({**BOX, "tof_min_us": math.nan, "tof_max_us": 1.0}, "expected 0 <= first < second"),
    ({**BOX, "tof_min_us": 0.0, "tof_max_us": math.inf}, "expected 0 <= first < second"),
    ({**BOX, "color": "red"}, "no field of a region: 'color'"),
    ({"name": "a", "kind": "pixels", "pixels": ""}, "pixels: expected numbers and ranges"),
    ({"name": "a", "kind": "pixels", "pixels": "1", "points": [[0, 0]]}, "points, projection"),
]


@pytest.mark.parametrize(("body", "says"), WRONG, ids=[says[:24] + str(k) for k, (_, says) in enumerate(WRONG)])
def test_what_is_no_region_is_refused_with_the_field(body: object, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("(", r"\(")):
        parse_region(body)


@pytest.mark.parametrize("text", ["", "{", "[" * 5000, "x" * 20_000, json.dumps(BOX) + "]"])
def test_an_address_may_hold_anything(text: str) -> None:
    with pytest.raises(ValueError, match="region"):
        region_of(text)


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode(errors="replace")))
def test_no_bytes_break_a_reader(data: bytes) -> None:
    with pytest.raises(ValueError, match="region"):
        decode_regions(data)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda body: body.update(format=2), r"another version of livereduce \(format 2, this one knows 1\)"),
        (lambda body: body.update(regions=7), "not a file of regions"),
        (lambda body: body["regions"].append({**BOX, "name": "b", "kind": "circle"}), "region 2: kind"),
        (lambda body: body["regions"].append(body["regions"][0]), "two regions named 'a'"),
        (
            lambda body: body.update(regions=[{**BOX, "name": str(k)} for k in range(21)]),
            "21 regions, expected at most",
        ),
    ],
)
def test_a_file_that_is_not_understood_as_a_whole_is_refused(change: Any, says: str) -> None:
    body = json.loads(encode_regions([PIXELS]))
    change(body)
    with pytest.raises(ValueError, match=says):
        decode_regions(json.dumps(body).encode())


def test_every_torn_file_is_told_from_a_whole_one() -> None:
    whole = encode_regions([PIXELS]).rstrip()
    for size in range(len(whole)):
        with pytest.raises(ValueError, match="region"):
            decode_regions(whole[:size])


def test_no_file_is_no_regions_and_a_link_is_not_followed(tmp_path: Path) -> None:
    assert read_regions(tmp_path) == ()
    (tmp_path / "secret").write_bytes(encode_regions([PIXELS]))
    (tmp_path / FILE_NAME).symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="not a regular file"):
        read_regions(tmp_path)


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / FILE_NAME).open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(OSError, match="too long"):
        read_regions(tmp_path)


def test_pixel_numbers_by_text() -> None:
    assert pixel_ranges("1-100,205") == ((1, 100), (205, 205))
    assert pixel_ranges(" 0 , 7 - 9 ") == ((0, 0), (7, 9))


@pytest.mark.parametrize("text", ["", ",", "1,", "-1", "5-1", "1-2-3", "1.5", "4294967296", "x", "\u0661", "1" * 5000])
def test_what_is_no_pixel_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="pixels: "):
        pixel_ranges(text)
