"""Requests to a running daemon, and its answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.messages.request import (
    Request,
    RequestAnswer,
    Want,
    decode_answer,
    decode_request,
    encode_answer,
    encode_request,
)


def test_both_survive_their_message() -> None:
    request, answer = Request(want=Want.ATTACH, who="try"), RequestAnswer(done=False, text="parked", version="1")
    assert decode_request(encode_request(request)) == request
    assert decode_answer(encode_answer(answer)) == answer


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (b"", "not a request"),
        (b"[" * 5000, "not a request"),
        (b"{}", "want is missing"),
        (b'{"want": "explode"}', "expected one of attach"),
        (b'{"want": "attach", "who": 3}', "who: expected a text"),
    ],
)
def test_what_is_no_request_is_refused(message: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        decode_request(message)


@given(st.binary(max_size=200))
def test_no_message_breaks_a_reader(message: bytes) -> None:
    for decode in (decode_request, decode_answer):
        with pytest.raises(ValueError, match="not a"):
            decode(message)
