"""The builders against the layouts of the protocol document, read back with struct and with numbers written here."""

import struct
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.paths import DATA, needs_data
from helpers.wire import one, walk
from livereduce.stream.adara.wire import encode
from livereduce.stream.adara.wire.encode import BankSet, MonitorConfig, PixelRange, Variable
from livereduce.stream.adara.wire.layout import Note, RunStatusCode, Type

T = 1_164_261_668_936_926_787
TEXTS = st.text(max_size=40).filter(lambda text: len(text.encode()) < 1000)


def test_header_is_length_format_seconds_nanoseconds() -> None:
    data = encode.packet(0x4009, 3, T, b"abcdefgh")
    assert struct.unpack("<4I", data[:16]) == (8, 0x400903, 1_164_261_668, 936_926_787)
    assert data[16:] == b"abcdefgh"


def test_payload_must_be_words() -> None:
    with pytest.raises(ValueError, match=r"0x4009 packet is 5 bytes, not a multiple of 4"):
        encode.packet(0x4009, 0, T, b"abcde")


def test_sync() -> None:
    packet = one(encode.sync(T, offset=1 << 33, comment="abc"))
    assert (packet.type, packet.version, packet.time_ns) == (0x4008, 0, T)
    assert packet.payload[:16] == b"SNSADARAORNL\x00\x00\xf0\x7f"
    assert struct.unpack("<QI", packet.payload[16:28]) == (1 << 33, 3)
    assert packet.payload[28:] == b"abc\0"
    assert len(one(encode.sync(T)).payload) == 28


def test_run_status_as_a_real_server_wrote_it() -> None:
    """NEW_RUN of run 101 and RUN_BOF of its second file, as captured."""
    new = one(encode.run_status(T, RunStatusCode.NEW_RUN, 101, 1164261670, file=1, mode=1))
    assert (new.type, new.version) == (0x4003, 1)
    assert new.words() == (101, 1164261670, 16781313, 0, 0)
    following = one(encode.run_status(T, RunStatusCode.RUN_BOF, 101, 1164260678, file=2, mode=1))
    assert following.words() == (101, 1164260678, 50335746, 0, 0)
    paused = encode.run_status(T, RunStatusCode.RUN_BOF, 101, 5, file=1, mode=2, paused=True, pause_file=1)
    assert one(paused).words()[2:4] == (0x3002001, 0x1000001)


@given(TEXTS)
def test_texts_are_counted_in_bytes_and_padded(text: str) -> None:
    for packet, type_ in (
        (one(encode.geometry(T, text)), 0x400A),
        (one(encode.run_info(T, text)), 0x4004),
        (one(encode.variable(Type.VARIABLE_STRING, T, 1, 2, text)), 0x8003),
        (one(encode.device_descriptor(T, 7, text)), 0x8000),
    ):
        assert packet.type == type_
        body = packet.payload[{0x8003: 12, 0x8000: 4}.get(type_, 0) :]
        (length,) = struct.unpack_from("<I", body)
        assert body[4 : 4 + length].decode() == text
        assert len(body) == 4 + length + -length % 4
        assert not any(body[4 + length :])


def test_documents_are_xml_that_says_what_was_asked() -> None:
    space = {"d": "http://public.sns.gov/schema/device.xsd", "r": "http://public.sns.gov/schema/runinfo.xsd"}
    text = encode.device_xml(
        "a<b", [Variable(id=3, name="T&P", type="double", units="K"), Variable(id=4, name="n", type="string")]
    )
    root = ElementTree.fromstring(text.encode())
    assert root.findtext("d:device_name", namespaces=space) == "a<b"
    first, second = root.findall(".//d:process_variable", space)
    assert [first.findtext(f"d:pv_{key}", namespaces=space) for key in ("name", "id", "type", "units")] == [
        "T&P", "3", "double", "K",
    ]  # fmt: skip
    assert second.findtext("d:pv_units", namespaces=space) is None
    run = ElementTree.fromstring(encode.run_info_xml(run=5, instrument="X", title="a & b", proposal="IPTS-1").encode())
    assert run.findtext("r:run_title", namespaces=space) == "a & b"
    assert run.findtext("r:proposal_id", namespaces=space) == "IPTS-1"


def test_documents_stay_xml_whatever_names_hold() -> None:
    texts = "a\x01b", "\x1b[31m", "\ud800", "&<>", "\ufffe"
    for text in texts:
        device = encode.device_xml(text, [encode.Variable(id=1, name=text, type="double", units=text)])
        run = encode.run_info_xml(run=1, instrument=text, title=text, proposal=text)
        for xml in (device, run):
            ElementTree.fromstring(xml)


def test_beamline_info() -> None:
    packet = one(encode.beamline_info(T, "BL99Z", "TESTBL", "TESTBEAM"))
    assert packet.version == 1
    assert packet.payload == b"\x08\x06\x05\x01BL99ZTESTBLTESTBEAM\x00"


