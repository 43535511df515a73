"""The run that the data belong to, and how much of it came: a pure function of what each workspace contains.

Mantid's listeners keep the old run number in the data that come between two runs, so by number alone those data would
replace the run's last result. The log ``run_end`` marks the last chunk of a run; later data with the same number are
between runs, and have the run number 0 here as everywhere in this project.
"""

from dataclasses import dataclass, replace

from livereduce.messages.progress import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """Facts of a workspace.

    Attributes
    ----------
    ends
        It has the log ``run_end``.
    events
        Events, or the sum of its counts.
    cumulative
        It holds counts, not events: a chunk of a histogram memory has all that was counted so far.
    first_ns, last_ns
        Unix times of its first and last pulse in ns; 0 if it has none.
    newest_ns
        The newest time in any of its logs; 0 if there is none.
    start_time, end_time
        Start and end of its run (ISO 8601); empty if not known.
    pulses_ns, charged_ns
        Times of its newest pulses, oldest first, and of its last one with proton charge (0 if there is none).
    """

    run: int = 0
    ends: bool = False
    paused: bool = False
    events: int = 0
    cumulative: bool = False
    pulses: int = 0
    charge_pc: float = 0.0
    first_ns: int = 0
    last_ns: int = 0
    newest_ns: int = 0
    start_time: str = ""
    end_time: str = ""
    pulses_ns: tuple[int, ...] = ()
    charged_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLedger:
    """Data received from the stream so far.

    Attributes
    ----------
    said
        The run number in the stream.
    run
        The run that the data belong to; 0 between runs.
    run_chunks, run_events
        Since the last edge of a run.
    given_pulses, given_last_ns
        Pulses that proc has passed on since then, and the time of the newest of them.
    incomplete
        What Mantid has dropped of that; empty if nothing.
    """

    said: int = 0
    run: int = 0
    ended: bool = False
    paused: bool = False
    chunks: int = 0
    events: int = 0
    pulses: int = 0
    run_chunks: int = 0
    run_events: int = 0
    run_pulses: int = 0
    charge_pc: float = 0.0
    first_ns: int = 0
    last_ns: int = 0
    newest_ns: int = 0
    given_pulses: int = 0
    given_last_ns: int = 0
    start_time: str = ""
    end_time: str = ""
    incomplete: str = ""

    @property
    def state(self) -> RunState:
        """State of the beamline, as far as the data tell."""
        if self.ended:
            return RunState.ENDED
        if not self.run:
            return RunState.NO_RUN
        return RunState.PAUSED if self.paused else RunState.RUNNING


def take_chunk(book: RunLedger, seen: Described) -> RunLedger:
    """Record a chunk, seen by itself: before its proc script, or when it replaces the accumulated data."""
    book = _at_edge(book, seen)
    if seen.cumulative:
        return _with_all(book, seen.events)
    return replace(
        book,
        chunks=book.chunks + 1,
        events=book.events + seen.events,
        run_chunks=book.run_chunks + 1,
        run_events=book.run_events + seen.events,
    )


def take_processed(book: RunLedger, seen: Described) -> RunLedger:
    """Record the output of proc for a chunk, before Mantid accumulates it."""
    repeats = seen.pulses > 0 and seen.first_ns <= book.given_last_ns
    pulses = book.given_pulses + seen.pulses - repeats
    return replace(book, given_pulses=pulses, given_last_ns=max(book.given_last_ns, seen.last_ns))


def check_added(book: RunLedger, seen: Described) -> RunLedger:
    """Check that accumulated data that are a sum hold everything that proc has passed on.

    The later states of Mantid's listener report the beginning of a run together with its first chunk, which the next
    chunk then replaces.
    """
    if seen.pulses >= book.given_pulses:
        return replace(book, incomplete="")
    held = f"{seen.pulses} of {book.given_pulses} pulses"
    return replace(book, incomplete=f"Mantid has dropped a part of the run: its accumulation holds {held}")


def take_accumulated(book: RunLedger, seen: Described, *, is_new: bool) -> RunLedger:
    """Record the accumulated data of the run, seen before post_proc, or as the result if there is no such script.

    Parameters
    ----------
    is_new
        The chunk in it has not been seen by itself, because there is no proc script.
    """
    if is_new:
        book = _with_all(_at_edge(book, seen), seen.events)
    return replace(
        book,
        pulses=book.pulses + max(0, seen.pulses - book.run_pulses),
        run_pulses=seen.pulses,
        charge_pc=seen.charge_pc,
        first_ns=seen.first_ns,
        last_ns=max(book.last_ns, seen.last_ns),
    )


def _with_all(book: RunLedger, events: int) -> RunLedger:
    """Add one more chunk, after which the run has this many events in total."""
    return replace(
        book,
        chunks=book.chunks + 1,
        events=book.events + max(0, events - book.run_events),
        run_chunks=book.run_chunks + 1,
        run_events=events,
    )


def _at_edge(book: RunLedger, seen: Described) -> RunLedger:
    """The ledger for this data: started again if there is an edge of a run before it."""
    after_end = book.ended and not seen.ends
    newest = max(book.newest_ns, seen.newest_ns)
    if seen.run == book.said and not after_end:
        return replace(
            book,
            ended=book.ended or seen.ends,
            paused=seen.paused,
            newest_ns=newest,
            start_time=book.start_time or seen.start_time,
            end_time=seen.end_time or book.end_time,
        )
    return RunLedger(
        said=seen.run,
        run=0 if after_end and seen.run == book.said else seen.run,
        ended=seen.ends,
        paused=seen.paused,
        chunks=book.chunks,
        events=book.events,
        pulses=book.pulses,
        newest_ns=newest,
        start_time="" if after_end and seen.run == book.said else seen.start_time,
        end_time=seen.end_time,
    )
