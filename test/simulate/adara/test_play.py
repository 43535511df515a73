from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.wire import walk
from livereduce.simulate.adara.passage import Passage, passage
from livereduce.simulate.adara.play import Opening, head_start_s, perform
from livereduce.simulate.beams.powder_beam import PowderBeam
from livereduce.stream.adara.wire.layout import RunStatusCode

T = 1_164_261_668 * 10**9


def of(passage_: Passage) -> list[bytes]:
    return [
        passage_.data[start:stop].tobytes()
        for start, stop in zip(passage_.begin[:-1].tolist(), passage_.begin[1:].tolist(), strict=True)
    ]


@given(st.lists(st.binary(min_size=1, max_size=5), min_size=1, max_size=8), st.data())
def test_a_passage_splits_between_packets(packets: list[bytes], data: st.DataObject) -> None:
    whole = passage(packets, list(range(len(packets))))
    at = data.draw(st.integers(0, len(packets)))
    for before, rest in (whole.split(at), (whole.before(at), whole.split(at)[1])):
        assert (of(before), of(rest)) == (packets[:at], packets[at:])
        assert before.due_ns.tolist() + rest.due_ns.tolist() == list(range(len(packets)))
        assert [packets[k] for k in before.noted] == packets[:at]
        assert [of(rest)[k] for k in rest.noted] == packets[at:]


def test_two_runs_come_as_a_real_server_has_them() -> None:
    acts = list(perform(PowderBeam(600), origin_ns=T, runs=2, run_s=2.5, gap_s=0.5))
    openings = [act for act in acts if isinstance(act, Opening)]
    assert [(act.status, act.run, act.closes) for act in openings] == [
        (RunStatusCode.NO_RUN, 0, None),
        (RunStatusCode.NEW_RUN, 1, RunStatusCode.NO_RUN),
        (RunStatusCode.NO_RUN, 0, RunStatusCode.END_RUN),
        (RunStatusCode.NEW_RUN, 2, RunStatusCode.NO_RUN),
        (RunStatusCode.NO_RUN, 0, RunStatusCode.END_RUN),
    ]
    assert [act.due_ns - T for act in openings] == [0, 500_000_000, 3_000_000_000, 3_500_000_000, 6_000_000_000]
    assert [act.says for act in openings] == ["", "run 1 started", "run 1 stopped", "run 2 started", "run 2 stopped"]
    assert openings[1].start_s == 1_164_261_668
    stretches: list[list[bytes]] = []
    for act in acts:
        if isinstance(act, Opening):
            stretches.append([])
        elif isinstance(act, Passage):
            stretches[-1].append(act.data.tobytes())
    pulses = [sum(packet.type == 0x4000 for packet in walk(b"".join(stretch))) for stretch in stretches]
    assert pulses == [30, 150, 30, 150, 30]
    run = list(walk(b"".join(stretches[1])))
    (stop,) = [k for k, packet in enumerate(run) if packet.type == 0x4007]
    assert run[stop].payload[8:] == b"Run 1 Stopped.\0\0"
    assert [packet.type for packet in run[stop + 1 :] if packet.type < 0x8000] == [0x0001, 0x4001, 0x4000]


def test_pulse_ids_rise_through_runs_and_gaps() -> None:
    acts = perform(PowderBeam(600), origin_ns=T, runs=3, run_s=0.21, gap_s=0.1)
    data = b"".join(act.data.tobytes() for act in acts if isinstance(act, Passage))
    stamps = [packet.time_ns for packet in walk(data) if packet.type == 0x4000]
    assert len(stamps) > 50
    assert min(np.diff(stamps)) > 0


def test_runs_without_end() -> None:
    acts = perform(PowderBeam(600), origin_ns=T, runs=0, run_s=0.1, gap_s=0.0)
    runs = (act.run for act in acts if isinstance(act, Opening) and act.run)
    assert list(islice(runs, 20)) == list(range(1, 21))


@pytest.mark.parametrize(
    ("speed", "prefill_s", "played_s", "early_s"),
    [
        (1.0, 0.0, None, 0.0),
        (1.0, 30.0, None, 30.0),
        (1.0, 30.0, 600.0, 30.0),
        (0.0, 0.0, 600.0, 600.0),
        (0.0, 100.0, 600.0, 600.0),
        (10.0, 0.0, 600.0, 540.0),
        (0.5, 0.0, 600.0, 0.0),
        (0.0, 0.0, None, 0.0),
    ],
)
def test_a_play_of_known_length_ends_at_the_wall_clock(
    speed: float, prefill_s: float, played_s: float | None, early_s: float
) -> None:
    assert head_start_s(speed=speed, prefill_s=prefill_s, played_s=played_s) == pytest.approx(early_s)


def test_no_passage_is_empty_also_at_a_rate_where_a_passage_is_one_pulse() -> None:
    """A server asks for the moment at which the first packet of each is due."""
    acts = list(perform(PowderBeam(60_000_000, pixels=4), origin_ns=T, runs=1, run_s=0.04, gap_s=0.01))
    passages = [act for act in acts if isinstance(act, Passage)]
    assert len(passages) > 4
    assert all(len(act.due_ns) for act in passages)
