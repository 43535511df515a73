"""Ranges of run numbers as people write them: ``"-12344"``, ``"12345-"``, ``"12345-12399"``, ``"12345"``. Pure."""

import re
from dataclasses import dataclass

FORMS = 'a range of runs such as "-12344", "12345-12399", "12345-" or "12345"'
MAX_RUN = 10**9

_RANGE = re.compile(r"\s*(?P<first>\d{1,9})?\s*(?P<to>-)?\s*(?P<last>\d{1,9})?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRange:
    """Runs `first` to `last`, both included; the whole range by default."""

    first: int = 0
    last: int = MAX_RUN

    def __contains__(self, run: int) -> bool:
        return self.first <= run <= self.last

    def __str__(self) -> str:
        if self == ALL_RUNS:
            return "all runs"
        if self.first == self.last:
            return f"{self.first}"
        return f"{self.first or ''}-{'' if self.last == MAX_RUN else self.last}"

    def overlaps(self, other: "RunRange") -> bool:
        """True if a run lies in both."""
        return self.first <= other.last and other.first <= self.last


ALL_RUNS = RunRange()


def parse_range(text: object) -> RunRange | None:
    """The range of a text, or of a run number; None if it is neither, or runs backwards."""
    if isinstance(text, int) and not isinstance(text, bool) and 0 < text < MAX_RUN:
        return RunRange(first=text, last=text)
    found = _RANGE.fullmatch(text) if isinstance(text, str) else None
    if found is None or not (found["first"] or found["last"]):
        return None
    first, last = (int(found[end]) if found[end] else None for end in ("first", "last"))
    if not found["to"]:
        return RunRange(first=first, last=first) if first and last is None else None
    made = RunRange(first=first or 0, last=MAX_RUN if last is None else last)
    return made if made.last > 0 and made.first <= made.last and first != 0 else None
