"""How much of what comes from scripts goes to the log. Pure: it is told the time."""

from dataclasses import dataclass

MINUTE_S, DAY_S = 60.0, 86_400.0


@dataclass(slots=True, kw_only=True)
class AllowanceWindow:
    """So many bytes in so many seconds, which begin with the first of them.

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
        """Whether there is room for so many bytes; begins anew when the time is over."""
        if now - self.began_at >= self.seconds:
            self.began_at, self.bytes = now, 0
        return self.bytes + size <= self.most_bytes


@dataclass(slots=True, kw_only=True)
class Allowance:
    """What may still be written, and what was left out.

    Attributes
    ----------
    left_out
        Lines, all in all.
    """

    minute: AllowanceWindow
    day: AllowanceWindow
    left_out: int = 0
    _told: int = 0
    _told_at: float = 0.0
    _why: AllowanceWindow | None = None

    @classmethod
    def of(cls, *, minute_bytes: int, day_bytes: int) -> "Allowance":
        """The allowance of a minute and of a day."""
        minute = AllowanceWindow(seconds=MINUTE_S, most_bytes=minute_bytes, words="minute")
        return cls(minute=minute, day=AllowanceWindow(seconds=DAY_S, most_bytes=day_bytes, words="day"))

    def admit(self, size: int, now: float) -> bool:
        """Whether a line of so many bytes is written; one that is not is counted."""
        full = next((window for window in (self.day, self.minute) if not window.has_room(size, now)), None)
        if full is None:
            self.minute.bytes += size
            self.day.bytes += size
            return True
        self.left_out += 1
        self._why = full
        return False

    def news(self, now: float) -> AllowanceWindow | None:
        """The window that was full, if people are to be told now: at once of the first line, then once a minute."""
        if self.left_out == self._told or (self._told and now - self._told_at < MINUTE_S):
            return None
        self._told, self._told_at = self.left_out, now
        return self._why
