"""What the daemon does when a command or the page asks for it."""

import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.daemon.facts import DaemonState
from livereduce.daemon.inputs.judge import Site
from livereduce.daemon.orders.desk import NotDone, RequestDone
from livereduce.daemon.receiver.keeper import ReceiverKeeper
from livereduce.daemon.shadow.keeper import ShadowKeeper
from livereduce.daemon.worker.keeper import WorkerKeeper
from livereduce.messages.receiver import ReaderKind
from livereduce.messages.request import Request, Want, seen_scripts
from livereduce.messages.status import StateWord
from livereduce.preflight.resolve import Resolved
from livereduce.preflight.shadow import cannot_promote, may_promote
from livereduce.scripting.promoting import promote_shown, shown_shadow, take_newest_back
from livereduce.scripting.script_set import ScriptSet, read_set

LEAVING = (StateWord.STOPPING, StateWord.STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """Carries out what is asked at the desk.

    Attributes
    ----------
    outdate
        Tells the policy that the worker is to be replaced, with the reason.
    """

    site: Site
    worker: WorkerKeeper
    receiver: ReceiverKeeper
    shadow: ShadowKeeper
    outdate: Callable[[str], None]

    def act(self, request: Request, who: str, state: DaemonState) -> RequestDone:
        """Do what is asked.

        Raises
        ------
        NotDone
            It is refused: says why.
        """
        try:
            match request.want:
                case Want.ATTACH:
                    return RequestDone(passed=attach_guest(who, state, self.receiver))
                case Want.RESTART:
                    return self._restart(who, state)
                case Want.PROMOTE:
                    return self._promote(request.seen, who)
                case Want.TAKE_BACK:
                    return self._take_back(who)
        except OperatorError as refused:
            raise NotDone(str(refused)) from None

    def _restart(self, who: str, state: DaemonState) -> RequestDone:
        if state.word in LEAVING:
            raise NotDone(f"the service is {state.word}: {state.why}")
        self.outdate(f"asked to restart the worker by {who}")
        if state.alive:
            return RequestDone("a new worker takes over with the scripts as they are now")
        return RequestDone("configuration and scripts are read again, and a worker starts if they can be used")

    def _promote(self, seen: str, who: str) -> RequestDone:
        resolved, shadow, in_use = self._resolved(), shown_shadow(self.shadow.status), self.worker.record.files
        if seen != seen_scripts(shadow.files, in_use):
            raise OperatorError(
                "the scripts that run are not those that you were shown any more; look at the result first"
            )
        if not may_promote(resolved.script_dir):
            raise OperatorError(cannot_promote(resolved.script_dir))
        sets = self._read(Path(shadow.directory), resolved), self._read(resolved.script_dir, resolved)
        kept = promote_shown(shadow, in_use, sets, resolved.script_dir, who)
        names = _named(kept.promotion.after)
        return RequestDone(f"promoted to {resolved.script_dir}: {names}; what was there before is in {kept.folder}")

    def _take_back(self, who: str) -> RequestDone:
        script_dir = self._resolved().script_dir
        taken = take_newest_back(script_dir, who)
        return RequestDone(f"{script_dir} holds again what was there before {taken.at}: {_named(taken.before)}")

    def _resolved(self) -> Resolved:
        if self.site.found.resolved is None:
            raise OperatorError("configuration or scripts cannot be used now: " + "; ".join(self.site.found.problems))
        return self.site.found.resolved

    def _read(self, folder: Path, resolved: Resolved) -> ScriptSet:
        """The scripts on disk now; texts that nobody has looked at yet have just been saved."""
        asking = self.site.parser.asking()
        found = read_set(folder, resolved.instrument.short_name, asking, resolved.engine)
        if asking.is_open:
            self.site.parser.start(time.monotonic())
            raise OperatorError(f"{folder}: a file there has just been saved; look at the result first")
        return found


def _named(files: Mapping[str, str]) -> str:
    return ", ".join(name if md5 else f"{name} (removed)" for name, md5 in files.items())


def attach_guest(who: str, state: DaemonState, receiver: ReceiverKeeper) -> socket.socket:
    """Let somebody read the present run along; return the guest's end of the connection.

    Raises
    ------
    NotDone
        There is no receiver, or it takes nobody.
    """
    if not state.receiving:
        why = f": {state.why}" if state.why else ""
        raise NotDone(f"the service has no receiver to read along with; it is {state.word}{why}")
    try:
        return receiver.attach(f"the guest {who}", ReaderKind.GUEST)
    except OSError as error:
        raise NotDone(f"the receiver takes nobody: {error}") from None
