"""Ask the daemon of an instrument for something, by the socket in its runtime directory."""

from pathlib import Path

from livereduce.base.local_sockets import connect_in, why_not_connected
from livereduce.messages.request import FILE_NAME, MAX_ANSWER_BYTES, Request, decode_answer, encode_request

ANSWER_S = 8.0
"""Longest wait for the daemon, whose loop turns at least once a second; the browser waits for 10 s."""


class NotObeyed(Exception):
    """The daemon has not done it, or cannot be asked; the text says why, for whoever has asked."""


def ask_daemon(runtime_dir: Path, request: Request) -> str:
    """Ask for something, and return what the daemon says of it. Blocks.

    Raises
    ------
    NotObeyed
        It refuses, cannot be asked, or does not answer.
    """
    try:
        connection = connect_in(runtime_dir, FILE_NAME, ANSWER_S)
    except OSError as error:
        raise NotObeyed(why_not_connected(runtime_dir / FILE_NAME, error)) from None
    with connection:
        try:
            connection.send(encode_request(request))
            answer = decode_answer(connection.recv(MAX_ANSWER_BYTES))
        except TimeoutError:
            raise NotObeyed(f"the daemon has not answered within {ANSWER_S:g} s; look whether it was done") from None
        except (OSError, ValueError) as error:
            raise NotObeyed(f"the daemon has not answered: {getattr(error, 'strerror', None) or error}") from None
    if not answer.done:
        raise NotObeyed(answer.text)
    return answer.text
