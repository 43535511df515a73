"""What the daemon does when a command asks for it."""

import socket

from livereduce.daemon.facts import DaemonState
from livereduce.daemon.orders.desk import NotDone
from livereduce.daemon.receiver.keeper import ReceiverKeeper
from livereduce.messages.receiver import ReaderKind


def attach_guest(who: str, state: DaemonState, receiver: ReceiverKeeper) -> socket.socket:
    """Let somebody read the present run along; return the guest's end of the connection.

    Raises
    ------
    NotDone
        There is no receiver, or it takes nobody.
    """
    if not state.receiving:
        why = f": {state.why}" if state.why else ""
        raise NotDone(f"the service has no receiver to read along with; it is {state.word}{why}")
    try:
        return receiver.attach(f"the guest {who}", ReaderKind.GUEST)
    except OSError as error:
        raise NotDone(f"the receiver takes nobody: {error}") from None
