"""Wait for descriptors."""

import select


def ready_fds(watched: set[int], wait_s: float) -> set[int]:
    """Those of the descriptors that are ready to read, at the latest after this time."""
    poll = select.poll()
    for fd in watched:
        poll.register(fd, select.POLLIN)
    # rounded up: a wait that ends just before the deadline would be followed by many of zero length
    return {fd for fd, _ in poll.poll(int(wait_s * 1000) + 1 if wait_s > 0 else 0)}
