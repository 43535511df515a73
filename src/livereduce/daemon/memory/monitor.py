"""Monitor the memory every `mem_check_interval_sec`, and tell the policy.

`usage.py` measures and `memory.policy` decides; this module knows when, and keeps the state between workers.
"""

import logging
import time
from dataclasses import dataclass, field, replace

from livereduce.base.machine import read_cgroup_limit, read_ram_bytes
from livereduce.daemon.facts import Fact, Outgrown, ReceiverOutgrown, ShadowOutgrown
from livereduce.daemon.memory import policy as memory_policy
from livereduce.daemon.memory.facts import (
    EndForMemory,
    FreeHeld,
    GiveUpSpare,
    MemoryRules,
    Order,
    ReplaceReceiver,
    Trim,
    Weighed,
)
from livereduce.daemon.memory.full import held_limit_bytes, waits_text
from livereduce.daemon.memory.growth import Beside, grown
from livereduce.daemon.memory.policy import MemoryState
from livereduce.daemon.memory.spare import has_room
from livereduce.daemon.memory.usage import MemoryUsage, limit_bytes
from livereduce.daemon.worker.beats import Observed
from livereduce.daemon.worker.process import Worker
from livereduce.messages.beat import Phase
from livereduce.messages.order import STOP, TRIM
from livereduce.messages.progress import MemoryProgress
from livereduce.preflight.resolve import Resolved
from livereduce.scripting.script_set import Version

