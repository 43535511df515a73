"""Decide whether there is room for a spare. Pure."""

SPARE_BYTES = 250_000_000
"""A spare with all its modules, generously."""
ROOM_PERCENT = 80
"""A spare is started only if it leaves memory below this: it must not be given up (`policy.TRIM_PERCENT`) at once."""


def has_room(limit_bytes: int | None, used_bytes: int | None) -> bool:
    """True if a spare may be started beside what is used now; None: there is no limit, or nothing was measured yet."""
    if limit_bytes is None:
        return True
    return used_bytes is not None and (used_bytes + SPARE_BYTES) * 100 < limit_bytes * ROOM_PERCENT
