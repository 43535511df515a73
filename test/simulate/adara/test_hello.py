import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.listener import hello
from livereduce.simulate.adara.hello import BadHello, Hello, parse_hello


@pytest.mark.parametrize(
    ("sent", "understood"),
    [
        (hello(0), Hello(start_s=0, paused_too=False)),
        (hello(1), Hello(start_s=1, paused_too=False)),
        (hello(1164260638), Hello(start_s=1164260638, paused_too=False)),
        (hello(1, version=1, flags=0), Hello(start_s=1, paused_too=False)),
        (hello(1, version=1, flags=1), Hello(start_s=1, paused_too=False)),
        (hello(1, version=1, flags=2), Hello(start_s=1, paused_too=True)),
        (hello(5, version=2, flags=2), Hello(start_s=5, paused_too=True)),
    ],
)
def test_hellos_that_a_real_server_accepts(sent: bytes, understood: Hello) -> None:
    assert parse_hello(sent) == understood
    assert all(parse_hello(sent[:n]) is None for n in range(len(sent)))


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (hello(1, version=0, size=8), "version 0 with a payload of 8 bytes, expected 4"),
        (hello(1, version=1, size=4), "version 1 with a payload of 4 bytes, expected 8"),
        (hello(1, type_=0x4009), "type 0x4009 before the hello"),
        (b"GET / HTTP/1.1\r\n\r\n", "before the hello"),
        (hello(1) + b"x", "extra bytes after the hello"),
        (hello(1) + hello(1), "extra bytes after the hello"),
    ],
)
def test_what_a_real_server_hangs_up_on(sent: bytes, reason: str) -> None:
    with pytest.raises(BadHello, match=reason):
        parse_hello(sent)


@given(st.binary(max_size=64))
def test_no_bytes_do_worse_than_being_refused(received: bytes) -> None:
    try:
        assert parse_hello(received) is None or len(received) in (20, 24)
    except BadHello:
        assert len(received) >= 16
