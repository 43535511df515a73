"""Segments that were given up while a reader still has them are seen, and so is their end."""

import os
import socket

from livereduce.stream.held.given_up import LINGERS_S, LOOK_S, GivenUp
from livereduce.stream.held.segments import SegmentId, SegmentKind, SharedSegment, map_segment

SIZE = 1 << 16


def segment() -> SharedSegment:
    made = SharedSegment(SegmentId(number=0, kind=SegmentKind.COLUMN, size=SIZE))
    made.write([b"x" * SIZE], 0)
    made.seal()
    return made


def test_what_a_reader_has_mapped_lingers_until_it_drops_it() -> None:
    given_up, one, other = GivenUp(), segment(), segment()
    memory = map_segment(one.id, os.dup(one.fd))
    given_up.add(one, 1000, 0.0)
    given_up.add(other, 500, 0.0)
    given_up.look(1.0)
    assert given_up.lingers == 0, "a reader that is alive may still be told"
    given_up.look(LINGERS_S)
    assert given_up.lingers == 1000
    assert memory[0] == ord("x"), "and it can still read it"
    del memory
    given_up.look(LINGERS_S + LOOK_S / 2)
    assert given_up.lingers == 1000, "not time to look"
    given_up.look(LINGERS_S + LOOK_S)
    assert given_up.lingers == 0
    given_up.close()


def test_a_descriptor_that_nobody_has_received_is_use_too() -> None:
    given_up, one = GivenUp(), segment()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        with ours:
            socket.send_fds(ours, [b"1"], [one.fd])
        given_up.add(one, 1000, 0.0)
        given_up.look(LINGERS_S)
        assert given_up.lingers == 1000
    given_up.look(2 * LINGERS_S)
    assert given_up.lingers == 0
