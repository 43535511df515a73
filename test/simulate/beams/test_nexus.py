"""A NeXus file as a run: what is played are the file's arrays, read here directly and apart from the product."""

from datetime import datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.event_files import CHARGE_PC, PER_PULSE, PULSES, START, event_file, put
from helpers.paths import DATA, needs_data
from helpers.wire import runs, walk
from livereduce.base.errors import OperatorError
from livereduce.simulate.adara.beam_packets import BeamPackets, pixel_ranges
from livereduce.simulate.adara.passage import Passage
from livereduce.simulate.adara.play import Opening, perform
from livereduce.simulate.adara.store import StreamStore
from livereduce.simulate.beams.nexus import Recorded, read_nexus
from livereduce.simulate.beams.nexus_beam import NexusBeam
from livereduce.stream.adara.wire.encode import PixelRange

S = 10**9
T = 1_164_261_668 * S
FILES = [("REF_L_70977_event.nxs", 25_008, 684_393_285_050), ("EQSANS_1466_event.nxs", 20_422, 18_485_794_100)]


def played(path: Path, **options: Any) -> bytes:
    """Everything that would be sent, without prologues."""
    store = StreamStore()
    parts: list[bytes] = []
    for act in perform(NexusBeam(read_nexus(path)), origin_ns=T, runs=1, gap_s=0.1, **options):
        if isinstance(act, Passage):
            parts.append(act.data.tobytes())
        elif isinstance(act, Opening):
            store.begin(act)
            parts.append(store.join(0).head)
    return b"".join(parts)


@needs_data
@pytest.mark.parametrize(("name", "events", "charge_pc"), FILES)
def test_totals_and_histograms_are_those_of_the_file(name: str, events: int, charge_pc: int) -> None:
    path = DATA / "nexus" / name
    (run,) = [run for run in runs(played(path)) if run.run]
    assert (run.events, run.charge_pc) == (events, charge_pc)
    with h5py.File(path) as file:
        banks = {int(key[4:-7]): file["entry"][key] for key in file["entry"] if key.endswith("_events")}
        assert run.banks == {bank: group["event_id"].shape[0] for bank, group in banks.items()}
        tofs = np.concatenate([group["event_time_offset"][:] for group in banks.values()])
        pixels = np.concatenate([group["event_id"][:] for group in banks.values()])
        charge = file["entry/DASlogs/proton_charge"]
        assert run.pulses == charge["value"].shape[0]
        assert (np.array(run.stamps_ns) - run.stamps_ns[0]).tolist() == np.rint(charge["time"][:] * 1e9).tolist()
    assert np.array_equal(np.sort(run.tofs), np.sort(np.rint(10 * tofs.astype(np.float64))))
    assert np.array_equal(np.bincount(run.pixels), np.bincount(pixels))


@needs_data
@pytest.mark.parametrize(("name", "_events", "_charge"), FILES)
def test_every_log_is_described_and_has_a_value(name: str, _events: int, _charge: int) -> None:
    beam = NexusBeam(read_nexus(DATA / "nexus" / name))
    xml = next(packet for packet in walk(BeamPackets(beam).equipment(T)[0])).payload.decode(errors="replace")
    values = [next(walk(packet)) for packet in BeamPackets(beam).values(T)]
    with h5py.File(DATA / "nexus" / name) as file:
        logs = [key for key, log in file["entry/DASlogs"].items() if "value" in log and key != "proton_charge"]
    assert all(f"<pv_name>{log}</pv_name>" in xml for log in logs)
    assert "<pv_units>meV</pv_units>" in xml or "EQSANS" in name
    assert sorted(packet.words()[1] for packet in values) == list(range(1, len(logs) + 1))
    assert max(packet.time_ns for packet in values) <= T


