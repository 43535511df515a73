"""What has happened lately and no longer shows in the state, in a line for the page. Pure."""

from datetime import datetime, timedelta

from livereduce.messages.status import Restart, Status, is_time, iso

LATELY = timedelta(hours=24)


def earlier(status: Status, now: datetime) -> str:
    """Disturbances and ended workers of the last day, and incomplete earlier runs; empty if there were none."""
    at, _, cost = status.recovered.partition(" ")
    said = [f"{_time(at)} {cost}"] if _is_recent(at, now) else []
    said += _ended([one for one in status.last_restarts if _is_recent(one.at, now)])
    said += [f"incomplete: {text}" for text in (status.progress.incomplete_runs if status.progress else ())]
    return "; ".join(said)


def _ended(restarts: list[Restart]) -> list[str]:
    if not restarts:
        return []
    last = f"{_time(restarts[-1].at)}: {restarts[-1].reason}"
    if len(restarts) == 1:
        return [f"worker replaced at {last}"]
    return [f"worker replaced {len(restarts)} times in 24 h, the last time at {last}"]


def _is_recent(at: str, now: datetime) -> bool:
    """True for a time of the last day; False for no time, and for one far in the future, which no clock can mean."""
    return is_time(at) and abs(now - datetime.fromisoformat(at)) < LATELY


def _time(at: str) -> str:
    """A time as in all answers; the page shows it in the zone of whoever looks."""
    return iso(datetime.fromisoformat(at))
