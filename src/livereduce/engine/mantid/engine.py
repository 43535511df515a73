"""The mantid engine: Mantid's own live loop, as in the original, supervised without trusting Mantid's status."""

import logging
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from livereduce.base.rss import own_bytes
from livereduce.base.times import unix_s_of
from livereduce.engine.mantid.flowing import no_beam_since, no_pulses_since
from livereduce.engine.mantid.live import shim
from livereduce.engine.mantid.live.arguments import arguments_of, shown
from livereduce.engine.mantid.live.callbacks import Steps
from livereduce.engine.mantid.live.live_algorithms import LiveAlgorithms
from livereduce.engine.mantid.live.setup import choose_instrument, listen_to_log
from livereduce.engine.mantid.run_ledger import RunLedger
from livereduce.engine.mantid.verdict import Busy, Facts, Over, SilenceRules, Verdict, Waiting, judge
from livereduce.engine.protocol import Tell
from livereduce.messages.beat import Phase
from livereduce.messages.job import Job
from livereduce.messages.progress import (
    MemoryProgress,
    Progress,
    RunProgress,
    SourceProgress,
    StepProgress,
    TotalProgress,
)
from livereduce.publish.products.folder import Products
from livereduce.publish.publisher import outlet_of

logger = logging.getLogger("livereduce.engine")

ORDERLY_S = 2.0
"""How long an idle Mantid may take to end by itself. After that nothing is lost: results are published when a cycle
ends, but its older listeners are joined for up to a minute."""


class LoopEnded(Exception):
    """Mantid's loop has stopped reducing; the worker ends, and a new one begins from the start of the run."""