@pytest.mark.parametrize(
    ("base_type", "value", "body"),
    [
        (Type.VARIABLE_U32, 200, struct.pack("<I", 200)),
        (Type.VARIABLE_DOUBLE, 290.5, struct.pack("<d", 290.5)),
        (Type.VARIABLE_STRING, "step", b"\4\0\0\0step"),
        (Type.VARIABLE_U32_ARRAY, [1, 2, 3], struct.pack("<4I", 3, 1, 2, 3)),
        (Type.VARIABLE_DOUBLE_ARRAY, [0.5, 1.5], struct.pack("<I2d", 2, 0.5, 1.5)),
    ],
)
def test_variables(base_type: Type, value: encode.Value, body: bytes) -> None:
    plain = one(encode.variable(base_type, T, 9, 2, value, status=0xFFFE, severity=3))
    assert (plain.type, plain.version) == (base_type, 0)
    assert struct.unpack("<3I", plain.payload[:12]) == (9, 2, 0xFFFE0003)
    assert plain.payload[12:] == body


def test_a_variable_packet_refuses_a_value_of_another_kind() -> None:
    with pytest.raises(ValueError, match=r"0x8001 cannot carry 'on'"):
        encode.variable(Type.VARIABLE_U32, T, 1, 1, "on")


def test_annotation() -> None:
    started = one(encode.annotation(T, "Run 101 Started."))
    assert started.payload == b"\x10\x00\x00\x00\x00\x00\x00\x00Run 101 Started."
    scan = one(encode.annotation(T, "[Run 101] Scan #7 Started.", note=Note.SCAN_START, scan_index=7, reset_hint=True))
    assert scan.payload == b"\x1a\x00\x01\x80\x07\x00\x00\x00[Run 101] Scan #7 Started.\x00\x00"


def test_pixel_map_in_shorthand_and_written_out() -> None:
    packet = one(
        encode.pixel_mapping_alt(
            T,
            [
                PixelRange(bank=4, physical=768, logical=1023, count=256, logical_step=-1),
            ],
        )
    )
    assert (packet.type, packet.version) == (0x4102, 1)
    assert packet.words() == (1, 768, 0x48100, 1023, 1023, 0x0001FFFF, 768)


def test_monitor_config_puts_formats_last() -> None:
    two = [MonitorConfig(monitor=1, distance_m=-6.5, max_us=33333), MonitorConfig(monitor=2, format=2)]
    packet = one(encode.beam_monitor_config(T, two))
    assert (packet.type, packet.version, len(packet.payload)) == (0x400D, 1, 4 + 2 * 24 + 2 * 4)
    assert struct.unpack("<5Id", packet.payload[:28]) == (2, 1, 0, 33333, 1, -6.5)
    assert struct.unpack("<2I", packet.payload[-8:]) == (1, 2)


def test_detector_bank_sets() -> None:
    packet = one(encode.detector_bank_sets(T, [BankSet(name="BSD", banks=(1, 2, 3, 4))]))
    assert packet.type == 0x400E
    assert len(packet.payload) == 4 + 60 + 16
    assert struct.unpack("<I16s6I", packet.payload[:44]) == (1, b"BSD".ljust(16, b"\0"), 1, 4, 1, 2, 3, 4)
    assert struct.unpack("<3Id16s", packet.payload[44:]) == (0, 0xFFFFFFFF, 1, 0.0, b"throttled".ljust(16, b"\0"))


def test_hello() -> None:
    plain = encode.client_hello(T, 1)
    assert plain[:8] == bytes.fromhex("0400000000064000")
    assert plain[16:] == bytes.fromhex("01000000")
    assert one(encode.client_hello(T, 0xFFFF_FFFF)).words() == (0xFFFF_FFFF,)


@needs_data
def test_builders_write_what_a_real_server_wrote() -> None:
    """The first session's status, annotation, beamline, map, monitor and bank packets, byte for byte."""
    data = (DATA / "sms" / "a_gen60_two_runs.adara").read_bytes()
    real: dict[int, bytes] = {}
    for packet in walk(data):
        real.setdefault(packet.type, data[packet.at : packet.at + 16 + len(packet.payload)])
    time_ns = {type_: one(raw).time_ns for type_, raw in real.items()}
    assert encode.sync(time_ns[0x4008]) == real[0x4008]
    assert encode.run_status(time_ns[0x4003], RunStatusCode.STATE, 0, 0) == real[0x4003]
    assert encode.annotation(time_ns[0x4007], "Run 101 Started.") == real[0x4007]
    assert encode.beamline_info(time_ns[0x400B], "BL99Z", "TESTBL", "TESTBEAM") == real[0x400B]
    banks = [PixelRange(bank=k + 1, physical=256 * k, logical=256 * k, count=256) for k in range(3)]
    banks.append(PixelRange(bank=4, physical=768, logical=1023, count=256, logical_step=-1))
    assert encode.pixel_mapping_alt(time_ns[0x4102], banks) == real[0x4102]
    monitor = MonitorConfig(monitor=1, max_us=33333, distance_m=-6.71625)
    assert encode.beam_monitor_config(time_ns[0x400D], [monitor])[:44] == real[0x400D][:44]
    assert encode.detector_bank_sets(time_ns[0x400E], [BankSet(name="BSD", banks=(1, 2, 3, 4))]) == real[0x400E]
    value = encode.variable(Type.VARIABLE_STRING, time_ns[0x8003], 1, 3, "step 0 <&> é")
    assert value == real[0x8003]
