"""What is recorded reads as it was received; what is missing is said; nothing is written twice."""

import os
from pathlib import Path

import pytest

from helpers import packets as p
from helpers.decoding import edges_of, pulses_of
from helpers.packets import NO_RUN, NS, T0
from helpers.recorded import (
    PERIOD_NS,
    RUN,
    Stream,
    begins,
    data_of,
    ends,
    joined,
    prologue,
    pulse,
    pulses,
    read_again,
)
from helpers.wire import walk
from livereduce.recorder import run_files
from livereduce.stream.items import Gap, Item, LogBatch, RunEnded, RunStarted
from livereduce.stream.recording.cutting import ANOTHER_CONNECTION, LATE, NOT_RUNNING
from livereduce.stream.recording.runs import read_recording

NAME = f"TST_{RUN}"


def gaps(items: list[Item]) -> list[tuple[str, int, int]]:
    return [(one.reason, one.from_ns, one.to_ns) for one in items if isinstance(one, Gap)]


def time_of(k: int) -> int:
    return T0 + k * PERIOD_NS


def files_of(directory: Path, name: str = NAME) -> list[str]:
    return sorted(path.name for path in (directory / name).iterdir())


def test_a_run_reads_as_it_was_received(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    stream.connect()
    stream.feed(p.run_status(T0 - NS, NO_RUN) + prologue(0), pulse(-30), begins() + pulses(0, 20), pulses(20, 50))
    stream.feed(ends() + pulses(101, 110))
    again = read_again(tmp_path / NAME)
    assert data_of(again, since_ns=T0) == data_of(stream.items, since_ns=T0)
    live = [item for item in edges_of(stream.items) if item.run == RUN]
    assert [item for item in edges_of(again) if isinstance(item, RunStarted | RunEnded)] == [
        item for item in live if isinstance(item, RunStarted | RunEnded)
    ]
    assert files_of(tmp_path) == [f"{NAME}_0001.adara", "index.jsonl"]
    recording = read_recording(tmp_path / NAME)
    assert (recording.run, recording.pulses, recording.missing) == (RUN, 50, ())
    assert recording.over
    assert recording.over.seen


def test_every_packet_of_the_run_is_in_the_file_as_it_came(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    odd = p.packet(0x4321, 7, T0, b"12345678")
    came = begins() + pulses(0, 3) + odd + pulses(3, 5) + ends()
    stream.feed(came)
    data = (tmp_path / NAME / f"{NAME}_0001.adara").read_bytes()
    assert came[len(p.sync(T0)) :] in data
    list(walk(data))


def test_a_file_is_decodable_on_its_own(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    stream.feed(begins() + pulses(0, 10))
    stream.drop(pulses(10, 20))
    stream.feed(pulses(20, 30))
    stream.writer.close()
    items = read_again(tmp_path / NAME / f"{NAME}_0002.adara")
    assert [one.from_start for one in items if isinstance(one, RunStarted)] == [False]
    names = {item.name for item in items if isinstance(item, LogBatch)}
    assert names == {"temperature", "state"}
    assert [time for _, time, _ in pulses_of(items)] == [time_of(k) for k in range(20, 30)]


def test_dropped_bytes_are_a_marked_gap(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    stream.feed(begins() + pulses(0, 10))
    stream.drop(pulses(10, 20), why="the disk is too slow")
    stream.feed(pulses(20, 30) + ends())
    items = read_again(tmp_path / NAME)
    assert gaps(items) == [("the disk is too slow", time_of(9), time_of(20))]
    assert [time for _, time, _ in pulses_of(items)] == [time_of(k) for k in (*range(10), *range(20, 30))]
    (missing,) = read_recording(tmp_path / NAME).missing
    assert missing.bytes == len(pulses(10, 20))
    assert stream.writer.gaps == 1


def test_a_gap_without_an_index_is_found_all_the_same(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    stream.feed(begins() + pulses(0, 10))
    stream.drop(pulses(10, 20))
    stream.feed(pulses(20, 30) + ends())
    for garbage in (b"", b"\0\xff{]\n" * 100, b"[" * 100_000, None):
        index = tmp_path / NAME / "index.jsonl"
        index.write_bytes(garbage) if garbage is not None else index.unlink()
        (gap,) = gaps(read_again(tmp_path / NAME))
        assert gap[1:] == (time_of(9), time_of(20))


def test_a_run_that_is_sent_again_is_not_written_again(tmp_path: Path) -> None:
    first = Stream(tmp_path)
    first.feed(begins() + pulses(0, 10))
    first.writer.close()  # as a recorder that is killed, but for the index
    size = sum(path.stat().st_size for path in (tmp_path / NAME).glob("*.adara"))
    second = Stream(tmp_path)
    second.connect()
    second.feed(begins() + pulses(0, 4), pulses(4, 12), pulses(12, 20) + ends())
    assert data_of(read_again(tmp_path / NAME)) == data_of(second.items)
    assert gaps(read_again(tmp_path / NAME)) == []
    recording = read_recording(tmp_path / NAME)
    assert (len(recording.files), recording.pulses, recording.missing) == (2, 21, ())  # pulse 9 is at the seam
    assert recording.size_bytes < size + 12 * len(pulse(2)) + 3 * len(prologue())


def test_a_whole_run_that_is_sent_again_writes_nothing(tmp_path: Path) -> None:
    first = Stream(tmp_path)
    first.feed(begins() + pulses(0, 10) + ends())
    before = files_of(tmp_path)
    second = Stream(tmp_path)
    second.connect()
    second.feed(begins() + pulses(0, 10) + ends(), begins(RUN + 1) + pulses(200, 201))
    assert files_of(tmp_path) == before
    assert files_of(tmp_path, f"TST_{RUN + 1}")


def test_a_recorder_that_was_killed_leaves_a_gap_that_a_replay_fills(tmp_path: Path) -> None:
    first = Stream(tmp_path)
    first.feed(begins() + pulses(0, 10))  # killed: no line says that the file is complete
    with (tmp_path / NAME / f"{NAME}_0001.adara").open("ab") as file:
        file.write(pulse(10)[:50])
    second = Stream(tmp_path)
    second.unpacker._tap = None
    second.feed(begins() + pulses(0, 15))
    second.unpacker._tap = second.writer
    second.writer.connected()
    second.feed(pulses(15, 20))
    second.writer.close()
    (gap,) = gaps(read_again(tmp_path / NAME))
    assert gap == (ANOTHER_CONNECTION, time_of(9), time_of(15))
    third = Stream(tmp_path)
    third.connect()
    third.feed(begins() + pulses(0, 12), pulses(12, 25) + ends())
    items = read_again(tmp_path / NAME)
    assert gaps(items) == []
    assert data_of(items) == data_of(third.items)
    assert read_recording(tmp_path / NAME).missing == ()


def test_a_recording_that_begins_late_says_so(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    stream.feed(joined() + pulses(5, 10) + ends())
    items = read_again(tmp_path / NAME)
    assert gaps(items) == []
    assert [one.from_start for one in items if isinstance(one, RunStarted)] == [False]
    assert [one.reason for one in read_recording(tmp_path / NAME).missing] == [LATE]


def test_a_server_that_has_no_overlap_any_more_leaves_a_gap(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    stream.connect()
    stream.feed(begins() + pulses(0, 10))
    stream.connect()
    stream.feed(joined() + pulses(14, 20) + ends())
    assert [(a, b) for _, a, b in gaps(read_again(tmp_path / NAME))] == [(a, b) for _, a, b in gaps(stream.items)]
    assert data_of(read_again(tmp_path / NAME)) == data_of(stream.items)


def test_a_reconnect_with_overlap_leaves_none(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    stream.connect()
    stream.feed(begins() + pulses(0, 10))
    stream.connect()
    stream.feed(joined() + pulses(5, 8), pulses(8, 20) + ends())
    items = read_again(tmp_path / NAME)
    assert gaps(items) == gaps(stream.items) == []
    assert data_of(items) == data_of(stream.items)


def test_the_end_of_a_run_that_was_dropped_is_said(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    stream.feed(begins() + pulses(0, 10))
    stream.drop(pulses(10, 20), ends(k=20), begins(RUN + 1), why="too slow")
    stream.feed(pulses(30, 40))
    stream.writer.close()
    items = read_again(tmp_path / NAME)
    assert [reason for reason, _, _ in gaps(items)] == ["too slow"]
    assert [one.run for one in items if isinstance(one, RunEnded)] == [RUN]
    following = read_again(tmp_path / f"TST_{RUN + 1}")
    assert data_of(following, RUN + 1)[:2] == data_of(stream.items, RUN + 1)[:2]


def test_a_run_whose_end_was_not_in_the_stream_is_over_all_the_same(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    stream.connect()
    stream.feed(begins() + pulses(0, 10))
    stream.connect()  # the run has ended meanwhile
    stream.feed(begins(RUN + 1) + pulses(30, 32))
    over = stream.writer.finished
    assert over is not None
    assert (over.run, over.folder, over.gaps, over.seen) == (RUN, tmp_path / NAME, 1, False)
    assert over.bytes == sum(path.stat().st_size for path in (tmp_path / NAME).glob("*.adara"))
    assert stream.writer.run == RUN + 1


def test_another_run_of_the_same_number_has_a_folder_of_its_own(tmp_path: Path) -> None:
    first = Stream(tmp_path)
    first.feed(begins() + pulses(0, 10) + ends())
    second = Stream(tmp_path)
    second.feed(begins(start_s=T0 // NS + 5000) + pulses(100_000, 100_010) + ends(k=100_020))
    assert files_of(tmp_path, f"{NAME}-2") == [f"{NAME}-2_0001.adara", "index.jsonl"]
    assert read_recording(tmp_path / NAME).pulses == read_recording(tmp_path / f"{NAME}-2").pulses == 10


def test_a_clock_that_is_set_back_in_mid_run_costs_nothing(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    stream.connect()
    back = b"".join(p.pulse(T0 - NS + k, (k, k)) for k in range(3))
    stream.feed(begins() + pulses(0, 10), back + pulses(10, 12) + ends())
    assert data_of(read_again(tmp_path / NAME)) == data_of(stream.items)


def test_modes_and_group_of_what_is_recorded(tmp_path: Path) -> None:
    before = os.umask(0o777)
    try:
        Stream(tmp_path).feed(begins() + pulses(0, 1))
    finally:
        os.umask(before)
    assert (tmp_path / NAME).stat().st_mode & 0o7777 == 0o750
    for path in (tmp_path / NAME).iterdir():
        assert path.stat().st_mode & 0o7777 == 0o640
        assert path.stat().st_gid == tmp_path.stat().st_gid


def test_a_full_disk_costs_a_gap_and_no_half_packet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = [False]

    def write_all(fd: int, data: memoryview | bytes) -> None:
        if full[0]:
            os.write(fd, memoryview(data).cast("B")[:7])
            raise OSError(28, "No space left on device")
        os.write(fd, data)

    stream = Stream(tmp_path)
    stream.feed(begins() + pulses(0, 10))
    monkeypatch.setattr(run_files, "write_all", write_all)
    full[0] = True
    stream.feed(pulses(10, 12), pulses(12, 14))
    assert stream.writer.problem == "No space left on device"
    full[0] = False
    stream.feed(pulses(14, 16))  # it is not tried again at once
    assert stream.writer.problem
    stream.clock[0] += 10
    stream.feed(pulses(16, 20) + ends())
    assert not stream.writer.problem
    items = read_again(tmp_path / NAME)
    assert gaps(items) == [("No space left on device", time_of(9), time_of(16))]
    for path in (tmp_path / NAME).glob("*.adara"):
        list(walk(path.read_bytes()))


def test_without_a_directory_the_stream_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    stream = Stream(tmp_path / "file" / "inside")
    stream.feed(begins() + pulses(0, 10), pulses(10, 11))
    assert "irectory" in stream.writer.problem
    stream.feed(ends())
    assert len(pulses_of(stream.items)) == 11


def test_where_recording_stood_still_between_two_runs_the_reason_is_kept(tmp_path: Path) -> None:
    first = Stream(tmp_path)
    first.feed(begins() + pulses(0, 3))
    first.writer.close()
    second = Stream(tmp_path)
    second.unpacker._tap = None
    second.feed(begins() + pulses(0, 6))
    second.unpacker._tap = second.writer
    second.feed(pulses(6, 8))
    assert [one.reason for one in read_recording(tmp_path / NAME).missing] == [NOT_RUNNING]