class MantidEngine:
    """Reduces a stream with Mantid's own loop; see `livereduce.engine.protocol.Engine`.

    The loop runs in Mantid's threads; this class starts it, checks it and cancels it. Making an engine sets Mantid up,
    checks the arguments, and calls StartLiveData in a thread.

    Raises
    ------
    OperatorError
        The instrument, the scripts or an argument cannot be used.
    """

    def __init__(self, job: Job, tell: Tell) -> None:
        self._tell, self._telling = tell, threading.Lock()
        self._changed = threading.Event()
        self._stopping = self._told_over = False
        self._log = listen_to_log()
        instrument = choose_instrument(job.instrument)
        self._outlet = outlet_of(job, Products(Path(job.state_dir)))
        self._steps = Steps(job, self._outlet, self._begin, self._changed)
        shim.install(self._steps.run)
        arguments = arguments_of(job, instrument=instrument, shims=shim.write_shims(job))
        logger.info("%s", shown(arguments, job))
        self._loop = LiveAlgorithms(arguments, job, self._changed)
        self._rules = SilenceRules(
            update_every_s=job.update_every_s,
            cycle_s=job.limit_s(Phase.PROCESS) + job.limit_s(Phase.POST_PROCESS),
            waiting_s=job.limit_s(Phase.WAITING),
        )
        listener = f"{arguments['Listener']} at {arguments['Address']}" if job.source else ""
        self._address = listener or f"the stream of {instrument}"
        self._keeps_events, self._one_run = job.preserve_events, job.one_run
        self._begun_at = time.monotonic()
        self._loop.start()

    def poll(self, timeout_s: float) -> Progress:
        """Check Mantid's loop.

        Raises
        ------
        LoopEnded
            It has ended, or must be considered dead. The poll before this one has reported why. Not with one run
            only: whoever plays it ends this worker, and begins no other.
        """
        verdict = self._judge()
        if isinstance(verdict, Over) and self._told_over:
            if not self._one_run:
                raise LoopEnded(verdict.reason)
            time.sleep(timeout_s)
        if not isinstance(verdict, Over):
            self._beat(verdict.phase if isinstance(verdict, Busy) else Phase.WAITING, verdict)
            self._changed.wait(timeout_s)  # this also lets scripts have the interpreter's lock
            self._changed.clear()
            verdict = self._judge()
        with self._telling:
            self._told_over = isinstance(verdict, Over)
        book = self._steps.state.book
        self._outlet.look()
        self._outlet.seen(book.run, book.last_ns / 1e9)
        return self._progress(verdict)

    def stop(self, deadline_s: float) -> None:
        """Cancel Mantid's loop.

        A running script may end and be published; after the deadline nothing more is waited for.
        """
        with self._telling:
            self._stopping = True
        self._beat(Phase.STOPPING)
        self._steps.cancelled = True
        until = time.monotonic() + deadline_s
        ended = self._loop.cancel(min(ORDERLY_S, deadline_s))
        while not ended and self._works and time.monotonic() < until:
            ended = self._loop.cancel(min(ORDERLY_S, max(0.0, until - time.monotonic())))
        if not ended:
            logger.warning("Mantid has not ended its live data by itself; it is left as it is")
        self._steps.close()
        self._outlet.close()

    @property
    def _works(self) -> bool:
        return self._steps.state.at_work is not None

    def _judge(self) -> Verdict:
        return judge(self._facts(), self._rules, time.monotonic())

    def _facts(self) -> Facts:
        state = self._steps.state
        return Facts(
            starting=self._loop.starting,
            ended=self._loop.ended(self._log.monitor_error),
            failure=state.failure,
            phase=state.at_work,
            phase_since=state.since,
            heard_at=max(self._begun_at, state.heard_at, self._loop.returned_at or 0.0),
            not_ready_at=self._log.not_ready_at,
            not_ready=self._log.not_ready,
            begun_at=state.first_at or self._begun_at,
            looked_at=state.looked_at,
            new_at=state.new_at,
            dated=state.book.newest_ns > 0,
            has_chunks=state.book.chunks > 0,
            run_state=state.book.state,
        )

    def _begin(self, phase: Phase) -> None:
        """A step begins, in Mantid's thread: report what is known now, because a script may prevent later reports."""
        self._beat(phase, Busy(phase=phase, silent_s=0.0))

    def _beat(self, phase: Phase, verdict: Verdict | None = None) -> None:
        # While stopping, the limits of the other phases no longer apply; a step may begin at that very moment.
        with self._telling:
            if self._told_over and not self._stopping:
                return  # the worker is about to end: its last beat must keep the reason
            self._tell(Phase.STOPPING if self._stopping else phase, self._progress(verdict) if verdict else None)

    def _progress(self, verdict: Verdict) -> Progress:
        state = self._steps.state
        book = state.book
        whole = state.settled
        of_run = whole if whole.run == book.run else RunLedger()
        connected = book.chunks > 0 and not isinstance(verdict, Over)
        return Progress(
            incomplete_runs=self._outlet.notes,
            silent_s=verdict.silent_s if isinstance(verdict, Busy | Waiting) else 0.0,
            last_errors=_errors(state.errors, verdict) | self._outlet.problems,
            run=RunProgress(
                number=book.run,
                state=book.state,
                began_unix_s=unix_s_of(book.start_time),
                chunks=of_run.run_chunks,
                events=of_run.run_events,
                pulses=of_run.run_pulses,
                proton_charge_pc=of_run.charge_pc,
                incomplete=of_run.incomplete,
                keeps_events=self._keeps_events,
            ),
            total=TotalProgress(
                chunks=whole.chunks,
                results=state.results,
                events=whole.events,
                pulses=whole.pulses,
                script_errors=state.script_errors,
                gaps=self._outlet.gaps,
            ),
            steps=StepProgress(
                proc_s=state.seconds[Phase.PROCESS],
                post_proc_s=state.seconds[Phase.POST_PROCESS],
                publish_s=state.seconds[Phase.PUBLISH],
                proc_calls=state.calls[Phase.PROCESS],
                post_proc_calls=state.calls[Phase.POST_PROCESS],
            ),
            memory=MemoryProgress(
                rss_bytes=state.rss_bytes if state.at_work else own_bytes(),
                held_bytes=state.held_bytes,
                proc_grew_bytes=max(0, state.grew_bytes[Phase.PROCESS]),
                post_proc_grew_bytes=max(0, state.grew_bytes[Phase.POST_PROCESS]),
            ),
            source=SourceProgress(
                data_age_s=time.time() - book.last_ns / 1e9 if book.last_ns else None,
                no_pulses_since=no_pulses_since(state.watched, book.state),
                no_beam_since=no_beam_since(state.watched),
                address=self._address,
                connected=connected,
                reason="" if connected else _reason(verdict),
                connects=int(book.chunks > 0),
                ended=self._one_run and (whole.ended or isinstance(verdict, Over)),
            ),
        )


def _reason(verdict: Verdict) -> str:
    return "" if isinstance(verdict, Busy) else verdict.reason


def _errors(errors: Mapping[str, str], verdict: Verdict) -> dict[str, str]:
    """The errors of the steps, and the trouble of Mantid's loop, unless it is one of them."""
    seen = dict(errors)
    if isinstance(verdict, Over) and verdict.reason not in seen.values():
        return seen | {"source": verdict.reason}
    if isinstance(verdict, Waiting) and verdict.silent_s:
        return seen | {"cycle": verdict.reason}
    return seen
