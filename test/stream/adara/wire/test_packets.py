"""Rare packets: every field of every type, and any other bytes either give a value or `BadPacket`."""

import html
import struct
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import packets as p
from helpers.packets import NS, T0, packet, payload, words
from livereduce.stream.adara.wire.layout import RARE_TYPES, Note, RunStatusCode, Type
from livereduce.stream.adara.wire.packets import (
    Annotation,
    BadPacket,
    BeamlineInfo,
    DeviceDescriptor,
    GeometryXml,
    PixelMap,
    RunInfo,
    RunStatus,
    VariableValues,
)
from livereduce.stream.adara.wire.readers import MAX_PARTS, MAX_PIXELS, MAX_XML, READERS, read_packet


def read(data: bytes) -> Any:
    """The value of a whole packet."""
    return read_packet(struct.unpack_from("<I", data, 4)[0], payload(data))


def comparable(value: object) -> object:
    """Arrays as lists, so that values can be compared; NaN as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return type(value).__name__, {key: comparable(part) for key, part in asdict(value).items()}
    if isinstance(value, np.ndarray):
        return str(value.dtype), [repr(one) for one in value.tolist()]
    return tuple(map(comparable, value)) if isinstance(value, tuple) else value


def test_every_rare_type_has_a_reader_and_no_other() -> None:
    assert frozenset(READERS) == RARE_TYPES


def test_run_status() -> None:
    data = p.run_status(T0, p.RUN_BOF, 101, start_s=77, file=2 | 3 << 12, paused=True)
    assert read(data) == RunStatus(run=101, run_start_s=77, status=RunStatusCode.RUN_BOF, file=2, paused=True)
    old = p.run_status(T0, p.NEW_RUN, 5, start_s=6, file=1, version=0)
    assert read(old) == RunStatus(run=5, run_start_s=6, status=RunStatusCode.NEW_RUN, file=1)


def test_run_status_of_a_newer_version_is_read_if_long_enough() -> None:
    data = packet(0x4003, 9, T0, words(3, 4, 5 << 24 | 1, 0, 0, 123))
    assert read(data).status is RunStatusCode.STATE


@pytest.mark.parametrize("status", [7, 8, 128, 255])
def test_a_run_status_that_is_none(status: int) -> None:
    with pytest.raises(BadPacket, match=f"run status {status} is none of 0, 1, 2, 3, 4, 5, 6"):
        read(p.run_status(T0, status, 1))


def test_run_info() -> None:
    found = read(p.run_info(T0, " Si &amp; ΔT ", "IPTS-1", "<users><user><name>A</name></user></users>"))
    assert found == RunInfo(title="Si & ΔT", proposal="IPTS-1")


@pytest.mark.parametrize("xml", ["<runinfo/>", "<a:runinfo xmlns:a='b'><other/></a:runinfo>", "<x><run_title/></x>"])
def test_run_info_without_what_we_ask_for(xml: str) -> None:
    assert read(packet(0x4004, 0, T0, p.counted(xml))) == RunInfo(title="", proposal="")


def test_geometry_is_text_that_is_not_looked_into() -> None:
    assert read(p.geometry(T0, "<not xml é")) == GeometryXml(xml="<not xml é")
    assert read(packet(0x400A, 0, T0, p.counted(b"<a/>\0\0"))) == GeometryXml(xml="<a/>")
    assert read(packet(0x400A, 0, T0, p.counted(b"\xff\xfeab"))) == GeometryXml(xml="��ab")


def test_beamline_info() -> None:
    found = read(p.beamline(T0, "BL99Z", "TB", "TESTBL", station=2))
    assert found == BeamlineInfo(beamline="BL99Z", short_name="TB", long_name="TESTBL", target_station=2)
    assert read(p.beamline(T0, "B", "", "L", station=0, version=0)).target_station == 1


def test_annotation() -> None:
    found = read(p.annotation(T0, 1, "Scan ü", scan=7, reset=True))
    assert found == Annotation(type=Note.SCAN_START, scan=7, comment="Scan ü", reset_hint=True)
    assert read(p.annotation(T0, 0x7FFF)) == Annotation(type=0x7FFF, scan=0, comment="", reset_hint=False)


def test_device_descriptor() -> None:
    found = read(p.descriptor(T0, 3, "oven", {1: ("temp", "K"), 2: ("power", ""), 4294967295: ("x", "mm")}))
    variables = {1: ("temp", "K"), 2: ("power", ""), 4294967295: ("x", "mm")}
    assert found == DeviceDescriptor(device=3, name="oven", variables=variables)


def test_a_variable_without_a_usable_id_is_left_out() -> None:
    ids = ["", "-1", "1.5", "one", "²", "9" * 5000]
    inner = "".join(f"<process_variable><pv_name>a</pv_name><pv_id>{i}</pv_id></process_variable>" for i in ids)
    xml = f"<device><process_variables>{inner}<process_variable><pv_id> 8 </pv_id></process_variable>"
    assert read(packet(0x8000, 0, T0, words(3) + p.counted(xml + "</process_variables></device>"))) == DeviceDescriptor(
        device=3, name="", variables={8: ("", "")}
    )


@pytest.mark.parametrize(
    ("data", "after", "value"),
    [
        (p.variable(3, T0, 1, 2, "sélène"), [0], ("sélène",)),
        (p.variable(3, T0, 1, 2, ""), [0], ("",)),
        (p.variable(4, T0, 1, 2, [1, 2**32 - 1]), [0], ([1.0, 4294967295.0],)),
        (p.variable(5, T0, 1, 2, [0.5, -1e300]), [0], ([0.5, -1e300],)),
        (p.variable(5, T0, 1, 2, []), [0], ([],)),
        (p.multiple(1, T0, 1, 2, [(5, 6), (2**32 - 1, 2**32 - 1)]), [5, 2**32 - 1], [6.0, 4294967295.0]),
        (p.multiple(2, T0, 1, 2, [(5, 0.25)]), [5], [0.25]),
        (p.multiple(3, T0, 1, 2, [(5, "abcde"), (6, "f")]), [5, 6], ("abcde", "f")),
        (p.multiple(4, T0, 1, 2, [(5, [1]), (6, [2, 3])]), [5, 6], ([1.0], [2.0, 3.0])),
        (p.multiple(5, T0, 1, 2, [(5, [1.5]), (6, [])]), [5, 6], ([1.5], [])),
        (p.multiple(1, T0, 1, 2, []), [], []),
    ],
)
def test_variable_values(data: bytes, after: list[int], value: object) -> None:
    found = read(data)
    assert isinstance(found, VariableValues)
    assert (found.device, found.variable, found.after_ns.tolist()) == (1, 2, after)
    if isinstance(found.value, np.ndarray):
        assert found.value.tolist() == value
    else:
        assert tuple(one if isinstance(one, str) else one.tolist() for one in found.value) == value


def test_pixel_map() -> None:
    found = read(p.pixel_map(T0, [(10, 2, [90, 91, 92]), (0, 1, [5]), (11, 2, [7])]))
    assert (found.pixels.tolist(), found.banks) == ([0, 10, 11, 12], (1, 2))
    assert found.pixels.dtype == np.int32


def test_pixel_map_written_out() -> None:
    for version in (0, 1):
        found = read(p.pixel_map_alt(T0, [p.listed(0, 3, [7, 5]), p.listed(9, 1, [2**31 - 1])], version))
        assert (found.pixels.tolist(), found.banks) == ([5, 7, 2**31 - 1], (1, 3))


def test_pixel_map_in_shorthand() -> None:
    sections = [p.shorthand(0, 1, 100, 3), p.shorthand(3, 2, 50, 3, step=-2), p.shorthand(6, 2, 7, 1, step=0)]
    found = read(p.pixel_map_alt(T0, [*sections, p.listed(7, 4, [1])]))
    assert (found.pixels.tolist(), found.banks) == ([1, 7, 46, 48, 50, 100, 101, 102], (1, 2, 4))


def test_version_0_of_the_alternative_map_counts_with_16_bits() -> None:
    logical = list(range(0x8001))
    assert len(read(p.pixel_map_alt(T0, [p.listed(0, 1, logical)], version=0)).pixels) == 0x8001


@pytest.mark.parametrize(
    "data",
    [
        p.pixel_map(T0, [(2**31 - 1, 1, [1, 2])]),
        p.pixel_map(T0, [(2**32 - 1, 1, [1])]),
        p.pixel_map_alt(T0, [p.listed(0, 1, [2**31])]),
        p.pixel_map_alt(T0, [p.shorthand(0, 1, 1, 3, step=-1)]),
        p.pixel_map_alt(T0, [p.shorthand(0, 1, 2**31 - 2, 3)]),
    ],
)
def test_pixels_that_no_int32_holds(data: bytes) -> None:
    with pytest.raises(BadPacket, match="expected 0 to 2147483647"):
        read(data)


def test_pixels_have_a_limit() -> None:
    sections = [p.shorthand(0, 1, 0, 0x7FFF)] * (MAX_PIXELS // 0x7FFF + 1)
    with pytest.raises(BadPacket, match="names more than"):
        read(p.pixel_map_alt(T0, sections))


@pytest.mark.parametrize(
    "data",
    [
        packet(0x4002, 0, T0, bytes(8 * MAX_PARTS + 8)),
        packet(0x4102, 1, T0, words(MAX_PARTS + 1) + bytes(8 * MAX_PARTS + 8)),
        packet(0x8101, 0, T0, words(1, 2, 0, MAX_PARTS + 1) + bytes(8 * MAX_PARTS + 8)),
        packet(0x8104, 0, T0, words(1, 2, 0, MAX_PARTS + 1) + bytes(8 * MAX_PARTS + 8)),
    ],
    ids=["pixel map", "alternative map", "multiple", "multiple arrays"],
)
def test_parts_of_a_packet_have_a_limit(data: bytes) -> None:
    with pytest.raises(BadPacket, match=rf"{MAX_PARTS}"):
        read(data)


def test_xml_has_a_limit() -> None:
    with pytest.raises(BadPacket, match=f"expected at most {MAX_XML}"):
        read(p.run_info(T0, "a", "b", " " * MAX_XML))


@pytest.mark.parametrize("xml", ["", "<", "<a>", "<a/><b/>", "<a>&x;</a>", "\0", "<p:a/>"])
def test_text_that_is_not_xml(xml: str) -> None:
    for data in (packet(0x4004, 0, T0, p.counted(xml)), packet(0x8000, 0, T0, words(1) + p.counted(xml))):
        with pytest.raises(BadPacket, match="is not XML"):
            read(data)


@pytest.mark.parametrize("bad", ["\x01", "\x1b", "\ufffe", "&#1;", "&#x1B;", "&#0011;"])
def test_a_character_that_xml_cannot_hold_costs_that_character_only(bad: str) -> None:
    data = p.descriptor(T0, 3, "dev", {1: (f"a{bad}b", ""), 2: ("temp", "K")})
    assert read(data).variables == {1: ("a_b", ""), 2: ("temp", "K")}


@pytest.mark.parametrize("good", ["&#9;", "&#10;", "&#xA;", "&#32;", "&#233;", "\U0001f600"])
def test_characters_that_xml_may_hold_stay(good: str) -> None:
    data = p.descriptor(T0, 3, "dev", {1: (f"a{good}b", "")})
    assert read(data).variables[1][0] == f"a{html.unescape(good)}b"


def test_an_encoding_that_the_declaration_claims_does_not_matter() -> None:
    xml = '<?xml version="1.0" encoding="utf-77"?><runinfo><run_title>ü</run_title></runinfo>'
    assert read(packet(0x4004, 0, T0, p.counted(xml))) == RunInfo(title="ü", proposal="")


def test_what_is_bad_says_what_was_expected_where() -> None:
    with pytest.raises(BadPacket, match=r"comment: 10 bytes expected at 8, 4 left of 12"):
        read(packet(0x4007, 0, T0, words(10, 0, 0)))


VALID = {
    "run status v0": p.run_status(T0, p.STATE, 3, version=0),
    "run status v1": p.run_status(T0, p.RUN_BOF, 3, paused=True),
    "run info": p.run_info(T0, "title", "IPTS-1"),
    "geometry": p.geometry(T0, "<instrument/>"),
    "beamline info": p.beamline(T0, "BL1", "A", "ABCDE"),
    "annotation": p.annotation(T0, 5, "notes"),
    "descriptor": p.descriptor(T0, 1, "d", {1: ("a", "b")}),
    "pixel map": p.pixel_map(T0, [(0, 1, [1, 2])]),
    "pixel map alt v0": p.pixel_map_alt(T0, [p.listed(0, 1, [1, 2])], version=0),
    "pixel map alt v1": p.pixel_map_alt(T0, [p.shorthand(0, 1, 1, 2), p.listed(0, 2, [9])]),
    **{f"variable {kind}": p.variable(kind, T0, 1, 2, value) for kind, value in ((3, "abc"), (4, [1, 2]), (5, [1.5]))},
    **{
        f"multiple {kind}": p.multiple(kind, T0, 1, 2, [(0, value), (1, value)])
        for kind, value in ((1, 7), (2, 1.5), (3, "abc"), (4, [1, 2]), (5, [1.5]))
    },
}


def test_valid_packets_cover_every_reader() -> None:
    assert {struct.unpack_from("<I", data, 4)[0] >> 8 for data in VALID.values()} == set(READERS)


@pytest.mark.parametrize("data", VALID.values(), ids=VALID)
def test_every_prefix_gives_the_same_value_or_is_bad(data: bytes) -> None:
    format_word, body = struct.unpack_from("<I", data, 4)[0], payload(data)
    whole = comparable(read(data))
    for size in range(len(body)):
        try:
            value = read_packet(format_word, body[:size])
        except BadPacket:
            continue
        if isinstance(value, PixelMap):
            assert format_word >> 8 == Type.PIXEL_MAPPING  # the sections go on to the end, so fewer are a map too
            continue
        assert comparable(value) == whole


@pytest.mark.parametrize("name", sorted(set(VALID) - {"pixel map"}))
def test_what_a_newer_version_says_behind_is_not_read(name: str) -> None:
    format_word, body = struct.unpack_from("<I", VALID[name], 4)[0], payload(VALID[name])
    assert comparable(read_packet(format_word, body + words(1, 2))) == comparable(read(VALID[name]))


FORMATS = st.builds(lambda type_, version: type_ << 8 | version, st.sampled_from(sorted(READERS)), st.integers(0, 2))
RUBBISH = st.one_of(st.binary(max_size=80), st.lists(st.integers(0, 20), max_size=20).map(lambda v: words(*v)))


def survives(format_word: int, body: bytes) -> None:
    try:
        value = read_packet(format_word, body)
    except BadPacket:
        return
    assert is_dataclass(value)


@settings(deadline=None, max_examples=1000)
@given(FORMATS, RUBBISH)
def test_random_bytes_give_a_value_or_are_bad(format_word: int, body: bytes) -> None:
    survives(format_word, body)


@settings(deadline=None, max_examples=1000)
@given(st.sampled_from(sorted(VALID)), st.data())
def test_valid_packets_with_bytes_overwritten_give_a_value_or_are_bad(name: str, data: st.DataObject) -> None:
    body = bytearray(payload(VALID[name]))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    survives(struct.unpack_from("<I", VALID[name], 4)[0], bytes(body))


TEXT = st.text(st.characters(exclude_characters="\0\r\n<&", exclude_categories=["Cs", "Cc"]), max_size=20)
ROUND_TRIPS: dict[str, tuple[Callable[..., bytes], Callable[..., object], st.SearchStrategy[tuple[Any, ...]]]] = {
    "annotation": (
        lambda type_, scan, text: p.annotation(T0, type_, text, scan=scan),
        lambda type_, scan, text: Annotation(type=type_, scan=scan, comment=text, reset_hint=False),
        st.tuples(st.integers(0, 0x7FFF), st.integers(0, 2**32 - 1), TEXT),
    ),
    "beamline": (
        lambda *names: p.beamline(T0, *names, station=1),
        lambda *names: BeamlineInfo(beamline=names[0], short_name=names[1], long_name=names[2], target_station=1),
        st.tuples(TEXT, TEXT, TEXT),
    ),
    "descriptor": (
        lambda device, variables: p.descriptor(T0, device, "n", variables),
        lambda device, variables: DeviceDescriptor(
            device=device, name="n", variables={k: (a.strip(), b.strip()) for k, (a, b) in variables.items()}
        ),
        st.tuples(
            st.integers(0, 2**32 - 1), st.dictionaries(st.integers(0, 2**32 - 1), st.tuples(TEXT, TEXT), max_size=3)
        ),
    ),
    "run status": (
        lambda run, start, status, file: p.run_status(T0, status, run, start_s=start, file=file),
        lambda run, start, status, file: RunStatus(run=run, run_start_s=start, status=status, file=file),
        st.tuples(
            st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.sampled_from(RunStatusCode), st.integers(0, 0xFFF)
        ),
    ),
}


@settings(deadline=None)
@given(st.sampled_from(sorted(ROUND_TRIPS)), st.data())
def test_what_goes_in_comes_out(name: str, data: st.DataObject) -> None:
    build, expected, strategy = ROUND_TRIPS[name]
    arguments = data.draw(strategy)
    assert read(build(*arguments)) == expected(*arguments)


def test_the_helpers_do_not_lie_about_the_header() -> None:
    assert words(4, 0x400901, 7, 8, 9) == packet(0x4009, 1, 7 * NS + 8, words(9))
