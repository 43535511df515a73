"""The beat pipe as a script can abuse it: byte by byte, and with everything that is almost a beat."""

import json
import tracemalloc
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.fake_worker import FORGED
from livereduce.daemon.worker.hearing import TOLERATED, Hearing
from livereduce.messages.beat import Beat, Phase, decode_beat, encode_beat
from livereduce.messages.progress import RECORDS, Progress, RunProgress, StepProgress

BEATS = [
    Beat(seq=n, phase=Phase.PROCESS, progress=Progress(last_errors={"proc": "é"}, run=RunProgress(number=n)))
    for n in (1, 2, 3)
]
STREAM = b"".join(map(encode_beat, BEATS))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def test_beats_come_whole_however_they_are_cut() -> None:
    heard = Hearing()
    assert [beat for byte in STREAM for beat in heard.feed(bytes([byte]))] == BEATS
    assert (heard.nonsense, heard.complaint) == (0, "")


@pytest.mark.parametrize("kind", sorted(set(FORGED) - {"ahead", "backwards", "long"}))
def test_what_is_almost_a_beat_is_none(kind: str) -> None:
    with pytest.raises(ValueError, match="not a beat"):
        decode_beat(FORGED[kind].rstrip())


PLACES = [("", name) for name in sorted(Progress.__dataclass_fields__)]
PLACES += [
    (record, name) for record, kind in sorted(RECORDS.items()) for name in sorted(one.name for one in fields(kind))
]


def of(progress: Progress, record: str, name: str) -> Any:
    return getattr(getattr(progress, record) if record else progress, name)


@given(st.sampled_from(PLACES), VALUES)
def test_a_field_is_taken_as_it_should_be_or_not_at_all(place: tuple[str, str], value: Any) -> None:
    record, name = place
    body = json.loads(encode_beat(BEATS[0]))
    (body["progress"][record] if record else body["progress"])[name] = value
    try:
        taken = of(decode_beat(json.dumps(body).encode()).progress, record, name)
    except ValueError:
        return
    assert type(taken) in (type(of(Progress(), record, name)), int, float)
    json.dumps(taken).encode("ascii")
    str(taken).encode()


def test_a_lone_surrogate_of_an_error_text_can_be_written_afterwards() -> None:
    beat = Beat(seq=1, phase=Phase.PROCESS, progress=Progress(last_errors={"proc": "file \udcff"}))
    assert decode_beat(encode_beat(beat)).progress.last_errors == {"proc": "file \\udcff"}


def test_numbers_that_are_none_do_not_make_a_worker_unintelligible() -> None:
    beat = Beat(
        seq=1,
        phase=Phase.PROCESS,
        progress=Progress(run=RunProgress(proton_charge_pc=float("nan")), steps=StepProgress(proc_s=float("inf"))),
    )
    assert decode_beat(encode_beat(beat)).progress == Progress()


def test_a_few_lines_of_nonsense_are_passed_over_more_are_a_complaint() -> None:
    heard = Hearing()
    for k in range(TOLERATED):
        assert heard.feed(b"hello %d\n" % k) == []
    assert heard.complaint == ""
    assert heard.feed(STREAM) == BEATS
    assert heard.feed(encode_beat(BEATS[1])) == []
    assert heard.feed(STREAM) == []
    assert "3 lines" in heard.complaint
    assert "beat 2 after beat 3" in heard.complaint


def test_a_flood_of_nonsense_is_not_read_to_its_end() -> None:
    heard = Hearing()
    assert heard.feed(b"x\n" * 100_000 + STREAM) == []
    assert heard.nonsense == TOLERATED + 1
    assert heard.feed(STREAM) == []


def test_a_line_without_an_end_fills_no_memory_and_is_nonsense() -> None:
    heard = Hearing()
    tracemalloc.start()
    for _ in range(1000):
        assert heard.feed(b"x" * (1 << 16)) == []
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
    assert heard.complaint


@pytest.mark.parametrize("name", ["no_beam_since", "no_pulses_since"])
@pytest.mark.parametrize("value", [-1.0, 1e12, 1e308, 1 << 62])
def test_a_time_that_no_clock_can_show_is_none(name: str, value: float) -> None:
    body = json.loads(encode_beat(BEATS[0]))
    body["progress"]["source"][name] = value
    with pytest.raises(ValueError, match=name):
        decode_beat(json.dumps(body).encode())
