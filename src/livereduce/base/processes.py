"""Other processes of this host. Standard library only."""

import os


def process_exists(pid: int) -> bool:
    """True if there is a process of this number, of whatever user; also one that nobody has waited for yet."""
    if pid <= 0:  # a group of processes, for the system
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # a process of another user
        pass
    return True
