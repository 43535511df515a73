"""How old a result may be before nobody should act on it. Pure."""

from livereduce.messages.progress import Progress, RunState

SLACK_S = 15.0
"""Three snapshots of the daemon: what is late by less may only be on its way."""


def late_after_s(update_every_s: float, progress: Progress | None) -> float:
    """The age at which a result is late: two cycles without one, each as long as the last calls of the scripts."""
    steps = progress.steps if progress else None
    took_s = steps.proc_s + steps.post_proc_s + steps.publish_s if steps else 0.0
    return 2 * max(update_every_s, took_s) + SLACK_S


def is_news_expected(progress: Progress | None) -> bool:
    """True while a run goes on, unless the stream says that there is nothing new: paused, ended, or without pulses."""
    if progress is None:
        return False
    silent = progress.source.connected and progress.source.no_pulses_since is not None
    return progress.run.state is RunState.RUNNING and not silent and not progress.source.ended
