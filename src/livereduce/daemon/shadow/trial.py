"""Whether promoted scripts have proved themselves, from what the worker says of its first chunks. Pure."""

from dataclasses import dataclass
from enum import StrEnum

CHUNKS = 3
"""With events: a chunk of logs alone proves nothing."""


class TrialVerdict(StrEnum):
    """What is known of promoted scripts."""

    OPEN = "open"
    PROVED = "proved"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSight:
    """What promoted scripts have done so far.

    Attributes
    ----------
    filled, failed
        Chunks with events that the present worker was given, and those of them in which a script failed.
    ended
        Workers with these scripts that have ended unasked: a script has crashed or hung them.
    """

    filled: int = 0
    failed: int = 0
    ended: int = 0


def judge_trial(sight: TrialSight) -> TrialVerdict:
    """FAILED after three chunks with events that all failed, or a worker that ended; PROVED if one of three is well."""
    if sight.ended or sight.failed >= CHUNKS:
        return TrialVerdict.FAILED
    return TrialVerdict.PROVED if sight.filled >= CHUNKS else TrialVerdict.OPEN
