"""Ask the daemon of an instrument for something, by the socket in its runtime directory."""

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from livereduce import __version__
from livereduce.base.local_sockets import connect_in, exchange, left_s, why_not_connected
from livereduce.messages.request import (
    FILE_NAME,
    MAX_ANSWER_BYTES,
    NotDone,
    Request,
    RequestAnswer,
    Want,
    decode_answer,
    encode_request,
)


@dataclass(frozen=True, slots=True)
class Answered:
    """The daemon's answer, and the socket that came with it, if one did; whoever has asked closes it."""

    answer: RequestAnswer
    passed: tuple[socket.socket, ...] = ()

    def close(self) -> None:
        """Close what came with it."""
        for one in self.passed:
            one.close()


def ask(folders: Sequence[Path], request: Request, within_s: float) -> Answered:
    """Ask the daemon that listens in the first of these folders that has one, and wait for its answer. Blocks.

    Parameters
    ----------
    within_s
        Longest wait in all: until it takes the connection, the request, and has answered.

    Raises
    ------
    NotDone
        It refuses, cannot be asked, or has not answered in time.
    """
    until_s = time.monotonic() + within_s
    with _connected(folders, until_s) as daemon:
        try:
            message, passed = exchange(daemon, encode_request(request), MAX_ANSWER_BYTES, until_s)
        except TimeoutError:
            then = "" if request.want is Want.ATTACH else "; look whether it was done"
            raise NotDone(f"the daemon has not answered within {within_s:g} s{then}") from None
        except OSError as error:
            raise NotDone(f"the daemon has not answered: {error.strerror or error}") from None
    return _answered(message, tuple(passed))


def other_version(answer: RequestAnswer) -> str:
    """Why a run that a daemon gives to read along cannot be read by this version; empty if it can."""
    if answer.version == __version__:
        return ""
    return f"the service is livereduce {answer.version}, this is {__version__}: use that version to read its run along"


def _connected(folders: Sequence[Path], until_s: float) -> socket.socket:
    reasons = []
    for folder in folders:
        try:
            return connect_in(folder, FILE_NAME, left_s(until_s))
        except OSError as error:
            reasons.append(why_not_connected(folder / FILE_NAME, error))
    raise NotDone("; ".join(reasons))


def _answered(message: bytes, passed: tuple[socket.socket, ...]) -> Answered:
    answer = RequestAnswer(done=False, text="the daemon has closed the connection without an answer; ask again")
    try:
        answer = decode_answer(message) if message else answer
    except ValueError as error:
        answer = RequestAnswer(done=False, text=str(error))
    answered = Answered(answer, passed)
    if not answer.done:
        answered.close()
        raise NotDone(answer.text)
    return answered
