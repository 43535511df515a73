from helpers import packets as p
from helpers.wire import walk
from livereduce.simulate.adara.prologue import Prologue
from livereduce.stream.adara.wire import encode
from livereduce.stream.adara.wire.layout import RunStatusCode, Type


def double(time_ns: int, device: int, variable: int, value: float) -> bytes:
    return encode.variable(Type.VARIABLE_DOUBLE, time_ns, device, variable, value)


def test_descriptors_before_values_then_the_rest_in_order() -> None:
    prologue = Prologue()
    banks, geometry = encode.detector_bank_sets(1, []), encode.geometry(1, "<a/>")
    info, beamline = encode.run_info(1, "<r/>"), encode.beamline_info(1, "a", "b", "c")
    first, second = encode.device_descriptor(1, 1, "<d/>"), encode.device_descriptor(1, 2, "<e/>")
    for packet in (banks, double(1, 1, 1, 0.5), geometry, info, second, first, beamline, double(1, 2, 1, 2.5)):
        prologue.note(packet)
    note = encode.annotation(1, "Run 1 Started.")
    expected = [first, double(1, 1, 1, 0.5), second, double(1, 2, 1, 2.5), note, beamline, info, geometry, banks]
    assert prologue.packets((note,)) == b"".join(expected)
    prologue.forget_run()
    assert prologue.packets() == b"".join(packet for packet in expected if packet not in (note, info))


def test_the_newest_of_each_kind_stays() -> None:
    prologue = Prologue()
    for time_ns in (1, 2, 3):
        prologue.note(encode.geometry(time_ns, f"<g{time_ns}/>"))
        prologue.note(double(time_ns, 1, 1, time_ns))
        prologue.note(encode.variable(Type.VARIABLE_STRING, time_ns, 1, 2, str(time_ns)))
        prologue.note(p.multiple(1, time_ns, 1, 3, [(0, time_ns)]))
    assert [(packet.type, packet.time_ns) for packet in walk(prologue.packets())] == [
        (0x8002, 3), (0x8003, 3), (0x8101, 3), (0x400A, 3),
    ]  # fmt: skip


def test_what_is_not_repeated_is_not_kept() -> None:
    prologue = Prologue()
    for packet in (
        encode.sync(1),
        encode.run_status(1, RunStatusCode.STATE, 0, 0),
        encode.annotation(1, "Run 1 Paused."),
    ):
        prologue.note(packet)
    assert prologue.packets() == b""
