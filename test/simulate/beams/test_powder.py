from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers.wire import banks, runs, walk
from livereduce.engine.geometry.reading.building import instrument_of
from livereduce.simulate.adara.beam_packets import BeamPackets
from livereduce.simulate.adara.passage import Passage
from livereduce.simulate.beams.powder import (
    L1_M,
    L2_M,
    MONITOR_M,
    PIXELS,
    d_spacings,
    definition_xml,
    difc,
    two_theta_deg,
)
from livereduce.simulate.beams.powder_beam import PowderBeam

T = 1_164_261_668 * 10**9


def some_seconds(beam: PowderBeam, seconds: int) -> bytes:
    data = b""
    for passage in BeamPackets(beam).run(T):
        if passage.due_ns[-1] >= T + seconds * 10**9:
            break
        data += passage.data.tobytes()
    return data


def state(run: int) -> bytes:
    return np.array([20, 0x400301, 0, 0, run, 0, 5 << 24, 0, 0], "<u4").tobytes()


def test_difc_is_the_documented_formula() -> None:
    assert two_theta_deg(np.array([0, PIXELS - 1])).tolist() == [30.0, 150.0]
    assert difc(np.array([PIXELS - 1]))[0] == pytest.approx(252.7784 * 15 * 2 * np.sin(np.radians(75)))


def test_bragg_peaks_lie_at_the_d_spacings_of_diamond() -> None:
    (run,) = runs(state(1) + some_seconds(PowderBeam(200_000), 2))
    d = np.array(run.tofs) / 10 / difc(np.array(run.pixels))
    for expected in d_spacings()[:4]:
        near = np.abs(d / expected - 1)
        inside, beside = np.count_nonzero(near < 0.008), np.count_nonzero((near > 0.02) & (near < 0.028))
        assert inside > 2 * beside
        assert np.median(d[near < 0.008]) == pytest.approx(expected, rel=1e-3)


def test_events_follow_the_rate_without_drift_and_fill_all_banks() -> None:
    (run,) = runs(state(1) + some_seconds(PowderBeam(1003, monitor_events=2), 10))
    assert (run.pulses, run.events, run.monitor_events) == (600, 10_030, 1200)
    assert sorted(run.banks) == [1, 2, 3, 4]
    assert max(run.pixels) < PIXELS
    assert max(run.tofs) <= 166_667


def test_events_stand_in_the_bank_of_their_pixel() -> None:
    for packet in walk(some_seconds(PowderBeam(3000), 1)):
        if packet.type == 0x4000:
            for _, sections in banks(packet):
                for bank, _, events in sections:
                    assert events
                    assert {pixel // 1024 + 1 for _, pixel in events} == {bank}


def test_in_order_the_events_of_a_bank_rise_in_time_and_keep_their_pixels() -> None:
    drawn, ordered = (
        list(walk(some_seconds(PowderBeam(30_000, pixels=4096, banks=32, in_order=wanted), 1)))
        for wanted in (False, True)
    )
    for one, other in zip(drawn, ordered, strict=True):
        assert one.type == other.type
        if one.type == 0x4000:
            ((_, sections),), ((_, sorted_sections),) = banks(one), banks(other)
            assert {pixel // 128 + 1 for bank, _, events in sections for _, pixel in events} == {
                bank for bank, _, _ in sections
            }
            assert sorted_sections == [
                (bank, state, sorted(events, key=lambda event: event[0])) for bank, state, events in sections
            ]


def test_a_bright_beam_is_drawn_once_and_stamped_again() -> None:
    """48 000 events a pulse: the pool is full after some blocks, later ones repeat it with later stamps."""
    beam = PowderBeam(48_000 * 60)
    passages: list[Passage] = []
    for passage in BeamPackets(beam).run(T):
        passages += [] if passage.noted else [passage]
        if len(passages) == 8:
            break
    blocks = [[packet.payload for packet in walk(each.data.tobytes()) if packet.type == 0x4000] for each in passages]
    events = [[payload[16:] for payload in block] for block in blocks]
    repeated = [k for k in range(1, 8) if events[k] == events[0]]
    assert repeated
    stamps = np.concatenate([each.due_ns for each in passages])
    assert np.all(np.diff(stamps) >= 0)
    cycles = [int.from_bytes(payload[8:12], "little") for block in blocks for payload in block]
    assert cycles == [k % 600 for k in range(len(cycles))]


def test_temperature_each_second() -> None:
    packets = list(walk(some_seconds(PowderBeam(600), 5)))
    values = [packet.time_ns for packet in packets if packet.type == 0x8002]
    assert values == [T + k * 10**9 for k in range(1, 5)]


def test_the_definition_names_every_pixel_once() -> None:
    root = ElementTree.fromstring(definition_xml())
    ids = [each for each in root.iter("id") if "start" in each.attrib]
    assert [(each.get("start"), each.get("end")) for each in ids] == [
        ("0", "1023"), ("1024", "2047"), ("2048", "3071"), ("3072", "4095"),
    ]  # fmt: skip
    angles = [(float(each.get("t", "")), float(each.get("t-end", ""))) for each in root.iter("locations")]
    assert angles[0][0] == pytest.approx(30)
    assert angles[-1][1] == pytest.approx(150)


@pytest.mark.parametrize("pixels", [PIXELS, 400])
def test_the_definition_is_that_of_the_beam(pixels: int) -> None:
    instrument = instrument_of(definition_xml(pixels))
    number = np.arange(pixels)
    found = instrument.index_of(number.astype(np.int32))
    assert instrument.l1 == L1_M
    assert_allclose(instrument.l2[found], L2_M, rtol=1e-12)
    assert_allclose(np.degrees(instrument.two_theta[found]), two_theta_deg(number, pixels), atol=1e-7)
    assert instrument.ids[instrument.is_monitor].tolist() == [-1]
    assert_allclose(instrument.position[instrument.is_monitor], [[0, 0, MONITOR_M - L1_M]])
    many = instrument_of(definition_xml(pixels, banks=16))
    assert_allclose(many.position[many.index_of(number.astype(np.int32))], instrument.position[found], atol=1e-7)


@pytest.mark.parametrize("pixels", [0, 1023, 200_000])
def test_pixels_must_part_into_banks_that_a_map_can_carry(pixels: int) -> None:
    with pytest.raises(ValueError, match=f"{pixels} pixels: expected a multiple of 4, at most 131068"):
        PowderBeam(600, pixels=pixels)
