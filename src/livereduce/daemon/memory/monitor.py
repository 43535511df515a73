"""Monitor the worker's memory every `mem_check_interval_sec`, and tell the policy.

`usage.py` measures and `memory.policy` decides; this module knows when, and keeps the state between workers.
"""

import logging
from dataclasses import replace

from livereduce.daemon.facts import Fact, Outgrown
from livereduce.daemon.memory import policy as memory_policy
from livereduce.daemon.memory.growth import grown
from livereduce.daemon.memory.policy import MemoryRules, MemoryState, Order, Weighed
from livereduce.daemon.memory.usage import MemoryUsage, limit_bytes, read_cgroup_limit, read_ram_bytes
from livereduce.daemon.worker.beats import Observed
from livereduce.daemon.worker.process import Worker
from livereduce.messages.order import TRIM
from livereduce.preflight.resolve import Resolved
from livereduce.scripting.script_set import Version

log = logging.getLogger("livereduce.daemon")


class MemoryMonitor:
    """State of the memory monitor.

    Attributes
    ----------
    state
        State of `policy.py`: what holds for the next worker, and whether the run fits at all.
    newest
        The newest measurement of the present worker; None before the first.
    """

    def __init__(self) -> None:
        self.state = MemoryState()
        self.newest: Weighed | None = None
        self._usage = MemoryUsage()
        self._interval_s = 1.0
        self._due = 0.0
        self._scripts: Version = ()

    @property
    def limit_bytes(self) -> int | None:
        """Limit of the worker; None if it is turned off, or nothing was started yet."""
        return self.state.rules.limit_bytes

    @property
    def bytes(self) -> int | None:
        """Memory of the worker at the newest measurement."""
        return self.newest.bytes if self.newest else None

    def adopt(self, resolved: Resolved) -> None:
        """Call this before a worker is started: set its limit, and reset the state for other scripts."""
        config = resolved.config
        limit = limit_bytes(config.system_mem_limit_perc, read_ram_bytes(), read_cgroup_limit())
        falls_back = resolved.engine == "builtin" and config.preserve_events
        self.state = replace(self.state, rules=MemoryRules(limit_bytes=limit, falls_back=falls_back))
        if resolved.scripts.version != self._scripts:
            self.state, self._scripts = memory_policy.forget_recycles(self.state), resolved.scripts.version
        self._interval_s, self.newest = config.mem_check_interval_s, None

    @property
    def parts(self) -> str:
        """Text on the parts of the worker's memory at the newest measurement; empty before it."""
        return self.newest.grown.text if self.newest and self.newest.grown else ""

    def is_due(self, now: float) -> bool:
        """True if it is time to measure."""
        return now >= self._due

    def gather(self, worker: Worker, generation: int, observed: Observed, now: float) -> list[Fact]:
        """Measure if it is time to, have the worker free memory, and tell the policy if it uses too much."""
        facts: list[Fact] = []
        for order in self.look(worker.pid, generation, observed, now):
            if isinstance(order, memory_policy.Trim):
                log.info("the worker is near its memory limit: telling it to return freed memory to the system")
                worker.order(TRIM)
            else:
                why, at_once = f"replacing the worker: {order.reason}", isinstance(order, memory_policy.EndForMemory)
                facts.append(Outgrown(reason=why, at_once=at_once, wait_s=self.state.wait_s))
        return facts

    def look(self, pid: int, generation: int, observed: Observed, now: float) -> tuple[Order, ...]:
        """Measure if it is time to; return the orders for the worker."""
        if not self.is_due(now):
            return ()
        self._due = now + self._interval_s
        limit, progress = self.limit_bytes, observed.progress
        run = progress.run.number if progress else 0
        weighed = self._usage.weigh(pid, worker=generation, run=run, limit_bytes=limit, now=now)
        phase = observed.beat.phase if observed.beat else None
        parts = grown(weighed.bytes, weighed.started_bytes, phase, progress, observed.base_bytes)
        self.newest = replace(weighed, grown=parts)
        self.state, orders = memory_policy.step(self.state, self.newest, now)
        return orders
