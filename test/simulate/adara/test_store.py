"""Files of the store: contents, roll-over, places where a client may join, and when they are deleted."""

import gc
import os
from pathlib import Path

import numpy as np

from helpers.wire import Packet, walk
from livereduce.simulate.adara.beam_packets import BeamPackets
from livereduce.simulate.adara.passage import Passage, passage
from livereduce.simulate.adara.play import FileMark, Opening
from livereduce.simulate.adara.store import StoredFile, StreamPlace, StreamStore
from livereduce.simulate.beams.powder_beam import PowderBeam
from livereduce.stream.adara.wire import encode
from livereduce.stream.adara.wire.layout import RunStatusCode, Type

S = 10**9
T = 1_164_261_668 * S


def opening(run: int, due_ns: int = T, closes: RunStatusCode | None = None, notes: tuple[bytes, ...] = ()) -> Opening:
    status = RunStatusCode.NEW_RUN if run else RunStatusCode.NO_RUN
    return Opening(due_ns=due_ns, status=status, run=run, start_s=due_ns // S, closes=closes, notes=notes)


def seconds_of_beam(start_ns: int, seconds: int) -> list[Passage]:
    found: list[Passage] = []
    for each in BeamPackets(PowderBeam(600)).run(start_ns):
        if each.due_ns[0] >= start_ns + seconds * S:
            return found
        found.append(each)
    raise AssertionError


def put(store: StreamStore, *passages: Passage) -> None:
    for each in passages:
        store.put(each, 0, each.due_ns.size)


def content(place: StreamPlace) -> bytes:
    """All that a client at this place gets."""
    data, file, offset = place.head, place.file, place.offset
    while True:
        data += os.pread(file.fd, file.size - offset, offset)
        if file.following is None:
            return data
        file, offset = file.following, 0


def statuses(packets: list[Packet]) -> list[tuple[int, int, int, int]]:
    """Run, status, mode and file of each run status."""
    words = [packet.words() for packet in packets if packet.type == 0x4003]
    return [(word[0], word[2] >> 24, word[2] >> 12 & 0xFFF, word[2] & 0xFFF) for word in words]


def files_open() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_container_begins_with_sync_status_and_prologue() -> None:
    store = StreamStore()
    notes = (encode.geometry(T, "<a/>"), encode.variable(Type.VARIABLE_U32, T - S, 1, 1, 5))
    store.begin(opening(7, notes=notes))
    packets = list(walk(content(store.join(1))))
    assert [packet.type for packet in packets] == [0x4008, 0x4003, 0x8001, 0x400A]
    assert packets[1].words() == (7, T // S, 0x1001001, 0, 0)
    assert packets[2].time_ns == T - S


def test_what_was_before_a_run_is_forgotten_but_still_there_for_who_reads_it() -> None:
    before = files_open()
    store = StreamStore()
    store.begin(opening(0))
    put(store, *seconds_of_beam(T, 1))
    slow = store.join(1)
    store.begin(opening(1, T + S, closes=RunStatusCode.NO_RUN))
    put(store, *seconds_of_beam(T + S, 1))
    run = list(walk(content(store.join(1))))
    assert statuses(run) == [(1, 1, 1, 1)]
    assert statuses(list(walk(content(slow)))) == [(0, 0, 1, 1), (0, 0, 1, 1), (1, 1, 1, 1)]
    store.begin(opening(0, T + 2 * S, closes=RunStatusCode.END_RUN))
    assert statuses(list(walk(content(store.join(1))))) == [(0, 0, 1, 1)]
    assert statuses(list(walk(content(slow))))[-2:] == [(1, 4, 1, 1), (0, 0, 1, 1)]
    assert files_open() == before + 3
    del slow
    assert files_open() == before + 1
    del store
    assert files_open() == before


def test_roll_over_repeats_the_prologue_and_may_part_a_pulse() -> None:
    store = StreamStore(file_bytes=40_000)
    store.begin(opening(5, notes=(encode.geometry(T, "<a/>"),)))
    beam = seconds_of_beam(T, 6)
    put(store, *beam)
    packets = list(walk(content(store.join(1))))
    found = statuses(packets)
    assert len(found) > 5
    assert found[:3] == [(5, 1, 1, 1), (5, 2, 1, 1), (5, 3, 1, 2)]
    edges = [k for k, packet in enumerate(packets) if packet.type == 0x4003 and packet.words()[2] >> 24 == 2]
    for k in edges:
        assert [packet.type for packet in packets[k + 1 : k + 3]] == [0x4008, 0x4003]
        assert 0x400A in [packet.type for packet in packets[k + 3 : k + 6]]
    assert {packets[k - 1].type for k in edges} - {0x8001}, "no file ended in mid-pulse"
    pulse_types = (0x0001, 0x4000, 0x4001)
    sent = b"".join(each.data.tobytes() for each in beam)
    assert [(p.type, p.time_ns, p.payload) for p in packets if p.type in pulse_types] == [
        (p.type, p.time_ns, p.payload) for p in walk(sent) if p.type in pulse_types
    ]


def test_files_between_runs_are_closed_and_opened_by_no_run() -> None:
    store = StreamStore(file_bytes=20_000)
    store.begin(opening(0))
    put(store, *seconds_of_beam(T, 1))
    assert {status for _, status, _, _ in statuses(list(walk(content(store.join(1)))))} == {0}


def test_sync_marks_say_where_they_stand() -> None:
    store = StreamStore(sync_bytes=10_000)
    store.begin(opening(5))
    put(store, *seconds_of_beam(T, 3))
    data = content(store.join(1))
    marks = [packet for packet in walk(data) if packet.type == 0x4008]
    assert len(marks) > 3
    assert [int.from_bytes(mark.payload[16:24], "little") for mark in marks] == [mark.at for mark in marks]
    assert all(10_000 < gap < 12_000 for gap in np.diff([mark.at for mark in marks]))


def test_now_is_a_state_of_its_own_and_then_the_end_of_the_file() -> None:
    store = StreamStore()
    store.begin(opening(5, notes=(encode.geometry(T, "<a/>"),)))
    put(store, *seconds_of_beam(T, 2))
    now = store.join(0)
    assert now.offset == now.file.size
    packets = list(walk(now.head))
    assert [packet.type for packet in packets] == [0x4008, 0x4003, 0x8002, 0x400A]
    assert packets[1].words() == (5, T // S, 0x5000000, 0, 0)
    put(store, *seconds_of_beam(T + 2 * S, 1))
    assert [packet.type for packet in walk(content(now))][len(packets)] == 0x0001


def test_a_time_means_the_newest_index_point_before_it() -> None:
    store = StreamStore(index_s=10)
    store.begin(opening(5, notes=(encode.geometry(T, "<a/>"),)))
    put(store, *seconds_of_beam(T, 35))

    def first_pulse(start_s: int) -> tuple[int, int]:
        """Seconds into the run of the first pulse got, and the first status."""
        packets = list(walk(content(store.join(start_s))))
        pulse = next(packet.time_ns for packet in packets if packet.type == 0x4000)
        return (pulse - T) // S, statuses(packets)[0][1]

    start_s = T // S
    assert first_pulse(1) == (0, 1)
    assert first_pulse(start_s - 1000) == (0, 1)
    assert first_pulse(start_s + 9) == (0, 1)
    seconds, status = first_pulse(start_s + 15)
    assert 10 <= seconds < 12
    assert status == 5
    for far in (start_s + 34, start_s + 10_000, 2_000_000_000):
        seconds, status = first_pulse(far)
        assert 29 <= seconds < 34
        assert status == 5


def test_each_file_of_a_run_is_an_index_point() -> None:
    store = StreamStore(file_bytes=20_000)
    store.begin(opening(5))
    put(store, *seconds_of_beam(T, 10))
    packets = list(walk(content(store.join(T // S + 8))))
    assert statuses(packets)[0][1] == 3
    first_pulse_ns = next(packet.time_ns for packet in packets if packet.type == 0x4000)
    assert T + 6 * S < first_pulse_ns < T + 8 * S


def test_a_recording_is_left_alone() -> None:
    store = StreamStore(file_bytes=1000, sync_bytes=500, index_s=1)
    store.begin_recorded(FileMark(due_ns=T, container=True, paused=False, run=9, start_s=T // S))
    packets = [encode.sync(T)] + [encode.variable(Type.VARIABLE_U32, T + k * S, 1, 1, k) for k in range(100)]
    recorded = passage(packets, [T + k * S for k in range(101)])
    whole = Passage(
        data=recorded.data, begin=recorded.begin, due_ns=recorded.due_ns, noted=recorded.noted, verbatim=True
    )
    put(store, whole)
    assert content(store.join(1)) == b"".join(packets)
    (joined,) = [packet for packet in walk(store.join(0).head) if packet.type == 0x8001]
    assert joined.words()[3] == 99


def test_an_empty_store_begins_with_what_comes() -> None:
    store = StreamStore()
    waiting = [store.join(0), store.join(1), store.join(2_000_000_000)]
    store.begin(opening(3))
    assert {content(place) for place in waiting} == {content(store.join(1))}
    assert statuses(list(walk(content(waiting[0])))) == [(3, 1, 1, 1)]


def test_a_stored_file_takes_all_of_what_it_is_given() -> None:
    file = StoredFile()
    file.append(b"abc")
    file.append(memoryview(bytes(3_000_000)))
    assert file.size == os.fstat(file.fd).st_size == 3_000_003