log = logging.getLogger("livereduce.daemon")


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The processes beside the worker, if there are any; `heard`: what the receiver has said."""

    receiver: Worker | None = None
    heard: Observed = field(default_factory=Observed)
    spare: Worker | None = None
    shadow: Worker | None = None
    recorder: Worker | None = None


ALONE = Company()


class MemoryMonitor:
    """State of the memory monitor.

    Attributes
    ----------
    state
        State of `policy.py`: what holds for the next worker, and whether the run fits at all.
    newest
        The newest measurement with the present worker; None before the first.
    held_limit_bytes
        Most that a receiver started now may hold of the stream; None if nothing was started yet.
    """

    def __init__(self) -> None:
        self.state = MemoryState()
        self.newest: Weighed | None = None
        self.held_limit_bytes: int | None = None
        self._allowed_bytes: int | None = None
        self._usage = MemoryUsage()
        self._interval_s = 1.0
        self._due = 0.0
        self._scripts: Version = ()
        self._waits = ""
        self._kept_bytes, self._kept_since, self._kept_chunks, self._busy_at = 0, 0.0, 0, 0.0

    @property
    def limit_bytes(self) -> int | None:
        """Limit of all processes together; None if it is turned off, or nothing was started yet."""
        return self.state.rules.limit_bytes

    @property
    def bytes(self) -> int | None:
        """Memory of all processes at the newest measurement."""
        return self.newest.bytes if self.newest else None

    @property
    def has_room_for_spare(self) -> bool:
        """True if a spare may be started."""
        return has_room(self._allowed_bytes, self.bytes)

    @property
    def waits(self) -> str:
        """Text on a receiver that waits, because it may not hold more; empty if it does not."""
        return waits_text(self.state.rules, self.newest) if self.newest else ""

    def adopt(self, resolved: Resolved) -> None:
        """Call this before a worker is started: set its limit, and reset the state for other scripts."""
        config, ram, cgroup = resolved.config, read_ram_bytes(), read_cgroup_limit()
        limit = limit_bytes(config.system_mem_limit_perc, ram, cgroup)
        self.held_limit_bytes = held_limit_bytes(limit, ram, cgroup)
        self._allowed_bytes = limit_bytes(100, ram, cgroup) if limit is None else limit
        falls_back = resolved.engine == "builtin" and config.preserve_events
        rules = MemoryRules(limit_bytes=limit, held_limit_bytes=self.held_limit_bytes, falls_back=falls_back)
        self.state = replace(self.state, rules=rules)
        if resolved.scripts.version != self._scripts:
            self.state, self._scripts = memory_policy.forget_recycles(self.state), resolved.scripts.version
        self._interval_s, self.newest = config.mem_check_interval_s, None

    @property
    def parts(self) -> str:
        """Text on the parts of the memory at the newest measurement; empty before it."""
        return self.newest.grown.text if self.newest and self.newest.grown else ""

    def is_due(self, now: float) -> bool:
        """True if it is time to measure."""
        return now >= self._due

    def gather(
        self, worker: Worker, generation: int, observed: Observed, now: float, company: Company = ALONE
    ) -> list[Fact | ReceiverOutgrown | ShadowOutgrown]:
        """Measure if it is time to, have the processes free memory, and tell the policies if they use too much."""
        facts: list[Fact | ReceiverOutgrown | ShadowOutgrown] = []
        for order in self._look(worker.pid, generation, observed, now, company):
            match order:
                case Trim():
                    log.info("near the memory limit: telling the worker to return freed memory to the system")
                    worker.order(TRIM)
                case FreeHeld():
                    _free_held(company)
                case GiveUpSpare():
                    _give_up_spare(company)
                    if company.shadow is not None:
                        facts.append(ShadowOutgrown(reason="memory is near its limit, and the shadow goes first"))
                case ReplaceReceiver(reason=why):
                    facts.append(ReceiverOutgrown(reason=f"replacing receiver and worker: {why}"))
                case _:
                    why, at_once = f"replacing the worker: {order.reason}", isinstance(order, EndForMemory)
                    by_events = self.state.ended_by_events
                    facts.append(Outgrown(reason=why, at_once=at_once, by_events=by_events, wait_s=self.state.wait_s))
        self._tell_waits()
        return facts

    def _look(self, pid: int, generation: int, observed: Observed, now: float, company: Company) -> tuple[Order, ...]:
        """Measure if it is time to; return the orders."""
        if not self.is_due(now):
            return ()
        self._due = now + self._interval_s
        progress = observed.progress
        says = company.heard.progress.memory if company.heard.progress else MemoryProgress()
        weighed = self._usage.weigh(
            pid,
            worker=generation,
            run=progress.run.number if progress else 0,
            limit_bytes=self.limit_bytes,
            now=now,
            receiver=company.receiver.pid if company.receiver else None,
            receiver_says_bytes=says.rss_bytes,
            held_bytes=says.held_bytes,
            spare=company.spare.pid if company.spare else None,
            shadow=company.shadow.pid if company.shadow else None,
            recorder=company.recorder.pid if company.recorder else None,
            ring_bytes=says.ring_bytes,
        )
        weighed = told(weighed, observed, company.heard, time.time())
        self.newest = replace(weighed, still_s=self._still_s(weighed.kept_bytes, observed, now))
        self.state, orders = memory_policy.step(self.state, self.newest, now)
        return orders

    def _still_s(self, kept_bytes: int, observed: Observed, now: float) -> float:
        """How long the worker has kept the same although it could take more: it waits, or has finished two chunks."""
        chunks = observed.progress.total.chunks if observed.progress else 0
        if kept_bytes != self._kept_bytes:
            self._kept_bytes, self._kept_since, self._kept_chunks = kept_bytes, now, chunks
        if observed.beat is None or observed.beat.phase is not Phase.WAITING:
            self._busy_at = now
        takes_nothing = chunks >= self._kept_chunks + 2
        return now - (self._kept_since if takes_nothing else max(self._kept_since, self._busy_at))

    def _tell_waits(self) -> None:
        waits = self.waits
        if waits and not self._waits:
            log.warning("%s", waits)
        elif self._waits and not waits:
            log.info("the receiver goes on")
        self._waits = waits


def told(weighed: Weighed, observed: Observed, receiver: Observed, unix_s: float) -> Weighed:
    """A measurement with what worker and receiver say of it in their newest beats."""
    progress, phase = observed.progress, observed.beat.phase if observed.beat else None
    beside = Beside(
        run=weighed.run_bytes,
        receiver=weighed.receiver_bytes,
        receiver_base=receiver.base_bytes or 0,
        spare=weighed.spare_bytes,
        shadow=weighed.shadow_bytes,
        recorder=weighed.recorder_bytes,
    )
    parts = grown(weighed.bytes - beside.total, weighed.started_bytes, phase, progress, observed.base_bytes, beside)
    says = receiver.progress.memory if receiver.progress else MemoryProgress()
    keeps_events = progress is None or progress.run.keeps_events
    return replace(
        weighed,
        freeable_bytes=min(says.freeable_bytes, weighed.run_bytes) if keeps_events else weighed.run_bytes,
        kept_bytes=progress.memory.mapped_bytes if progress and keeps_events else 0,
        full_s=None if says.full_since is None else max(0.0, unix_s - says.full_since),
        grown=parts,
    )


def _free_held(company: Company) -> None:
    if company.receiver is not None:
        log.info(
            "at the memory limit: telling the receiver to give up the part of the run that the worker is done with"
        )
        company.receiver.order(TRIM)


def _give_up_spare(company: Company) -> None:
    if company.spare is not None:
        log.info("near the memory limit: ending the spare worker; until there is room, restarts take longer")
        company.spare.order(STOP)
