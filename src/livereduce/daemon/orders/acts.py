"""What the daemon does when a command or the page asks for it."""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.daemon.facts import DaemonState
from livereduce.daemon.inputs.judge import Site
from livereduce.daemon.orders.desk import RequestDone
from livereduce.daemon.orders.errands import Errand, Errands
from livereduce.daemon.orders.regions import set_regions
from livereduce.daemon.receiver.keeper import ReceiverKeeper
from livereduce.daemon.shadow.keeper import ShadowKeeper
from livereduce.daemon.worker.keeper import WorkerKeeper
from livereduce.messages.receiver import ReaderKind
from livereduce.messages.request import NotDone, Request, Want, seen_scripts
from livereduce.messages.status import ShadowStatus, StateWord
from livereduce.preflight.resolve import Resolved
from livereduce.preflight.shadow import cannot_promote, may_promote
from livereduce.scripting.parsing import Parser
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
    errands: Errands
    outdate: Callable[[str], None]

    def act(self, request: Request, who: str, state: DaemonState) -> RequestDone | Errand:
        """Do what is asked, or begin it: what reads and writes many files is an errand.

        Raises
        ------
        NotDone
            It is refused: says why.
        """
        try:
            match request.want:
                case Want.ATTACH:
                    return RequestDone(passed=attach_reader(f"the guest {who}", state, self.receiver, ReaderKind.GUEST))
                case Want.FOLLOW:
                    return RequestDone(
                        passed=attach_reader(f"the viewer {who}", state, self.receiver, ReaderKind.VIEWER)
                    )
                case Want.RESTART:
                    return self._restart(who, state)
                case Want.PROMOTE:
                    return self._promote(request.seen, who)
                case Want.TAKE_BACK:
                    return self._take_back(who)
                case Want.SET_REGIONS:
                    return RequestDone(set_regions(self.site.found.state_dir, request))
        except OperatorError as refused:
            raise NotDone(str(refused)) from None
        except OSError as error:
            raise NotDone(f"{error.filename or 'the service'}: {error.strerror or error}") from None

    def _restart(self, who: str, state: DaemonState) -> RequestDone:
        if state.word in LEAVING:
            raise NotDone(f"the service is {state.word}: {state.why}")
        self.outdate(f"asked to restart the worker by {who}")
        if state.alive:
            return RequestDone("a new worker takes over with the scripts as they are now")
        return RequestDone("configuration and scripts are read again, and a worker starts if they can be used")

    def _promote(self, seen: str, who: str) -> Errand:
        resolved, shadow, in_use = self._resolved(), shown_shadow(self.shadow.status), self.worker.record.files
        if seen != seen_scripts(shadow.files, in_use):
            raise OperatorError(
                "the scripts that run are not those that you were shown any more; look at the result first"
            )
        work = partial(_promote, shadow, dict(in_use), resolved, self.site.parser, who)
        return self.errands.start(f"promote to {resolved.script_dir}, for {who}", work)

    def _take_back(self, who: str) -> Errand:
        script_dir = self._resolved().script_dir
        return self.errands.start(f"take back in {script_dir}, for {who}", partial(_take_back, script_dir, who))

    def _resolved(self) -> Resolved:
        if self.site.found.resolved is None:
            raise OperatorError("configuration or scripts cannot be used now: " + "; ".join(self.site.found.problems))
        return self.site.found.resolved


# ---- errands: in a process of their own


def _promote(shadow: ShadowStatus, in_use: Mapping[str, str], resolved: Resolved, parser: Parser, who: str) -> str:
    script_dir = resolved.script_dir
    if not may_promote(script_dir):
        raise OperatorError(cannot_promote(script_dir))
    sets = _read(Path(shadow.directory), resolved, parser), _read(script_dir, resolved, parser)
    kept = promote_shown(shadow, in_use, sets, script_dir, who)
    return f"promoted to {script_dir}: {_named(kept.promotion.after)}; what was there before is in {kept.folder}"


def _take_back(script_dir: Path, who: str) -> str:
    taken = take_newest_back(script_dir, who)
    promotion, unnoted = taken.promotion, f"; {taken.unnoted}" if taken.unnoted else ""
    return f"{script_dir} holds again what was there before {promotion.at}: {_named(promotion.before)}{unnoted}"


def _read(folder: Path, resolved: Resolved, parser: Parser) -> ScriptSet:
    """The scripts on disk now; texts that the daemon has not parsed yet have just been saved."""
    asking = parser.asking()
    found = read_set(folder, resolved.instrument.short_name, asking, resolved.engine)
    if asking.is_open:
        raise OperatorError(f"{folder}: a file there has just been saved; look at the result first")
    return found


def _named(files: Mapping[str, str]) -> str:
    return ", ".join(name if md5 else f"{name} (removed)" for name, md5 in files.items())


def attach_reader(reader: str, state: DaemonState, receiver: ReceiverKeeper, kind: ReaderKind) -> socket.socket:
    """Let somebody read the present run along; return the reader's end of the connection.

    Raises
    ------
    NotDone
        There is no receiver, or it takes nobody.
    """
    if not state.receiving:
        why = f": {state.why}" if state.why else ""
        raise NotDone(f"the service has no receiver to read along with; it is {state.word}{why}")
    try:
        return receiver.attach(reader, kind)
    except OSError as error:
        raise NotDone(f"the receiver takes nobody: {error}") from None
