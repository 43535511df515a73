"""Decide what a change of scripts or configuration means for a running worker: restart, stop, or only a report.

`watcher.py` tells that a file has changed and settled; here it is judged whether it can be used. A change that
cannot be used is only reported: the worker goes on with what it was started on.
"""

import logging
import time

from livereduce.config.file import DEFAULT_PATH, Config, for_reduction
from livereduce.daemon.facts import Fact, Outdated, Reconfigured
from livereduce.daemon.inputs.judge import Site, last_good_of
from livereduce.daemon.inputs.settling import Changed, Times
from livereduce.daemon.inputs.watcher import Watcher
from livereduce.messages.conditions import ProblemNote
from livereduce.preflight.resolve import Resolved
from livereduce.scripting.script_set import ScriptSet, choose, read_set

LOOK_AGAIN_S = 2.0
log = logging.getLogger("livereduce.daemon")

RESTARTED = "livereduce exits, so that systemd starts it again with the new one"


class Changes:
    """The watcher since the newest start, and the changes that cannot be used.

    Attributes
    ----------
    times
        How often to look, and how long content must stay the same to count; tests shorten them.
    """

    def __init__(self, site: Site, times: Times | None = None) -> None:
        self._site, self._times = site, times
        self._path = site.path or DEFAULT_PATH
        self._running: Resolved | None = None
        self._configuration_in_use = ""
        self._notes: dict[str, tuple[ProblemNote, ...]] = {"configuration": (), "scripts": ()}
        self._look_again_at = 0.0
        self._held: list[Changed] = []  # a text must be parsed before they can be judged
        self._watcher = self._new_watcher()

    def _new_watcher(self) -> Watcher:
        return Watcher(self._path, time.monotonic(), self._times)

    def look_comes(self) -> None:
        """Call this before each `Site.look`, so that no change is missed between the two."""
        self._watcher = self._new_watcher()
        self._running = None
        self._held.clear()

    def adopt(self, resolved: Resolved) -> None:
        """Call this before a worker is started on this."""
        found = self._site.found
        now = time.monotonic()
        self._watch(found.on_disk or resolved.scripts, resolved)
        self._running = resolved
        self._held.clear()
        # a last good configuration is not that of the file: then nothing that the file may hold is in use
        self._configuration_in_use = "" if found.config_notes else self._watcher.configuration
        self._notes = {"configuration": found.config_notes, "scripts": found.script_notes}
        self._look_again_at = now + LOOK_AGAIN_S

    def _watch(self, on_disk: ScriptSet, running: Resolved) -> None:
        short_name = running.instrument.short_name
        self._watcher.adopt(running.script_dir, short_name, on_disk, running.scripts, time.monotonic())

    @property
    def due(self) -> float | None:
        """Time of the next look; None while nothing is watched."""
        return self._watcher.due if self._running else None

    @property
    def notes(self) -> tuple[ProblemNote, ...]:
        """Changes that cannot be used at present and were not taken, each once."""
        if self._running is None:
            return (*self._site.found.config_notes, *self._site.found.script_notes)
        pending = self._watcher.problems(time.monotonic())
        noted = (note for notes in self._notes.values() for note in notes)
        return tuple(dict.fromkeys((*noted, *map(ProblemNote, pending))))

    def gather(self) -> list[Fact]:
        """Look if it is time to; return facts for the policy."""
        if self._running is None:
            return []
        now = time.monotonic()
        changes = list(self._watcher.look(now))
        if self._site.parser.fd is None:
            changes, self._held = [*self._held, *changes], []
        else:
            self._held, changes = [*self._held, *changes], []
        facts = [self._judge(changed, self._running) for changed in changes]
        if self._notes["configuration"] and now >= self._look_again_at:
            # the problem may lie outside of the file: in a directory, or in the scripts that it names
            facts.append(self._judge_configuration("it can be used now"))
        return [fact for fact in facts if fact]

    def _judge(self, changed: Changed, running: Resolved) -> Fact | None:
        if changed.kind == "scripts":
            return self._judge_scripts(changed, running)
        return self._judge_configuration(changed.what)

    def _judge_configuration(self, what: str) -> Fact | None:
        self._look_again_at = time.monotonic() + LOOK_AGAIN_S
        found = self._site.judge_file()
        if found is None:
            self._held.append(Changed(kind="configuration", paths=(), what=what))
            return None
        self._notes["configuration"] = tuple(
            ProblemNote(problem, "the previous configuration stays in use") for problem in found.problems
        )
        if found.problems or self._watcher.configuration == self._configuration_in_use:
            return None  # broken, or back to what is in use
        if self._running and self._configuration_in_use and _is_of_others(found.config, self._running.config, what):
            self._configuration_in_use = self._watcher.configuration
            return None
        return Reconfigured(reason=f"the configuration has changed ({what}); {RESTARTED}")

    def _judge_scripts(self, changed: Changed, running: Resolved) -> Fact | None:
        parser, directory, name = self._site.parser, running.script_dir, running.instrument.short_name
        asking = parser.asking()
        on_disk = read_set(directory, name, asking, running.engine)
        good = last_good_of(self._site.started, running.state_dir, directory, name, asking, running.engine)
        usable, notes = choose(on_disk, good)
        if asking.is_open:
            self._held.append(changed)
            parser.start(time.monotonic())
            return None
        self._watch(on_disk, running)  # a broken script may import modules that nobody has looked at so far
        wrong = () if usable.are_removed else usable.problems
        self._notes["scripts"] = (*notes, *(ProblemNote(problem, GOES_ON) for problem in wrong))
        if wrong or usable.version == running.scripts.version:
            return None  # broken, or back to what is in use
        return Outdated(reason=f"the scripts have changed ({changed.what})")


def _is_of_others(new: Config, old: Config, what: str) -> bool:
    """True if the reduction reads nothing that has changed, which is logged then."""
    if for_reduction(new) != for_reduction(old):
        return False
    log.info("the configuration has changed (%s), but nothing that the reduction reads: it goes on", what)
    for warning in new.warnings:
        log.warning("%s", warning)
    return True


GOES_ON = "the previous version stays in use"
