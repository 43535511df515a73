"""What a command asks of a running daemon, on a socket in its runtime directory, and the daemon's answer.

The socket keeps the limits of messages (SOCK_SEQPACKET). A connection is one request and one answer; with the answer to
`Want.ATTACH` comes a descriptor, the guest's end of a connection to the receiver.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

from livereduce.base.fields import checked

FILE_NAME = "orders"
"""The socket, in the runtime directory."""
MAX_REQUEST_BYTES = 4096
MAX_ANSWER_BYTES = 1 << 16


class Want(StrEnum):
    """What can be asked.

    Attributes
    ----------
    ATTACH
        To read the present run along, as far as it is held (`livereduce.messages.receiver.ReaderKind.GUEST`).
    """

    ATTACH = "attach"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request; `who` asks, for people: ``livereduce try``."""

    want: Want
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAnswer:
    """The daemon's answer.

    Attributes
    ----------
    done
        It was done; otherwise `text` says why not, as a sentence for people.
    version
        The daemon's livereduce: what it holds is read by the same version only.
    """

    done: bool
    text: str = ""
    version: str = ""


def encode_request(request: Request) -> bytes:
    """Encode a request as one message."""
    return json.dumps(asdict(request)).encode()


def decode_request(message: bytes) -> Request:
    """Decode a request.

    Raises
    ------
    ValueError
        It is none, or of a newer version: names what was expected and seen.
    """
    try:
        return checked(Request, json.loads(message))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not a request that this version knows: {message[:80]!r} ({error})") from None


def encode_answer(answer: RequestAnswer) -> bytes:
    """Encode an answer as one message."""
    return json.dumps(asdict(answer)).encode()


def decode_answer(message: bytes) -> RequestAnswer:
    """Decode an answer.

    Raises
    ------
    ValueError
        It is none.
    """
    try:
        return checked(RequestAnswer, json.loads(message))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not an answer of a daemon: {message[:80]!r} ({error})") from None
