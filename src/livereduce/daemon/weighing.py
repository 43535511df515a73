"""The worker's memory, looked at every `mem_check_interval_sec`, and what follows from it for the policy.

`daemon.scale` reads it and `daemon.memory` decides; here is when, and what is kept from one worker to the next.
"""

from dataclasses import replace

from livereduce.daemon import memory
from livereduce.daemon.memory import Order, Rules, State, Weighed
from livereduce.daemon.scale import Scale, limit_bytes, read_cgroup_limit, read_ram_bytes
from livereduce.resolve import Resolved


class Weighing:
    """What is known of the memory.

    Attributes
    ----------
    state
        As `daemon.memory` keeps it: what holds for the next worker, and whether the run fits at all.
    newest
        The newest look at the present worker; None before the first.
    """

    def __init__(self) -> None:
        self.state = State()
        self.newest: Weighed | None = None
        self._scale = Scale()
        self._interval_s = 1.0
        self._due = 0.0
        self._scripts: tuple[str, ...] = ()

    @property
    def limit_bytes(self) -> int | None:
        """What the worker may use; None if that is turned off, or nothing was started yet."""
        return self.state.rules.limit_bytes

    @property
    def bytes(self) -> int | None:
        """What the worker used at the newest look."""
        return self.newest.bytes if self.newest else None

    def adopt(self, resolved: Resolved) -> None:
        """Before a worker is started on this: its limit, and a fresh start for other scripts."""
        config = resolved.config
        limit = limit_bytes(config.system_mem_limit_perc, read_ram_bytes(), read_cgroup_limit())
        falls_back = resolved.engine == "builtin" and config.preserve_events
        self.state = replace(self.state, rules=Rules(limit_bytes=limit, falls_back=falls_back))
        scripts = tuple(script.md5 for script in (resolved.scripts.proc, resolved.scripts.post_proc) if script)
        if scripts != self._scripts:
            self.state, self._scripts = memory.forget_recycles(self.state), scripts
        self._interval_s, self.newest = config.mem_check_interval_s, None

    def look(self, pid: int, generation: int, run: int, now: float) -> tuple[Order, ...]:
        """Look if it is time to; what to tell the worker."""
        if now < self._due:
            return ()
        self._due = now + self._interval_s
        limit = self.limit_bytes
        self.newest = self._scale.weigh(pid, worker=generation, run=run, limit_bytes=limit, now=now)
        self.state, orders = memory.step(self.state, self.newest, now)
        return orders
