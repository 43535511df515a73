"""What has happened lately and no longer shows in the state, in a line for the page. Pure."""

from datetime import datetime, timedelta

from livereduce.messages.status import Restart, Status, is_time

LATELY = timedelta(hours=24)


def earlier(status: Status, now: datetime) -> str:
    """Disturbances and ended workers of the last day, and incomplete earlier runs; empty if there were none."""
    at, _, cost = status.recovered.partition(" ")
    said = [f"{_clock(at)} {cost}"] if is_time(at) and _is_late(at, now) else []
    said += _ended([one for one in status.last_restarts if is_time(one.at) and _is_late(one.at, now)])
    said += [f"incomplete: {text}" for text in (status.progress.incomplete_runs if status.progress else ())]
    return "; ".join(said)


def _ended(restarts: list[Restart]) -> list[str]:
    if not restarts:
        return []
    last = f"{_clock(restarts[-1].at)}: {restarts[-1].reason}"
    if len(restarts) == 1:
        return [f"worker replaced at {last}"]
    return [f"worker replaced {len(restarts)} times in 24 h, the last time at {last}"]


def _is_late(at: str, now: datetime) -> bool:
    """False also for a time far in the future or past, which no clock can have meant."""
    return abs(now - datetime.fromisoformat(at)) < LATELY


def _clock(at: str) -> str:
    return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S %Z")
