"""Questions to a viewer and their frames: they survive the pipe, in whatever pieces it gives them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.messages.regions import Region, RegionKind
from livereduce.messages.views import (
    ANSWER,
    HEADER,
    QUESTION,
    DetectorQuestion,
    FindingsQuestion,
    FrameBuffer,
    KeepRegions,
    LogsQuestion,
    MetricPoint,
    OverQuestion,
    PixelQuestion,
    Question,
    RegionsQuestion,
    SpectrumQuestion,
    decode_question,
    decode_view_refusal,
    encode_question,
    encode_view_refusal,
    view_frame,
)

REGION = Region(name="a b", kind=RegionKind.LASSO, projection="flat", points=((0.0, 0.0), (1.5, 0.0), (1.0, 1.0)))
QUESTIONS: list[Question] = [
    KeepRegions(regions=(REGION,)),
    DetectorQuestion(projection="flat", tof_min_us=1.0, tof_max_us=2.0),
    PixelQuestion(projection="flat", x=1.0, y=-2.0),
    RegionsQuestion(can_save=True, problem="torn"),
    SpectrumQuestion(region=REGION, csv=True),
    SpectrumQuestion(name="a b"),
    OverQuestion(of="metric:height", log="T", metric=(MetricPoint(time_ns=3, value=2.5, error=0.5),)),
    LogsQuestion(),
    FindingsQuestion(),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: type(one).__name__)
def test_a_question_survives_the_pipe(question: Question) -> None:
    assert decode_question(encode_question(question)) == question


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (b"", "not a question"),
        (b"[]", "expected one of KeepRegions"),
        (b"[" * 5000, "not a question"),
        (b'{"ask": "Explode"}', "expected one of KeepRegions"),
        (b'{"ask": []}', "not a question"),
        (b'{"ask": "PixelQuestion"}', "projection is missing"),
        (b'{"ask": "OverQuestion", "of": 3, "log": "T"}', "of: expected a text"),
    ],
)
def test_what_is_no_question_is_refused(payload: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        decode_question(payload)


@given(st.binary(max_size=200))
def test_no_bytes_break_a_reader(payload: bytes) -> None:
    for decode in (decode_question, decode_view_refusal):
        with pytest.raises(ValueError, match="not a"):
            decode(payload)


def test_a_refusal_survives() -> None:
    assert decode_view_refusal(encode_view_refusal(422, "too many values; use bins")) == (
        422,
        "too many values; use bins",
    )
    with pytest.raises(ValueError, match="not a refusal"):
        decode_view_refusal(json.dumps([422]).encode())


@given(st.lists(st.binary(max_size=30), max_size=5), st.lists(st.integers(1, 20), min_size=1))
def test_frames_come_out_whole_however_the_pipe_cuts_them(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(view_frame(ANSWER, payload) for payload in payloads)
    buffer, at = FrameBuffer(30), 0
    found: list[tuple[bytes, bytes]] = []
    while at < len(stream):
        size = cuts[at % len(cuts)]
        found += buffer.take(stream[at : at + size])
        at += size
    assert found == [(ANSWER, payload) for payload in payloads]


def test_a_frame_that_is_too_long_is_refused_before_it_has_come() -> None:
    with pytest.raises(ValueError, match="a frame of 31 bytes, expected at most 30"):
        list(FrameBuffer(30).take(HEADER.pack(QUESTION, 31)))
