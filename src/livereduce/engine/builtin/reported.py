"""What the engine reports of a reduction: parts of `Progress`, made of its counters."""

from livereduce.base.rss import own_bytes
from livereduce.base.times import unix_s
from livereduce.engine.builtin.live import Reduction
from livereduce.engine.builtin.wording import name_of_run
from livereduce.engine.workspaces.tally import Tally
from livereduce.messages.beat import Phase
from livereduce.messages.progress import MemoryProgress, RunProgress, RunState, StepProgress
from livereduce.stream.chunk import CutState

BYTES_PER_EVENT = 8
MAX_NAMED = 5


def _named(logs: tuple[str, ...]) -> str:
    """Some names, and how many more there are."""
    more = f" and {len(logs) - MAX_NAMED} more" if len(logs) > MAX_NAMED else ""
    return ", ".join(name[:80] for name in logs[:MAX_NAMED]) + more


def run_state(cut: CutState) -> RunState:
    """Whether there is a run, and whether it is paused."""
    if cut.run:
        return RunState.PAUSED if cut.paused else RunState.RUNNING
    return RunState.ENDED if cut.ended else RunState.NO_RUN


def run_progress(cut: CutState, first: Reduction) -> RunProgress:
    """Sums of the run that the stream is in; 0 until its first chunk."""
    run = cut.run or first.run
    tally = first.tally if run == first.run else Tally()
    return RunProgress(
        number=run,
        state=run_state(cut),
        began_unix_s=unix_s(cut.start_ns) if cut.run and cut.start_ns else None,
        chunks=tally.chunks,
        events=tally.events,
        pulses=tally.pulses,
        proton_charge_pc=tally.charge_pc,
        unmapped=tally.unmapped,
        erroneous=tally.erroneous,
        outside_tof=first.outside_tof if run == first.run else 0,
        unknown_pixel=first.unknown_pixel if run == first.run else 0,
        incomplete=tally.incomplete,
        invalid_logs=_named(first.invalid_logs),
        keeps_events=first.keeps_events,
        counted_because=first.counted_because,
    )


def saved_at_stop(first: Reduction, problem: str) -> str:
    """The sentence of a worker that stops: what the last result of the run holds. `problem`: why it is not written."""
    run = name_of_run(first.run)
    if problem:
        return f"{run}: the last result could not be written: {problem}"
    if first.published is None:
        return f"{run}: there is no result yet"
    left = first.tally.pulses - first.published.pulses
    return (
        f"{run}: the last result is saved, {first.published.pulses} pulses{f'; {left} are not in it' if left else ''}"
    )


def step_progress(first: Reduction) -> StepProgress:
    """Durations and numbers of the calls of scripts."""
    return StepProgress(
        proc_s=first.scripts.seconds[Phase.PROCESS],
        post_proc_s=first.scripts.seconds[Phase.POST_PROCESS],
        publish_s=first.publish_s,
        proc_calls=first.scripts.calls[Phase.PROCESS],
        post_proc_calls=first.scripts.calls[Phase.POST_PROCESS],
    )


def memory_progress(cut: CutState, first: Reduction, *, maps: bool) -> MemoryProgress:
    """Memory of the process, of what is held, and what the scripts have added; `maps`: a receiver has the stream."""
    pending_bytes = BYTES_PER_EVENT * cut.pending.n_events
    mapped_bytes = first.mapped_bytes + (pending_bytes if maps else 0)
    return MemoryProgress(
        rss_bytes=own_bytes(),
        held_bytes=first.held_bytes + pending_bytes - mapped_bytes,
        mapped_bytes=mapped_bytes,
        proc_grew_bytes=max(0, first.scripts.grew_bytes[Phase.PROCESS]),
        post_proc_grew_bytes=max(0, first.scripts.grew_bytes[Phase.POST_PROCESS]),
    )