def write_file(path: Path) -> None:
    """Three pulses, two banks, a monitor, logs of all kinds; what the real files have not, too."""
    with h5py.File(path, "w") as file:
        entry = file.create_group("entry")
        for name, text in (("start_time", "2020-01-01T00:00:00-05:00"), ("run_number", "77"), ("title", "a & b")):
            entry[name] = [text.encode()]
        entry["instrument/name"] = [b"TEST"]
        entry["instrument/instrument_xml/data"] = [b"<instrument/>"]
        times, offset = [10.0, 10.5, 11.0], {"offset": "2020-01-01T00:00:00.25-05:00"}
        for name, index, ids, tofs in (
            ("bank3_events", [0, 2, 2], [5, 6, 7], [1.04, 1.06, 2.0]),
            ("bank1_events", [1, 2**64 - 1, 2**64 - 1], [8, 9], [0.1, 6553.5]),
            ("monitor2", [0, 0, 1], [], [3.0, 4.0]),
        ):
            group = entry.create_group(name)
            group["event_index"] = np.array(index, np.uint64)
            group["event_time_offset"] = np.array(tofs, np.float32)
            group["event_time_zero"] = times
            group["event_time_zero"].attrs.update(offset)
            if ids:
                group["event_id"] = np.array(ids, np.uint32)
        logs = entry.create_group("DASlogs")
        for name, at, value in (
            ("proton_charge", times, [10.0, 20.0, 34.0]),
            ("count", [0.0, 10.2], np.array([3, 4], np.int32)),
            ("signed", [0.0], np.array([-3], np.int32)),
            ("note", [10.0], [b"now"]),
            ("late", [500.0], [1.5]),
            ("table", [0.0], np.zeros((1, 2))),
        ):
            logs[f"{name}/time"], logs[f"{name}/value"] = at, value
            logs[f"{name}/time"].attrs.update(offset)


def test_a_small_file_pulse_by_pulse(tmp_path: Path) -> None:
    write_file(tmp_path / "x.nxs")
    data = played(tmp_path / "x.nxs")
    (run,) = [run for run in runs(data) if run.run]
    assert (run.run, run.pulses, run.events, run.charge_pc, run.monitor_events) == (77, 3, 5, 60, 2)
    assert (np.array(run.stamps_ns) - run.stamps_ns[0]).tolist() == [0, S // 2, S]
    assert run.banks == {1: 2, 3: 3}
    assert run.tofs == [1, 65535, 10, 11, 20]
    assert run.pixels == [8, 9, 5, 6, 7]
    assert next(packet.payload for packet in walk(data) if packet.type == 0x400A)[4:17] == b"<instrument/>"


def test_logs_as_they_were_at_the_start_and_as_they_change(tmp_path: Path) -> None:
    write_file(tmp_path / "x.nxs")
    beam = NexusBeam(read_nexus(tmp_path / "x.nxs"))
    start = {packet.words()[1]: packet for raw in BeamPackets(beam).values(T) for packet in walk(raw)}
    count, late, note, signed = (start[k] for k in (1, 2, 3, 4))
    assert (count.type, count.words()[3], count.time_ns - T) == (0x8001, 3, -10 * S)
    assert (late.type, late.time_ns) == (0x8002, T)
    assert (note.type, note.payload[12:]) == (0x8003, b"\3\0\0\0now\0")
    assert (signed.type, np.frombuffer(signed.payload[12:], "<f8")[0]) == (0x8002, -3.0)
    changes = [packet for each in BeamPackets(beam).run(T) if each.noted for packet in walk(each.data.tobytes())]
    assert [(packet.type, packet.time_ns - T, packet.words()[3]) for packet in changes] == [(0x8001, 200_000_000, 4)]


def test_a_run_can_be_cut_short(tmp_path: Path) -> None:
    write_file(tmp_path / "x.nxs")
    (run,) = [run for run in runs(played(tmp_path / "x.nxs", run_s=0.6)) if run.run]
    assert (run.pulses, run.events) == (2, 4)


@given(st.sets(st.integers(0, 300), min_size=1))
def test_pixel_ranges_cover_exactly_the_pixels(pixels: set[int]) -> None:
    ranges = pixel_ranges(4, np.array(sorted(pixels), np.int64))
    assert [each.logical + k for each in ranges for k in range(each.count)] == sorted(pixels)
    assert {each.bank for each in ranges} == {4}


def test_long_pixel_ranges_are_parted() -> None:
    assert pixel_ranges(1, np.arange(5, 40_005)) == [
        PixelRange(bank=1, physical=5, logical=5, count=32_767),
        PixelRange(bank=1, physical=32_772, logical=32_772, count=7_233),
    ]


def test_what_is_no_event_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"absent\.nxs: cannot be read"):
        read_nexus(tmp_path / "absent.nxs")
    (tmp_path / "text.nxs").write_text("no")
    with pytest.raises(OperatorError, match=r"text\.nxs: cannot be read as a NeXus file"):
        read_nexus(tmp_path / "text.nxs")
    with h5py.File(tmp_path / "empty.nxs", "w") as file:
        file["entry/start_time"] = [b"2020-01-01T00:00:00-05:00"]
    with pytest.raises(OperatorError, match="no bank with events"):
        read_nexus(tmp_path / "empty.nxs")


