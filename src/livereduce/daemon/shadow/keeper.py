"""The shadow's worker as a process: started, heard, ended, reaped. What to do is decided in `policy.py`."""

import logging
import signal
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from livereduce.base.files import make_folder
from livereduce.daemon.receiver.keeper import ReceiverKeeper
from livereduce.daemon.shadow import policy
from livereduce.daemon.shadow.folder import ShadowFolder, shadow_dir_of
from livereduce.daemon.shadow.policy import NO_SCRIPTS, EndShadow, ShadowSight, ShadowState, StartShadow
from livereduce.daemon.worker.beats import Observed, observe
from livereduce.daemon.worker.ending import why_ended
from livereduce.daemon.worker.generation import make_generation
from livereduce.daemon.worker.launching import CommandLines, worker_environ
from livereduce.daemon.worker.process import Worker, spawn
from livereduce.daemon.worker.spoken import Spoken, script_names, script_paths
from livereduce.messages.beat import Phase
from livereduce.messages.job import Job
from livereduce.messages.receiver import RECEIVER_FD, SHADOW, ReaderKind
from livereduce.messages.status import ShadowStatus, iso
from livereduce.preflight.resolve import Resolved
from livereduce.scripting.parsing import Parser
from livereduce.scripting.script_set import ScriptSet, Version

FOLDER = "shadow"
"""In the state directory: products, generations and working directory of the shadow."""

log = logging.getLogger("livereduce.daemon")


class ShadowKeeper:
    """The shadow.

    Attributes
    ----------
    process
        None while there is none.
    """

    def __init__(self) -> None:
        self.process: Worker | None = None
        self._folder = ShadowFolder()
        self._directory: Path | None = None
        self._state = ShadowState()
        self._job: Job | None = None
        self._runs: Version = NO_SCRIPTS
        self._observed = Observed()
        self._heard_at = 0.0
        self._names: Mapping[str, str] = {}
        self._killed: EndShadow | None = None
        self._spoken = Spoken()

    def look(self, resolved: Resolved | None, parser: Parser, now: float, *, wanted: bool, has_room: bool) -> bool:
        """Look at the scripts, and end the shadow if that is due; return True if one is to be started.

        Parameters
        ----------
        wanted
            A worker is at work that reads from a receiver.
        has_room
            There is room for one in memory.
        """
        self._directory = shadow_dir_of(resolved)
        self._folder.look(self._directory, resolved.instrument.short_name if resolved else "", parser, now)
        sight = ShadowSight(
            wanted=wanted and self._directory is not None,
            scripts=self._folder.version,
            runs=self._runs,
            has_room=has_room,
            silent_s=now - self._heard_at,
            limit_s=self._limit_s,
        )
        match policy.decide(self._state, sight, now):
            case StartShadow():
                return True
            case EndShadow() as end:
                self._kill(end)
        return False

    def start(
        self,
        resolved: Resolved,
        receiver: ReceiverKeeper,
        commands: CommandLines,
        environ: Mapping[str, str],
        now: float,
    ) -> None:
        """Start one on the scripts that were seen last; if that fails, it is tried again later."""
        scripts, directory = self._folder.scripts, self._directory
        if scripts is None or directory is None:
            return
        its = _shadowed(resolved, scripts, directory)
        place = its.state_dir / "work"
        try:
            own = worker_environ(environ, resolved.state_dir, resolved.interpreter) | {SHADOW: "1"}
            job, path = make_generation(its)
            make_folder(place)
            with receiver.attach(f"the shadow {job.generation}", ReaderKind.FOLLOWER) as link:
                command = commands.worker(resolved.interpreter, path)
                self.process = spawn(command, own, {RECEIVER_FD: link.fileno()}, cwd=place)
        except OSError as error:
            self._state = policy.ended(self._state, scripts.version, f"it could not be started: {error}", now)
            log.warning("the shadow could not be started: %s", error)
            return
        self._job, self._runs, self._observed, self._heard_at = job, scripts.version, Observed(), now
        self._names = {md5: f"shadow {name}" for md5, name in script_names(job).items()}
        log.info("the shadow (pid %d) runs the scripts of %s", self.process.pid, directory)

    def hear(self, now: float) -> None:
        """Read its beats and its output."""
        if self.process is None:
            return
        for beat in self.process.read_beats():
            self._heard_at = now
            self._observed = observe(self._observed, beat, now)
            if beat.progress.total.results:
                self._state = policy.at_work(self._state)
        self._spoken.take(self.process.read_output(), self._names, iso(datetime.now()), now)

    def take_end(self, now: float) -> None:
        """Reap it."""
        shadow, job, runs = self.process, self._job, self._runs
        if shadow is None or job is None:
            return
        code, lines = shadow.reap()
        self._spoken.take(lines, {}, iso(datetime.now()), now)
        self.process, self._runs = None, NO_SCRIPTS
        killed, self._killed = self._killed, None
        if killed is not None and not killed.failed:
            return
        last = tuple(shadow.output.last)
        said = killed.reason if killed else why_ended(code, last, scripts=script_paths(job), who="the shadow")
        self._state = policy.ended(self._state, runs, said, now)
        log.warning("%s; the same scripts are tried again in %.0f s", said, self._state.earliest - now)

    def give_up(self, why: str, now: float) -> None:
        """End it for memory."""
        if self.process is not None:
            self._state = policy.given_up(self._state, why, now)
            self._kill(EndShadow(reason=why))

    def tell(self, now: float) -> None:
        """Log how many of its lines were left out, if that is due."""
        self._spoken.tell(now)

    def leave(self) -> None:
        """Leave no shadow behind."""
        if self.process is not None:
            self.process.signal_group(signal.SIGKILL)
            self.process.reap()
            self.process = None

    @property
    def status(self) -> ShadowStatus | None:
        """What there is to know of it; None if there is no `shadow_dir`."""
        if self._directory is None:
            return None
        job = self._job if self.process is not None else None
        return ShadowStatus(
            directory=str(self._directory),
            why=self._why,
            pid=self.process.pid if self.process else None,
            files=job.files if job else {},
            products_dir=str(Path(job.state_dir) / "products") if job else "",
            progress=self._observed.progress if job else None,
        )

    @property
    def _why(self) -> str:
        if self.process is not None:
            return "running beside the scripts in use"
        if self._folder.why_not:
            return f"it does not run: {self._folder.why_not}"
        if self._state.waits_for:
            return f"it does not run now: {self._state.waits_for}"
        return "it runs once a worker is at work"

    @property
    def _limit_s(self) -> float:
        beat, job = self._observed.beat, self._job
        return job.limit_s(beat.phase if beat else Phase.STARTING) if job else float("inf")

    def _kill(self, end: EndShadow) -> None:
        if self.process is not None and self._killed is None:
            log.info("the shadow (pid %d) is ended: %s", self.process.pid, end.reason)
            self._killed = end
            self.process.signal_group(signal.SIGKILL)


def _shadowed(resolved: Resolved, scripts: ScriptSet, directory: Path) -> Resolved:
    """What is resolved, for the shadow: other scripts, a state directory of its own, nothing sent to others."""
    return replace(
        resolved,
        config=replace(resolved.config, publish_config=None),
        script_dir=directory,
        scripts=scripts,
        state_dir=resolved.state_dir / FOLDER,
    )
