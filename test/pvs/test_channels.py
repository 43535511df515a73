"""From values to what goes over the wire; where searches are heard and beacons go; what of the library is logged."""

import asyncio
import logging
import math

import caproto
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.pvs.channel_access import beacon_addresses, broadcast_addresses, broadcast_of
from livereduce.pvs.channels import (
    LONGEST_TEXT,
    LONGEST_UNITS,
    LONGEST_WORD,
    ascii_units,
    channel_of,
    stamp,
    wire_value,
    write,
)
from livereduce.pvs.serve import BEACONS, BEACONS_AUTO, OncePerWindow, keep_beacons_within
from livereduce.pvs.values import FINE, INCOMPLETE, UNDEFINED, PvKind, PvValue

HERE = {"127.0.0.1": "", "10.1.2.3": "10.1.2.255", "192.168.7.1": "192.168.7.255"}


@pytest.mark.parametrize(
    ("units", "shown"),
    [
        ("counts", "counts"),
        ("1/µAh", "1/uAh"),
        ("Å", "A"),
        ("Å⁻¹", "A-1"),
        ("angstrom", "angstro"),
        ("°", "deg"),
        ("10³", "103"),
        ("面積", ""),
    ],
)
def test_units_in_the_characters_that_every_client_shows(units: str, shown: str) -> None:
    assert ascii_units(units) == shown


@given(st.text(max_size=80))
def test_units_always_fit(units: str) -> None:
    assert len(ascii_units(units).encode("ascii")) <= LONGEST_UNITS


@given(st.text(max_size=3000), st.sampled_from([PvKind.WORD, PvKind.TEXT]))
def test_texts_always_fit_and_end_between_two_characters(text: str, kind: PvKind) -> None:
    sent = wire_value(PvValue(name="x", kind=kind, value=text, unix_s=0.0))
    raw = sent if isinstance(sent, bytes) else sent.encode()
    assert len(raw) <= (LONGEST_WORD if kind is PvKind.WORD else LONGEST_TEXT)
    assert b"\0" not in raw
    raw.decode()


def test_numbers_are_sent_as_they_are() -> None:
    assert math.isnan(wire_value(PvValue(name="x", kind=PvKind.NUMBER, value=math.nan, unix_s=0.0)))


@given(st.floats(), st.floats(), st.text(), st.sampled_from(PvKind))
def test_whatever_stands_in_a_file_becomes_a_value(value: float, unix_s: float, text: str, kind: PvKind) -> None:
    shown = value if kind is PvKind.NUMBER else text
    one = PvValue(name="x", kind=kind, value=shown, unix_s=unix_s, units=text, alarm=UNDEFINED)
    channel = channel_of(one)
    asyncio.run(write(channel, one))
    metadata, _ = asyncio.run(channel.read(caproto.ChannelType[f"TIME_{channel.data_type.name}"]))
    assert (metadata.severity, metadata.status) == (3, 17)


@pytest.mark.parametrize("kind", PvKind)
def test_a_value_in_alarm_that_changes_stays_in_alarm(kind: PvKind) -> None:
    """The library knows alarms of its own, by limits that are not set here."""
    values: tuple[float | str, ...] = (1.0, 2.0, 2.0, math.nan) if kind is PvKind.NUMBER else ("a", "b", "b", "")
    alarms = (FINE, INCOMPLETE, INCOMPLETE, UNDEFINED, UNDEFINED, FINE)
    channel = channel_of(PvValue(name="x", kind=kind, value=values[0], unix_s=1.8e9))
    for value in values:
        for alarm in alarms:
            asyncio.run(write(channel, PvValue(name="x", kind=kind, value=value, unix_s=1.8e9, alarm=alarm)))
            assert (channel.alarm.severity, channel.alarm.status) == (alarm.severity, alarm.cause)


@pytest.mark.parametrize("unix_s", [math.nan, math.inf, -math.inf, 0.0, 1e308, -1.0, 1.8e9])
def test_time_stamps_are_some_that_epics_has(unix_s: float) -> None:
    assert 631_152_000 <= stamp(unix_s) < 631_152_000 + 2**32


# ---- networks


def test_searches_to_everybody_are_heard_where_one_address_is_served() -> None:
    assert broadcast_addresses("10.1.2.3", HERE) == ("10.1.2.255",)
    assert broadcast_addresses("127.0.0.1", HERE) == ()
    assert broadcast_addresses("0.0.0.0", HERE) == ()


@pytest.mark.parametrize(
    ("address", "netmask", "broadcast"),
    [
        ("10.1.2.3", "255.255.255.0", "10.1.2.255"),
        ("10.1.2.3", "255.255.240.0", "10.1.15.255"),
        ("127.0.0.1", "255.0.0.0", ""),
        ("10.1.2.3", "255.255.255.255", ""),
        ("10.1.2.2", "255.255.255.254", ""),
    ],
)
def test_the_address_of_everybody(address: str, netmask: str, broadcast: str) -> None:
    assert broadcast_of(address, netmask) == broadcast


@pytest.mark.parametrize(
    ("interfaces", "beacons"),
    [
        (["127.0.0.1"], ("127.0.0.1",)),
        (["10.1.2.3"], ("10.1.2.255",)),
        (["10.1.2.3", "127.0.0.1"], ("10.1.2.255", "127.0.0.1")),
        (["0.0.0.0"], ("127.0.0.1", "10.1.2.255", "192.168.7.255")),
        (["192.0.2.7"], ()),
    ],
)
def test_beacons_stay_on_the_networks_that_are_served(interfaces: list[str], beacons: tuple[str, ...]) -> None:
    assert beacon_addresses(interfaces, HERE) == beacons


def test_what_the_environment_says_of_beacons_goes_first() -> None:
    environ: dict[str, str] = {}
    keep_beacons_within(("10.1.2.255", "127.0.0.1"), environ)
    assert environ == {BEACONS: "10.1.2.255 127.0.0.1", BEACONS_AUTO: "NO"}
    for given_one in ({BEACONS: "10.9.9.9"}, {BEACONS_AUTO: "YES"}):
        environ = dict(given_one)
        keep_beacons_within(("10.1.2.255",), environ)
        assert environ == given_one


# ---- its log


@pytest.fixture
def window() -> OncePerWindow:
    return OncePerWindow()


def line(
    text: str, *, level: int = logging.ERROR, name: str = "caproto.circ", error: Exception | None = None
) -> logging.LogRecord:
    caught = (type(error), error, None) if error else None
    return logging.LogRecord(name, level, "x.py", 1, text, (), caught)


def test_a_line_of_the_library_is_said_once_and_without_its_traceback(window: OncePerWindow) -> None:
    first = line("Invalid write request by %s", error=ValueError("no"))
    assert window.filter(first)
    assert first.exc_info is None
    assert not window.filter(line("Invalid write request by %s"))
    assert window.filter(line("another"))
    assert not window.filter(line("Connected to new client", level=logging.INFO))
    assert all(window.filter(line("ours", name="livereduce.pvs", level=logging.INFO)) for _ in range(3))


def test_a_beacon_that_nobody_wants_is_not_worth_a_line(window: OncePerWindow) -> None:
    assert not window.filter(line("Failed to send beacon to %r", error=ConnectionRefusedError()))
    assert window.filter(line("Failed to send beacon to %r", error=OSError("network is down")))
