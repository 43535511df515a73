"""Regions that somebody asks the daemon to keep: what is kept, what is refused, and that nothing is ever lost."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.base.errors import OperatorError
from livereduce.base.files import replace_file
from livereduce.daemon.orders import regions
from livereduce.daemon.orders.regions import set_regions, with_region, without_region
from livereduce.messages.regions import (
    FILE_NAME,
    MAX_REGIONS,
    Region,
    RegionKind,
    decode_regions,
    encode_region,
    encode_regions,
    read_regions,
)
from livereduce.messages.request import Request, Want


def named(name: str, pixels: str = "1") -> Region:
    return Region(name=name, kind=RegionKind.PIXELS, pixels=pixels)


def keep(folder: Path, region: Region, instead: str = "") -> str:
    return set_regions(folder, Request(want=Want.SET_REGIONS, region=encode_region(region), remove=instead))


def remove(folder: Path, name: str) -> str:
    return set_regions(folder, Request(want=Want.SET_REGIONS, remove=name))


def test_a_region_is_kept_replaced_and_removed(tmp_path: Path) -> None:
    assert keep(tmp_path, named("a")) == "region 'a' is kept: 1 of at most 20"
    keep(tmp_path, named("b"))
    assert keep(tmp_path, named("a", "7-9")) == "region 'a' is kept: 2 of at most 20"
    assert read_regions(tmp_path) == (named("a", "7-9"), named("b"))
    assert remove(tmp_path, "a") == "region 'a' is removed"
    assert read_regions(tmp_path) == (named("b"),)
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 9) | st.none())))
def test_after_any_orders_those_are_kept_that_were_last_kept(orders: list[tuple[str, int | None]]) -> None:
    kept: tuple[Region, ...] = ()
    expected: dict[str, Region] = {}
    for name, pixel in orders:
        if pixel is not None:
            expected[name] = named(name, str(pixel))
            kept = with_region(kept, expected[name])
        elif expected.pop(name, None):
            kept = without_region(kept, name)
        assert {one.name: one for one in kept} == expected
        assert len(kept) == len(expected)


def test_there_is_a_limit_and_replacing_is_within_it(tmp_path: Path) -> None:
    for number in range(MAX_REGIONS):
        keep(tmp_path, named(f"r{number}"))
    with pytest.raises(OperatorError, match="20 regions are kept already, at most 20; remove one first"):
        keep(tmp_path, named("another"))
    keep(tmp_path, named("r3", "5"))
    assert len(read_regions(tmp_path)) == MAX_REGIONS


def test_a_region_is_renamed_in_one_write_in_its_place_and_also_where_all_are_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(MAX_REGIONS):
        keep(tmp_path, named(f"r{number}"))
    written: list[bytes] = []

    def counted(path: Path, data: bytes) -> None:
        written.append(data)
        replace_file(path, data)

    monkeypatch.setattr(regions, "replace_file", counted)
    assert keep(tmp_path, named("ring", "9"), instead="r3") == "region 'ring' is kept: 20 of at most 20"
    assert len(written) == 1
    assert [one.name for one in read_regions(tmp_path)] == [
        *(f"r{k}" for k in range(3)),
        "ring",
        *(f"r{k}" for k in range(4, 20)),
    ]
    keep(tmp_path, named("ring", "7"), instead="ring")
    assert read_regions(tmp_path)[3] == named("ring", "7")


def test_a_region_takes_the_place_of_no_third_one_and_of_none_that_is_not_there(tmp_path: Path) -> None:
    for name in "abc":
        keep(tmp_path, named(name))
    with pytest.raises(OperatorError, match="a region named 'b' is kept already; remove it first"):
        keep(tmp_path, named("b", "7"), instead="a")
    with pytest.raises(OperatorError, match="no region named 'd' is kept"):
        keep(tmp_path, named("e"), instead="d")
    assert read_regions(tmp_path) == (named("a"), named("b"), named("c"))


def test_what_is_no_region_or_no_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="this is no region: name is missing"):
        set_regions(tmp_path, Request(want=Want.SET_REGIONS, region="{}"))
    keep(tmp_path, named("a"))
    with pytest.raises(OperatorError, match=r"no region named 'b' is kept \(kept: 'a'\)"):
        remove(tmp_path, "b")
    with pytest.raises(OperatorError, match="no region named '' is kept"):
        set_regions(tmp_path, Request(want=Want.SET_REGIONS))


def test_without_a_state_directory_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="no state directory"):
        set_regions(None, Request(want=Want.SET_REGIONS, remove="a"))


WHOLE = encode_regions([named("a")])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (WHOLE[:-10], "not the JSON of a file of regions"),
        (b"", "not the JSON of a file of regions"),
        (WHOLE.replace(b'"format": 1', b'"format": 2'), "another version of livereduce"),
        (WHOLE.replace(b"pixels", b"voxels", 1), "region 1: kind"),
        (b"\xff" * 100, "not the JSON"),
        (b"[" * 10_000, "not the JSON"),
        (b" " * (1 << 20), "too long"),
    ],
    ids=["torn", "empty", "newer", "another kind", "binary", "deep", "long"],
)
def test_a_file_that_cannot_be_read_stays_as_it_is(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(data)
    with pytest.raises(OperatorError, match=says) as refused:
        keep(tmp_path, named("b"))
    assert "mend it, or move it away" in str(refused.value)
    with pytest.raises(OperatorError, match=says):
        remove(tmp_path, "a")
    assert path.read_bytes() == data


def test_something_else_in_its_place_is_neither_read_nor_replaced(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(OperatorError, match="not a regular file"):
        keep(tmp_path, named("a"))
    assert (tmp_path / FILE_NAME).is_dir()


def test_a_full_disk_is_said_and_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(tmp_path, named("a"))

    def full(_path: Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(regions, "replace_file", full)
    with pytest.raises(OperatorError, match="cannot be written: No space left on device; the regions are as they were"):
        keep(tmp_path, named("b"))
    assert decode_regions((tmp_path / FILE_NAME).read_bytes()) == (named("a"),)
