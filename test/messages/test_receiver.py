import json
import socket
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.messages.marks import MarkStage, Suspect
from livereduce.messages.receiver import (
    MAX_NOTE_BYTES,
    Adopt,
    Attach,
    ReceiverJob,
    decode_adopt,
    decode_attach,
    decode_receiver_job,
    encode_note,
    encode_receiver_job,
)

JOB = ReceiverJob(
    number=3,
    source="adara://127.0.0.1:31415",
    state_dir="/var/lib/livereduce",
    mark="/var/lib/livereduce/receivers/000003/mark",
    suspects=(Suspect(stage=MarkStage.DECODE, run=7, from_ns=5, to_ns=6, why="killed"),),
    held_limit_bytes=8 << 30,
)


@pytest.mark.parametrize("limit", [None, 0, 1 << 40])
def test_a_job_survives_its_file(limit: int | None) -> None:
    job = ReceiverJob(**{name: getattr(JOB, name) for name in JOB.__slots__} | {"held_limit_bytes": limit})
    assert decode_receiver_job(encode_receiver_job(job)) == job


@pytest.mark.parametrize("name", ["number", "source", "state_dir", "mark"])
def test_a_job_without_a_field_names_it(name: str) -> None:
    body = asdict(JOB)
    del body[name]
    with pytest.raises(ValueError, match=rf"^not a job of a receiver: {name} is missing$"):
        decode_receiver_job(json.dumps(body))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"scripts": []}, "unknown: scripts"),
        ({"held_limit_bytes": "much"}, "held_limit_bytes"),
        ({"suspects": [{"stage": "cooking"}]}, "suspects: stage"),
    ],
)
def test_a_job_with_something_wrong_names_it(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        decode_receiver_job(json.dumps(asdict(JOB) | change))


@pytest.mark.parametrize("text", ["", "[]", "null", "[" * 100_000, "{"])
def test_what_is_no_job_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a job of a receiver: "):
        decode_receiver_job(text)


@given(st.text())
def test_notes_survive_their_messages(text: str) -> None:
    assert decode_attach(encode_note(Attach(reader=text))) == Attach(reader=text)
    assert decode_adopt(encode_note(Adopt(job=text))) == Adopt(job=text)


def test_one_note_is_not_taken_for_the_other() -> None:
    with pytest.raises(ValueError, match=r"not a note to adopt.*job is missing"):
        decode_adopt(encode_note(Attach(reader="worker 1")))
    with pytest.raises(ValueError, match=r"not a note to attach.*unknown: job"):
        decode_attach(b'{"reader": "worker 1", "job": "x"}')


@given(st.binary(max_size=60))
def test_other_bytes_are_no_note(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"^not a note to "):
        decode_attach(message)


def test_a_note_is_bounded() -> None:
    with pytest.raises(ValueError, match=r"bytes, a note has at most"):
        decode_adopt(encode_note(Adopt(job="x" * 40000)))


def test_a_note_and_a_descriptor_are_one_message() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    worker, reader = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, worker, reader:
        socket.send_fds(ours, [encode_note(Attach(reader="worker 12"))], [reader.fileno()])
        socket.send_fds(ours, [encode_note(Attach(reader="worker 13"))], [reader.fileno()])
        message, descriptors, _, _ = socket.recv_fds(theirs, MAX_NOTE_BYTES, 4)
        assert decode_attach(message) == Attach(reader="worker 12")
        with socket.socket(fileno=descriptors[0]) as passed:
            passed.send(b"{}")
        assert worker.recv(100) == b"{}"
        message, descriptors, _, _ = socket.recv_fds(theirs, MAX_NOTE_BYTES, 4)
        assert decode_attach(message) == Attach(reader="worker 13")
        socket.socket(fileno=descriptors[0]).close()
