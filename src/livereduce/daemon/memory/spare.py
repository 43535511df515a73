"""Decide whether there is room for a spare. Pure."""

SPARE_BYTES = 250_000_000
"""A spare with all its modules, generously."""
ROOM_PERCENT = 80
"""A spare is started only if it leaves memory below this: it must not be given up (`policy.TRIM_PERCENT`) at once."""


def has_room(allowed_bytes: int | None, used_bytes: int | None) -> bool:
    """True if a spare may be started beside what is used now.

    Parameters
    ----------
    allowed_bytes
        The memory limit; if it is turned off, all memory of the service. None: nothing was started yet.
    used_bytes
        None: nothing was measured yet.
    """
    if allowed_bytes is None or used_bytes is None:
        return False
    return (used_bytes + SPARE_BYTES) * 100 < allowed_bytes * ROOM_PERCENT
