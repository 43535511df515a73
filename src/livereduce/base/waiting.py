"""Wait for one descriptor. Standard library only."""

import select
import socket


def is_readable(descriptor: int | socket.socket, timeout_s: float) -> bool:
    """Wait, so long at most, until something can be read, or the other end is gone; True if so.

    Of a pidfd: until the process has ended. By poll(2), because select(2) takes no descriptor from 1024 on, and a
    process that holds a long run has more.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(max(0.0, 1000 * timeout_s)))
