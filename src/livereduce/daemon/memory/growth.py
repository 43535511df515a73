"""Break the memory down: the run's events, growth inside a script, processes it has started, the programs themselves.

Pure. The worker reports in its beats how much it has, holds, and has grown inside the calls of the scripts; the daemon
measures how much there is now, and how much of it is the run that the receiver holds for all. Both together give the
figures for people, and tell which has grown: whether keeping histograms instead of events would help.
"""

from dataclasses import dataclass

from livereduce.messages.beat import Phase
from livereduce.messages.progress import Progress

TABLE_FACTOR = 4
"""What a script makes from all events takes up to this many times their memory (a table of them three times): if a call
takes no more, the cause is the number of events."""
EVENTS_SHARE = 4
"""If no other cause is known, events that make up a quarter of all memory are worth giving up."""
TOLD_SHARE = 50
"""A part of less than a fiftieth is not shown, except for the events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Memory of the processes beside the worker, in bytes; all 0 where there are none (Mantid).

    Attributes
    ----------
    run
        What the receiver holds of the stream; the worker and what it forks map the same pages.
    receiver, receiver_base
        The receiver's own memory, and the part of it from its start.
    spare, shadow
        The worker that stands by, and the one with other scripts.
    recorder
        The recorder, with the ring through which the receiver feeds it.
    """

    run: int = 0
    receiver: int = 0
    receiver_base: int = 0
    spare: int = 0
    shadow: int = 0
    recorder: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return self.run + self.receiver + self.spare + self.shadow + self.recorder


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """The parts of the memory, in bytes; together all of it.

    Attributes
    ----------
    held
        Data that the engine holds in memory of its own: as events, or as `histograms`.
    proc, post_proc
        Growth inside the calls of the scripts.
    started
        Processes that scripts have started.
    elsewhere
        All the rest of the worker: interpreter, libraries, the engine's own.
    base
        The part of `elsewhere` from before the first chunk.
    in_call
        The part of `proc` or `post_proc` from the call that is running.
    """

    held: int = 0
    proc: int = 0
    post_proc: int = 0
    started: int = 0
    elsewhere: int = 0
    base: int = 0
    beside: Beside = Beside()
    in_call: int = 0
    in_step: str = ""
    histograms: bool = False

    @property
    def cause(self) -> str:
        """The largest part: ``events``, ``proc``, ``post_proc``, ``started``, ``receiver`` or ``elsewhere``."""
        parts = {name: getattr(self, name) for name in ("proc", "post_proc", "started")}
        held = self.beside.run + self.held
        events = held
        if self.in_step and self.in_call <= TABLE_FACTOR * held:
            parts[self.in_step] -= self.in_call
            events += self.in_call
        parts |= {"events": events, "elsewhere": max(0, self.elsewhere - self.base)}
        parts["receiver"] = max(0, self.beside.receiver - self.beside.receiver_base)
        most = max(parts, key=lambda name: parts[name])
        return "events" if most == "elsewhere" and held * EVENTS_SHARE >= self.total else most

    @property
    def is_left_behind(self) -> bool:
        """The cause is a script, and mostly what it has left behind, not what a running call may free again."""
        size = {"proc": self.proc, "post_proc": self.post_proc, "started": self.started}.get(self.cause, 0)
        return size > 2 * self.in_call

    @property
    def total(self) -> int:
        """All parts together."""
        return sum(size for size, _ in self._parts)

    @property
    def text(self) -> str:
        """Text on the parts, the largest first."""
        parts, total = self._parts, self.total
        data = parts[0] if self.beside.receiver else parts[1]  # always named, where they are
        told = [part for part in parts if part[0] * TOLD_SHARE >= total and part[0] and part is not data]
        return ", ".join(f"{amount(size)} {what}" for size, what in sorted([*told, data], reverse=True))

    @property
    def _parts(self) -> tuple[tuple[int, str], ...]:
        return (
            (self.beside.run, "of the run's events held by the receiver"),
            (self.held, f"of {'histograms' if self.histograms else 'events'} held"),
            (self.proc, "added by proc"),
            (self.post_proc, "added by post_proc"),
            (self.started, "in processes that scripts started"),
            (self.elsewhere, "in the program itself"),
            (self.beside.receiver, "in the receiver itself"),
            (self.beside.spare, "in the spare worker"),
            (self.beside.shadow, "in the shadow"),
            (self.beside.recorder, "in the recorder"),
        )


def grown(
    total: int,
    started: int,
    phase: Phase | None,
    progress: Progress | None,
    base: int | None,
    beside: Beside = Beside(),
) -> Grown:
    """Split the measured memory into its parts.

    Parameters
    ----------
    total, started
        Memory of the worker with all it has started, and of the latter alone.
    phase, progress
        From the newest beat, which says how much the worker had when the phase began. None: no beat yet.
    base
        Memory of the worker before its first chunk; None if not known.
    """
    own = max(0, total - started)
    if progress is None:
        return Grown(started=min(started, total), elsewhere=own, base=own, beside=beside)
    left = own - (held := min(own, progress.memory.held_bytes))
    in_step = {Phase.PROCESS: "proc", Phase.POST_PROCESS: "post_proc"}.get(phase or Phase.WAITING, "")
    in_call = max(0, own - progress.memory.rss_bytes) if in_step and progress.memory.rss_bytes else 0
    sizes = {}
    for step, before in (
        ("post_proc", progress.memory.post_proc_grew_bytes),
        ("proc", progress.memory.proc_grew_bytes),
    ):
        # data that proc made and the accumulation holds count as held; memory freed since counts nowhere
        sizes[step] = min(left, before + (in_call if step == in_step else 0))
        left -= sizes[step]
    return Grown(
        held=held,
        proc=sizes["proc"],
        post_proc=sizes["post_proc"],
        started=min(started, total),
        elsewhere=left,
        base=base or 0,
        in_call=min(in_call, sizes.get(in_step, 0)),
        in_step=in_step,
        histograms=not progress.run.keeps_events,
        beside=beside,
    )


def amount(n_bytes: int) -> str:
    """Format bytes for people."""
    if n_bytes >= 1e9:
        return f"{n_bytes / 1e9:.2f} GB"
    return f"{n_bytes / 1e6:.0f} MB" if n_bytes >= 1e6 else f"{n_bytes / 1e3:.0f} kB"
