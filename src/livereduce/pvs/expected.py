"""How old a result may be before nobody should act on it. Pure."""

from livereduce.messages.progress import Progress, RunState

SLACK_S = 15.0
"""Three snapshots of the daemon: what is late by less may only be on its way."""


def late_after_s(update_every_s: float, progress: Progress | None) -> float:
    """The age at which a result is late: two cycles without one, each as long as the last calls of the scripts."""
    steps = progress.steps if progress else None
    took_s = steps.proc_s + steps.post_proc_s + steps.publish_s if steps else 0.0
    return 2 * max(update_every_s, took_s) + SLACK_S


def is_quiet(progress: Progress, *, skip_empty: bool) -> bool:
    """True while nothing new can come: the run is paused or over, or brings no pulses.

    Pulses without beam bring results, unless scripts are spared chunks without events (`skip_empty`).
    """
    source = progress.source
    dark = skip_empty and source.no_beam_since is not None
    silent = source.connected and (dark or source.no_pulses_since is not None)
    return progress.run.state is not RunState.RUNNING or silent or source.ended
