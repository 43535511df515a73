"""Limit how much output of scripts goes to the log. Pure: the time is an argument."""

from dataclasses import dataclass

MINUTE_S, DAY_S = 60.0, 86_400.0


@dataclass(slots=True, kw_only=True)
class AllowanceWindow:
    """A number of bytes per time window, which begins with the first byte.

    Attributes
    ----------
    words
        The window for people.
    """

    seconds: float
    most_bytes: int
    words: str
    began_at: float = float("-inf")
    bytes: int = 0

    def has_room(self, size: int, now: float) -> bool:
        """True if this many bytes still fit; the window restarts when its time is over."""
        if now - self.began_at >= self.seconds:
            self.began_at, self.bytes = now, 0
        return self.bytes + size <= self.most_bytes


@dataclass(slots=True, kw_only=True)
class Allowance:
    """Room left in the log, and the number of lines left out.

    Attributes
    ----------
    left_out
        Lines left out in total.
    """

    minute: AllowanceWindow
    day: AllowanceWindow
    left_out: int = 0
    _told: int = 0
    _told_at: float = 0.0
    _why: AllowanceWindow | None = None

    @classmethod
    def of(cls, *, minute_bytes: int, day_bytes: int) -> "Allowance":
        """Make an allowance per minute and per day."""
        minute = AllowanceWindow(seconds=MINUTE_S, most_bytes=minute_bytes, words="minute")
        return cls(minute=minute, day=AllowanceWindow(seconds=DAY_S, most_bytes=day_bytes, words="day"))

    def admit(self, size: int, now: float) -> bool:
        """True if a line of this many bytes may be written; one that may not is counted."""
        full = next((window for window in (self.day, self.minute) if not window.has_room(size, now)), None)
        if full is None:
            self.minute.bytes += size
            self.day.bytes += size
            return True
        self.left_out += 1
        self._why = full
        return False

    def news(self, now: float) -> AllowanceWindow | None:
        """The window that is full, if people must be told now: at the first line left out, then once a minute."""
        if self.left_out == self._told or (self._told and now - self._told_at < MINUTE_S):
            return None
        self._told, self._told_at = self.left_out, now
        return self._why
