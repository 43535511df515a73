import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.items import event_batch, monitor_batch
from livereduce.engine.workspaces.events import Events, Mask, monitor_events
from livereduce.stream.items import EventBatch

pieces = st.lists(st.lists(st.lists(st.integers(0, 9), max_size=5), max_size=5), max_size=4)


def made(of: list[list[list[int]]]) -> Events:
    """Events whose pixel is ten times their time of flight; one list a pulse, pulses of a piece together."""
    return Events(
        tuple(
            event_batch(
                1,
                tof := [t for pulse in piece for t in pulse],
                [10 * t for t in tof],
                per_pulse=[len(pulse) for pulse in piece],
                pulse_ns=np.arange(len(piece)) + 100 * k,
                charge_pc=np.arange(len(piece)),
            )
            for k, piece in enumerate(of)
        )
    )


def by_pulse(events: Events) -> list[tuple[int, list[int]]]:
    return [
        (int(time), piece.tof_ns[a:b].tolist())
        for piece in events.pieces
        for time, a, b in zip(piece.pulse_ns, piece.first[:-1], piece.first[1:], strict=True)
    ]


@settings(deadline=None)
@given(pieces)
def test_columns_are_those_of_all_pieces(of: list[list[list[int]]]) -> None:
    events = made(of)
    flat = [(t, k + 100 * n) for n, piece in enumerate(of) for k, pulse in enumerate(piece) for t in pulse]
    assert list(zip(events.tof_ns.tolist(), events.event_pulse_ns.tolist(), strict=True)) == flat
    assert events.pixel.tolist() == [10 * t for t, _ in flat]
    assert (events.n, events.n_pulses) == (len(flat), sum(map(len, of)))
    assert events.pulse_ns.tolist() == [time for time, _ in by_pulse(events)]
    assert len(events.charge_pc) == events.n_pulses


@settings(deadline=None)
@given(pieces, st.integers(0, 10))
def test_masks_of_events_keep_the_pulses(of: list[list[list[int]]], limit: int) -> None:
    events = made(of)
    before = by_pulse(events)
    chosen = events.where(lambda piece: piece.tof_ns < limit)
    assert by_pulse(chosen) == [(time, [t for t in pulse if t < limit]) for time, pulse in before]
    assert (chosen.pixel == 10 * chosen.tof_ns).all()
    assert by_pulse(events) == before


@settings(deadline=None)
@given(pieces, st.integers(0, 5))
def test_masks_of_pulses_take_their_events_along(of: list[list[list[int]]], odd: int) -> None:
    def wanted(piece: EventBatch) -> Mask:
        return np.equal(piece.charge_pc % 2, odd)

    events = made(of)
    expected = [pulse for pulse in by_pulse(events) if pulse[0] % 2 == odd]
    assert by_pulse(events.where_pulses(wanted)) == expected


def test_pieces_are_shared_not_copied() -> None:
    one, two = made([[[1, 2]]]), made([[[3]]])
    both = one + two
    assert both.pieces == (*one.pieces, *two.pieces)
    assert one.where(lambda piece: piece.tof_ns > 0).pieces[0] is one.pieces[0]
    assert one.tof_ns is one.pieces[0].tof_ns


def test_an_event_takes_eight_bytes() -> None:
    whole = made([[list(range(10)) * 1000]])
    assert 8 <= whole.nbytes / whole.n < 8.01


def test_monitors_are_events_whose_pixel_is_the_monitor() -> None:
    events = monitor_events([monitor_batch(1, 3, [5, 6], 9), monitor_batch(1, 2, [7])])
    assert (events.tof_ns.tolist(), events.pixel.tolist()) == ([5, 6, 7], [3, 3, 2])
    assert events.charge_pc.sum() == 0
    assert events.nbytes < 3 * 8 + 2 * 8 + 4 * 8 + 1