def test_pulses_in_any_order_keep_their_events(tmp_path: Path) -> None:
    def shuffle(entry: h5py.Group) -> None:
        times = entry["bank1_events/event_time_zero"]
        times[...] = times[...][::-1]

    plain = read_nexus(event_file(tmp_path / "plain.nxs"))
    turned = read_nexus(event_file(tmp_path / "turned.nxs", shuffle))

    def of_pulse(recorded: Recorded, pulse: int, bank: int) -> list[int]:
        first, stop = recorded.section_first[pulse : pulse + 2]
        (section,) = [each for each in range(first, stop) if recorded.bank[each] == bank]
        tofs: list[int] = recorded.tof[recorded.event_first[section] : recorded.event_first[section + 1]].tolist()
        return tofs

    for pulse in range(PULSES):
        assert of_pulse(turned, pulse, 1) == of_pulse(plain, PULSES - 1 - pulse, 1)
        assert of_pulse(turned, pulse, 2) == of_pulse(plain, pulse, 2)
    assert "they are sorted" in turned.notes[0]


def test_pulses_at_one_time_are_one_pulse_with_the_charge_of_both(tmp_path: Path) -> None:
    def twice(entry: h5py.Group) -> None:
        for name in ("bank1_events/event_time_zero", "bank2_events/event_time_zero", "DASlogs/proton_charge/time"):
            entry[name][1::2] = entry[name][::2]

    (run,) = [run for run in runs(played(event_file(tmp_path / "x.nxs", twice))) if run.run]
    assert (run.pulses, run.events, run.charge_pc) == (PULSES // 2, 2 * PULSES * PER_PULSE, PULSES * CHARGE_PC)
    assert run.banks == {1: PULSES * PER_PULSE, 2: PULSES * PER_PULSE}
    assert any("6 pulses have the time of another" in note for note in read_nexus(tmp_path / "x.nxs").notes)


def test_times_that_differ_by_rounding_are_one_pulse(tmp_path: Path) -> None:
    """One bank counts from 1970, as doubles: its pulses come 120 ns early or late."""

    def rounded(entry: h5py.Group) -> None:
        start_s = datetime.fromisoformat(START).timestamp()
        put(entry, "bank2_events/event_time_zero", start_s + entry["bank2_events/event_time_zero"][()], units="second")

    (run,) = [run for run in runs(played(event_file(tmp_path / "x.nxs", rounded))) if run.run]
    assert (run.pulses, run.events, run.charge_pc) == (PULSES, 2 * PULSES * PER_PULSE, PULSES * CHARGE_PC)


def test_no_pulses_is_said(tmp_path: Path) -> None:
    def nothing(entry: h5py.Group) -> None:
        for name in ("event_id", "event_index", "event_time_offset", "event_time_zero"):
            for bank in ("bank1_events", "bank2_events"):
                put(entry, f"{bank}/{name}", np.zeros(0, np.uint32))
        del entry["DASlogs/proton_charge"]

    with pytest.raises(OperatorError, match="found no pulses"):
        read_nexus(event_file(tmp_path / "x.nxs", nothing))


def test_a_monitor_time_that_the_stream_cannot_carry_is_refused(tmp_path: Path) -> None:
    def late(entry: h5py.Group) -> None:
        for name, values in (("event_index", [0]), ("event_time_zero", [0.0]), ("event_time_offset", [1.0, 3e5])):
            put(entry, f"monitor1/{name}", values)

    with pytest.raises(OperatorError, match=r"monitor1/event_time_offset\[1\]: expected at most 209715 µs"):
        read_nexus(event_file(tmp_path / "x.nxs", late))


def test_logs_at_any_time_are_played_to_the_end(tmp_path: Path) -> None:
    def odd(entry: h5py.Group) -> None:
        put(entry, "DASlogs/jumpy/time", [3.0, np.nan, -4e6, 0.1])
        put(entry, "DASlogs/jumpy/value", [1.0, 2.0, 3.0, np.nan])

    beam = NexusBeam(read_nexus(event_file(tmp_path / "x.nxs", odd)))
    changes = [packet for each in BeamPackets(beam).run(T) if each.noted for packet in walk(each.data.tobytes())]
    assert sorted(packet.time_ns - T for packet in changes) == [S // 10, S // 10]
    assert min(next(walk(packet)).time_ns for packet in BeamPackets(beam).values(T)) == T - 4_000_000 * S
