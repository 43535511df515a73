"""What a command asks of a running daemon, on a socket in its runtime directory, and the daemon's answer.

The socket keeps the limits of messages (SOCK_SEQPACKET). A connection is one request and one answer; with the answer to
`Want.ATTACH` or `Want.FOLLOW` comes a descriptor, the reader's end of a connection to the receiver.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

from livereduce.base.fields import checked
from livereduce.messages.status import ShadowStatus

FILE_NAME = "orders"
"""The socket, in the runtime directory."""
MAX_REQUEST_BYTES = 1 << 14
"""A region that is drawn by hand fits (`livereduce.messages.regions.MAX_REGION_BYTES`)."""
MAX_ANSWER_BYTES = 1 << 16


class NotDone(Exception):
    """The daemon does not do what it was asked, or cannot be asked; the text says why, for whoever has asked."""


class Want(StrEnum):
    """What can be asked.

    Attributes
    ----------
    ATTACH
        To read the present run along, as far as it is held (`livereduce.messages.receiver.ReaderKind.GUEST`).
    FOLLOW
        To read it along from now on, too (`livereduce.messages.receiver.ReaderKind.VIEWER`).
    RESTART
        A new worker with the scripts as they are now, as SIGHUP.
    PROMOTE
        The scripts of the shadow that were seen, in the place of those in use, as ``livereduce promote``.
    TAKE_BACK
        What was there before the last promotion, as ``livereduce promote --undo``.
    SET_REGIONS
        To keep a region of the detector, in place of one of the same name, to remove one, or both in one write.
    """

    ATTACH = "attach"
    FOLLOW = "follow"
    RESTART = "restart"
    PROMOTE = "promote"
    TAKE_BACK = "take_back"
    SET_REGIONS = "set_regions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request.

    Attributes
    ----------
    who
        Who asks, for people: ``livereduce try``.
    seen
        To promote: `seen_scripts` of what whoever asks was shown.
    region
        To keep a region: its JSON (`livereduce.messages.regions`); empty to remove one.
    remove
        To remove a region: its name. With `region`, that one takes its place, as if it were renamed.
    """

    want: Want
    who: str = ""
    seen: str = ""
    region: str = ""
    remove: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAnswer:
    """The daemon's answer.

    Attributes
    ----------
    done
        It was done.
    text
        What was done, or why it was not, in words for people; empty for `Want.ATTACH` and `Want.FOLLOW` if it was done.
    version
        The daemon's livereduce: what it holds is read by the same version only.
    """

    done: bool
    text: str = ""
    version: str = ""


def seen_scripts(shadow: Mapping[str, str], in_use: Mapping[str, str]) -> str:
    """One md5 for both sets of scripts that a status shows; another one if a file of either is another one.

    Parameters
    ----------
    shadow, in_use
        The md5 of each file, by its path.
    """
    both = [sorted(shadow.items()), sorted(in_use.items())]
    return hashlib.md5(json.dumps(both).encode(), usedforsecurity=False).hexdigest()


def why_not_shown(shadow: ShadowStatus) -> str:
    """Why nobody can have seen the scripts of a shadow do their work; empty if they do it now."""
    if shadow.pid is None:
        return shadow.why
    if shadow.progress is None or not shadow.progress.total.results:
        return "its scripts have made no result yet"
    errors = shadow.progress.last_errors
    failing = [f"{step}: {errors[step]}" for step in ("proc", "post_proc") if step in errors]
    return f"its scripts fail: {'; '.join(failing)}" if failing else ""


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
