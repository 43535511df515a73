"""Two variables never share a log, and none takes the name of a log of livereduce's own."""

import pytest

from helpers import packets as p
from helpers.decoding import Stream, logs_of
from helpers.packets import T0
from livereduce.stream.adara.names import Names
from livereduce.stream.adara.wire.packets import DeviceDescriptor
from livereduce.stream.items import OUR_LOGS, LogBatch


def device(number: int, name: str, *names: str, units: str = "K") -> DeviceDescriptor:
    return DeviceDescriptor(device=number, name=name, variables={k: (one, units) for k, one in enumerate(names, 1)})


def named(*packets: DeviceDescriptor) -> dict[tuple[int, int], str]:
    names = Names()
    for packet in packets:
        names.learn(packet)
    return {(packet.device, k): names.of(packet.device, k)[0] for packet in packets for k in packet.variables}


def test_the_first_keeps_the_plain_name_and_the_second_is_told_apart(caplog: pytest.LogCaptureFixture) -> None:
    assert named(device(1, "Magnet", "Temp", "Field"), device(2, "Cryostat", "Temp")) == {
        (1, 1): "Temp", (1, 2): "Field", (2, 1): "Temp@Cryostat",
    }  # fmt: skip
    assert caplog.messages == [
        "the name 'Temp' is already used by another variable: variable 1 of device 2 is the log 'Temp@Cryostat'"
    ]


@pytest.mark.parametrize("again", [1, 2])
def test_a_descriptor_that_comes_again_changes_nothing(again: int, caplog: pytest.LogCaptureFixture) -> None:
    both = [device(1, "A", "Temp"), device(2, "B", "Temp")]
    assert named(*both, *(both[again - 1 :] * 3)) == {(1, 1): "Temp", (2, 1): "Temp@B"}
    assert len(caplog.messages) == 1


def test_names_differ_whatever_the_devices_are_called() -> None:
    packets = [device(k, name, "Temp", "Temp") for k, name in enumerate(["", "A", "A", "", "device1"])]
    found = named(*packets)
    assert len(set(found.values())) == len(found)
    assert found[0, 1] == "Temp"
    assert found[1, 1] == "Temp@A"
    assert found[2, 1] == "Temp@device2"


@pytest.mark.parametrize("name", [*sorted(OUR_LOGS), "monitor1_counts"])
def test_a_variable_called_like_one_of_ours_is_called_otherwise(name: str) -> None:
    assert named(device(7, "Dev", name)) == {(7, 1): f"{name}@Dev"}
    assert named(device(7, "", name)) == {(7, 1): f"{name}@device7"}


def test_a_name_that_is_given_up_is_free() -> None:
    names = Names()
    for packet in (device(1, "A", "Temp"), device(1, "A", "Other"), device(2, "B", "Temp")):
        names.learn(packet)
    assert (names.of(1, 1), names.of(2, 1)) == (("Other", "K"), ("Temp", "K"))


def test_units_may_change_alone() -> None:
    names = Names()
    names.learn(device(1, "A", "Temp"))
    names.learn(device(1, "A", "Temp", units="°C"))
    assert names.of(1, 1) == ("Temp", "°C")


def test_values_of_two_devices_are_two_logs() -> None:
    stream = Stream()
    stream.feed(p.descriptor(T0, 1, "A", {1: ("Temp", "K")}) + p.variable(2, T0, 1, 1, 300.0))
    items = stream.feed(
        p.descriptor(T0 + 1, 2, "B", {1: ("Temp", "degC")})
        + p.variable(2, T0 + 1, 1, 1, 301.0)
        + p.variable(2, T0 + 1, 2, 1, 27.0)
    )
    assert logs_of(items) == {"Temp": [(T0 + 1, 301.0)], "Temp@B": [(T0 + 1, 27.0)]}
    assert {item.name: item.units for item in items if isinstance(item, LogBatch)} == {"Temp": "K", "Temp@B": "degC"}


INVALID, DISCONNECTED = 3, 0xFFFE << 16 | 3


def test_alarms_of_words_and_lists_stay_with_them() -> None:
    stream = Stream()
    items = stream.feed(
        p.variable(3, T0, 1, 1, "on")
        + p.variable(3, T0, 1, 1, "on", DISCONNECTED)
        + p.variable(3, T0, 1, 1, "on", DISCONNECTED)
        + p.variable(5, T0, 1, 2, [1.0, 2.0], INVALID)
        + p.variable(1, T0, 1, 3, 7)
    )
    found = [
        (item.name, None if item.invalid is None else item.invalid.tolist())
        for item in items
        if isinstance(item, LogBatch)
    ]
    assert found == [("device1.1", None), ("device1.1", [True]), ("device1.2", [True]), ("device1.3", None)]
