"""The reader of event files: odd files are read rightly and said, or refused with file, path, index and reason."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from helpers.event_files import CHARGE_PC, PER_PULSE, PULSES, START, event_file, put
from livereduce.base.errors import OperatorError
from livereduce.stream.nexus.contents import EventFile
from livereduce.stream.nexus.event_file import read_event_file

Spoil = Callable[[h5py.Group], object]
B1 = "bank1_events"
TOTAL = 2 * PULSES * PER_PULSE


def setting(path: str, values: Any, **attributes: Any) -> Spoil:
    """In place of what the plain file has there."""

    def spoil(entry: h5py.Group) -> None:
        put(entry, path, values, **attributes)

    return spoil


def changing(path: str, change: Callable[[Any], Any]) -> Spoil:
    """The values of a field, changed; its attributes stay."""

    def spoil(entry: h5py.Group) -> None:
        put(entry, path, change(entry[path][()]), **dict(entry[path].attrs))

    return spoil


def at(index: int, value: Any, dtype: Any = None) -> Callable[[Any], Any]:
    def change(values: Any) -> Any:
        values = values.astype(dtype or values.dtype)
        values[index] = value
        return values

    return change


def dropping(*paths: str) -> Spoil:
    def spoil(entry: h5py.Group) -> None:
        for path in paths:
            del entry[path]

    return spoil


def linking(path: str, target: str) -> Spoil:
    def spoil(entry: h5py.Group) -> None:
        if path in entry:
            del entry[path]
        entry[path] = h5py.SoftLink(target)

    return spoil


def both(*spoils: Spoil) -> Spoil:
    def spoil(entry: h5py.Group) -> None:
        for each in spoils:
            each(entry)

    return spoil


def read(tmp_path: Path, spoil: Spoil) -> EventFile:
    return read_event_file(event_file(tmp_path / "odd.nxs", spoil))


def test_a_plain_file_is_read_without_a_remark(tmp_path: Path) -> None:
    file = read(tmp_path, lambda entry: None)
    assert (file.run, file.instrument, file.title, file.notes) == (4711, "TEST", "plain", ())
    assert [bank.tof_us.size for bank in file.banks] == [TOTAL // 2, TOTAL // 2]
    assert file.charge_pc.sum() == PULSES * CHARGE_PC
    assert file.charge_ns.tolist() == np.rint(np.arange(PULSES) / 60 * 1e9).tolist()
    assert [(log.name, log.units, log.time_s.tolist()) for log in file.logs] == [("temp", "K", [0.0, 0.1])]


REFUSED: dict[str, tuple[Spoil, str]] = {
    "bank above 16 bits": (
        lambda entry: entry.move(B1, "bank70000_events"),
        "/entry/bank70000_events: expected a bank from 0 to 65535, found 70000",
    ),
    "one bank twice": (
        lambda entry: entry.copy(B1, "bank01_events"),
        "/entry/bank1_events: expected one group of events for bank 1, found /entry/bank01_events too",
    ),
    "pixel above 32 bits": (
        changing(f"{B1}/event_id", at(7, 2**33, np.uint64)),
        r"/entry/bank1_events/event_id[7]: expected 0 to 4294967295, found 8589934592",
    ),
    "negative pixel": (
        changing(f"{B1}/event_id", at(3, -1, np.int32)),
        "event_id[3]: expected 0 to 4294967295, found -1",
    ),
    "pixels as floats": (changing(f"{B1}/event_id", lambda ids: ids.astype(float)), "event_id: expected whole numbers"),
    "fewer pixels than times": (changing(f"{B1}/event_id", lambda ids: ids[:-3]), "event_id: expected 48 values"),
    "time of flight NaN": (changing(f"{B1}/event_time_offset", at(5, np.nan)), "event_time_offset[5]: expected 0 to"),
    "time of flight negative": (changing(f"{B1}/event_time_offset", at(5, -1)), "event_time_offset[5]: expected 0 to"),
    "time of flight in furlongs": (
        setting(f"{B1}/event_time_offset", np.ones(48), units="furlong"),
        "event_time_offset: expected a unit (microsecond",
    ),
    "times of flight as text": (setting(f"{B1}/event_time_offset", [b"1"] * 48), "event_time_offset: expected numbers"),
    "index shorter": (
        changing(f"{B1}/event_index", lambda index: index[:-3]),
        "event_index: expected 12 values, one per pulse",
    ),
    "index falls": (changing(f"{B1}/event_index", at(6, 3)), "event_index[6]: expected at least 20"),
    "index as floats": (changing(f"{B1}/event_index", lambda index: index / 2), "event_index: expected whole numbers"),
    "index as a table": (
        changing(f"{B1}/event_index", lambda index: index.reshape(3, 4)),
        "event_index: expected one column",
    ),
    "events without pulses": (
        both(setting(f"{B1}/event_time_zero", np.zeros(0)), setting(f"{B1}/event_index", np.zeros(0, np.uint64))),
        "event_time_zero: expected pulses, found none for 48 events",
    ),
    "pulse time NaN": (
        changing(f"{B1}/event_time_zero", at(2, np.nan)),
        "event_time_zero[2]: expected a time of this run",
    ),
    "pulse time of another century": (
        changing(f"{B1}/event_time_zero", at(2, 3e9)),
        "event_time_zero[2]: expected a time of this run",
    ),
    "bank field missing": (dropping(f"{B1}/event_index"), "event_index: expected a dataset, found nothing"),
    "bank field a dangling link": (
        linking(f"{B1}/event_index", "/none"),
        "event_index: expected a dataset, found a broken link",
    ),
    "bank a dangling link": (linking(B1, "/none"), "bank1_events: expected a group of events"),
    "field a group": (
        lambda entry: [dropping(f"{B1}/event_time_zero")(entry), entry.create_group(f"{B1}/event_time_zero")],
        "event_time_zero: expected a dataset, found a group",
    ),
    "start_time in words": (setting("start_time", [b"yesterday"]), "expected a time such as 2024-03-01"),
    "offset in words": (
        setting(f"{B1}/event_time_zero", np.zeros(PULSES), offset="noon"),
        "event_time_zero: expected a time",
    ),
    "run number in words": (setting("run_number", [b"seven"]), "run_number: expected a run number from 1"),
    "run number 0": (setting("run_number", 0), "run_number: expected a run number from 1"),
    "charges without times": (
        changing("DASlogs/proton_charge/value", lambda charge: charge[:-1]),
        "proton_charge/value: expected 12 values",
    ),
    "charge in euros": (
        setting("DASlogs/proton_charge/value", np.ones(PULSES), units="EUR"),
        "proton_charge/value: expected a unit (",
    ),
    "no banks": (dropping(B1, "bank2_events"), "no bank with events"),
}


@pytest.mark.parametrize(("spoil", "said"), REFUSED.values(), ids=REFUSED)
def test_a_bad_field_is_refused_by_name(tmp_path: Path, spoil: Spoil, said: str) -> None:
    with pytest.raises(OperatorError, match=re.escape(said)) as raised:
        read(tmp_path, spoil)
    assert str(raised.value).startswith(f"{tmp_path}/odd.nxs: /entry")


def test_a_file_without_an_entry_says_what_it_has(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "isis.nxs", "w") as file:
        file.create_group("processed")
    with pytest.raises(OperatorError, match=r"isis\.nxs: expected a group /entry, found processed"):
        read_event_file(tmp_path / "isis.nxs")


UNIX_START_S = 1_709_312_400
PLAYED: dict[str, tuple[Spoil, str]] = {
    "no proton charge": (dropping("DASlogs/proton_charge"), "no proton charge; every pulse has 0 pC"),
    "start without a zone": (
        setting("start_time", [START[:-6].encode()]),
        "times without a time zone are read as UTC-05:00",
    ),
    "no start": (dropping("start_time"), "no start_time"),
    "no run number": (dropping("run_number"), "no run_number; played as run 1"),
    "since 1970": (
        lambda entry: put(entry, f"{B1}/event_time_zero", UNIX_START_S + np.arange(PULSES) / 60, units="second"),
        "/entry/bank1_events/event_time_zero: times count from 1970",
    ),
    "weights": (setting(f"{B1}/event_weight", np.ones(48)), "bank1_events: event weights are left out"),
    "error events": (
        setting("bank_error_events/event_id", [1]),
        "bank_error_events: left out: its events belong to no bank",
    ),
    "a bank without pixels": (setting("bank7_events/event_index", [0]), "bank7_events: left out: it has no event_id"),
    "first event not in a pulse": (
        changing(f"{B1}/event_index", at(0, 1)),
        "events before the first pulse's are counted",
    ),
    "a monitor of a high number": (setting("monitor5000/event_index", [0]), "monitor5000: left out"),
}


@pytest.mark.parametrize(("spoil", "said"), PLAYED.values(), ids=PLAYED)
def test_an_odd_field_is_said_and_every_event_read(tmp_path: Path, spoil: Spoil, said: str) -> None:
    file = read(tmp_path, spoil)
    assert any(said in note for note in file.notes), file.notes
    assert sum(bank.tof_us.size for bank in file.banks) == TOTAL
    first, second = (bank.pulse_ns for bank in file.banks)
    assert np.abs(first - second).max() < 1000  # times since 1970 are good to 0.2 µs as doubles
    assert [log.name for log in file.logs] == ["temp"]


SAME: dict[str, Spoil] = {
    "attributes are arrays": lambda entry: entry[f"{B1}/event_time_zero"].attrs.update(
        offset=np.array([START.encode()]), units=np.array([b"second"])
    ),
    "index closed by the writer": changing(f"{B1}/event_index", lambda index: np.append(index, 48).astype(np.int64)),
    "columns of one": changing(f"{B1}/event_id", lambda ids: ids.reshape(-1, 1)),
    "signed pixels": changing(f"{B1}/event_id", lambda ids: ids.astype(np.int64)),
    "nanoseconds": setting(f"{B1}/event_time_offset", np.arange(48) * 10_000 + 1000, units="ns"),
    "texts as scalars": both(setting("title", b"plain"), setting("run_number", b"4711"), setting("start_time", START)),
    "a run number as a number": setting("run_number", 4711),
    "pulse times as whole nanoseconds": lambda entry: put(
        entry, f"{B1}/event_time_zero", np.rint(np.arange(PULSES) / 60 * 1e9).astype(np.int64), units="ns", offset=START
    ),
}  # fmt: skip


@pytest.mark.parametrize("spoil", SAME.values(), ids=SAME)
def test_other_ways_to_write_the_same_are_the_same(tmp_path: Path, spoil: Spoil) -> None:
    plain = read_event_file(event_file(tmp_path / "plain.nxs"))
    other = read(tmp_path, spoil)
    assert (other.notes, other.run, other.title) == ((), plain.run, plain.title)
    for bank, same in zip(other.banks, plain.banks, strict=True):
        assert bank.pixel is not None
        assert same.pixel is not None
        assert bank.pixel.tolist() == same.pixel.tolist()
        assert bank.pulse_ns.tolist() == same.pulse_ns.tolist()
        assert bank.first.tolist() == same.first.tolist()
        assert np.allclose(bank.tof_us, same.tof_us, rtol=1e-12)


def test_another_entry_is_named(tmp_path: Path) -> None:
    """Files of polarised neutrons have one for each spin state; playing one of them must not look like all."""
    file = read(tmp_path, lambda entry: entry.file.copy("/entry", "entry-Off_On"))
    assert file.notes == ("entry-Off_On: left out: only /entry is played",)
    assert sum(bank.tof_us.size for bank in file.banks) == TOTAL


def test_a_file_without_logs_has_its_events(tmp_path: Path) -> None:
    file = read(tmp_path, dropping("DASlogs"))
    assert (len(file.banks), file.logs, file.charge_pc.size) == (2, (), 0)


def test_charges_that_cannot_be_are_clipped_and_said(tmp_path: Path) -> None:
    odd = [-1000.0, np.nan, np.inf, 1e30, 5.0, *[CHARGE_PC] * (PULSES - 5)]
    file = read(tmp_path, changing("DASlogs/proton_charge/value", lambda _: odd))
    assert file.charge_pc[:5].tolist() == [0.0, 0.0, 42949672950.0, 42949672950.0, 5.0]
    assert "4 impossible charges (the first is -1000 pC at index 0)" in file.notes[0]


def test_charge_in_microampere_hours(tmp_path: Path) -> None:
    file = read(tmp_path, setting("DASlogs/proton_charge/value", np.full(PULSES, 1e-6), units="uAh"))
    assert np.allclose(file.charge_pc, 3600.0)


def log_of(tmp_path: Path, time: Any, value: Any, name: str = "odd") -> tuple[dict[str, Any], tuple[str, ...]]:
    def spoil(entry: h5py.Group) -> None:
        if time is not None:
            put(entry, f"DASlogs/{name}/time", time)
        put(entry, f"DASlogs/{name}/value", value)

    file = read(tmp_path, spoil)
    return {log.name: log for log in file.logs if log.name != "temp"}, file.notes


@pytest.mark.parametrize(
    ("time", "value", "read_as"),
    [
        ([0.0, 1.0], np.array([[b"a"], [b"b"]]), [b"a", b"b"]),
        (0.5, 3.25, [3.25]),
        (None, [7], [7]),
        ([0.0], np.array([[4.0]]), [4.0]),
        ([2.0, 1.0, 3.0], [20, 10, 30], [10, 20, 30]),
        ([0.0, np.nan, 1e12, 2.0], [1.0, 2.0, 3.0, np.nan], [1.0, np.nan]),
        ([0.0, 1.0], np.array(["ä".encode(), b""]), ["ä".encode(), b""]),
        (np.array([0, 1], np.longdouble), np.array([1.5, 2], np.longdouble), [1.5, 2.0]),
    ],
    ids=["column of texts", "scalars", "no time", "table of one", "not in order", "impossible times", "bytes", "wide"],
)
def test_odd_logs_are_played(tmp_path: Path, time: Any, value: Any, read_as: list[Any]) -> None:
    logs, _ = log_of(tmp_path, time, value)
    assert repr(logs["odd"].value.tolist()) == repr(read_as)
    assert (np.diff(logs["odd"].time_s) >= 0).all()


@pytest.mark.parametrize(
    ("time", "value", "said"),
    [
        ([0.0], np.zeros((1, 2)), "expected one column, found shape (1, 2)"),
        ([0.0, 1.0], [1.0], "1 values at 2 times"),
        (None, [1.0, 2.0], "its values have no times"),
        ([0.0], np.array([1 + 2j]), "neither numbers nor texts"),
        ([], [], "it has no values"),
        ([b"noon"], [1.0], "expected numbers"),
    ],
    ids=["table", "lengths", "no times", "complex", "empty", "times in words"],
)
def test_logs_that_cannot_be_played_are_named(tmp_path: Path, time: Any, value: Any, said: str) -> None:
    logs, notes = log_of(tmp_path, time, value)
    assert not logs
    assert any(note.startswith("odd: left out: ") and said in note for note in notes), notes


def test_what_is_no_log_is_named_once_a_reason(tmp_path: Path) -> None:
    def spoil(entry: h5py.Group) -> None:
        for number in range(7):
            entry[f"DASlogs/dangling{number}"] = h5py.SoftLink("/none")
        entry["DASlogs/plain"] = b"a dataset"
        entry["DASlogs/elsewhere"] = h5py.ExternalLink("absent.nxs", "/x")

    (note,) = read(tmp_path, spoil).notes
    assert note.startswith("dangling0, dangling1, dangling2, dangling3, dangling4 and 4 more: left out: not a log")


def test_a_name_that_is_not_utf8_is_played(tmp_path: Path) -> None:
    def spoil(entry: h5py.Group) -> None:
        put(h5py.Group(h5py.h5g.create(entry["DASlogs"].id, b"tem\xb0C")), "value", 1.0)
        h5py.h5g.create(entry.id, b"ban\xff_events")

    assert [log.name for log in read(tmp_path, spoil).logs] == ["temp", "tem\ufffdC"]


def test_names_are_made_fit_for_xml_and_stay_apart(tmp_path: Path) -> None:
    def spoil(entry: h5py.Group) -> None:
        for name in ("a\x01b", "a\x02b", "a_b"):
            put(entry, f"DASlogs/{name}/value", 1.0)
        put(entry, "title", [b"bad \x01\x1b[31m title \xff"])

    file = read(tmp_path, spoil)
    assert [log.name for log in file.logs] == ["a_b", "a_b_2", "a_b_3", "temp"]
    assert file.title == "bad _[31m title \ufffd"
