"""Call the scripts of a pipeline: a call ends in a workspace or a `StepFailed`; its cost is recorded."""

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from livereduce.base.rss import own_bytes
from livereduce.engine.mantid_api.objects.output import Output, as_workspace
from livereduce.engine.mantid_api.session import using
from livereduce.engine.workspaces.mtd import WorkspaceStore
from livereduce.messages.beat import Phase
from livereduce.scripting.reporting.report import CycleReport
from livereduce.scripting.runner import RUNNER_NAMES, LoadedScript, Scope, ScriptError, ScriptOutput, run_script

logger = logging.getLogger("livereduce.engine")

MAX_NAMES = 5
"""Most names in the sentence of what scripts have kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailed:
    """A step that gave no workspace.

    Attributes
    ----------
    text
        The reason in one line, for log and status.
    error
        The reason as the record of script failures has it; None if the step has no script.
    """

    text: str
    error: ScriptError | None

    def with_hint(self, hint: str) -> "StepFailed":
        """The same with more to its text."""
        error = None if self.error is None else replace(self.error, text=self.error.text + hint)
        return StepFailed(text=self.text + hint, error=error)


def failed_output(script: LoadedScript | None, text: str) -> StepFailed:
    """A script did not raise, but its output cannot be used."""
    return StepFailed(text=text, error=ScriptError(file=script.path, line=0, text=text) if script else None)


class KeptNames:
    """What scripts keep from call to call: workspaces in the store, and names that they declare ``global``.

    Parameters
    ----------
    own
        Names in the store that the live loop gives.
    """

    def __init__(self, store: WorkspaceStore, scope: Scope, own: Iterable[str]) -> None:
        self._store, self._scope = store, scope
        self._own, self._given = frozenset(own), frozenset((*scope.names, *RUNNER_NAMES))

    def note(self) -> str:
        """A sentence on what they keep at the start of a run; empty if nothing: another time it is not there."""
        names = [f"mtd[{name!r}]" for name in self._store if name not in self._own]
        names += [f"the global name {name}" for name in self._scope.names if name not in self._given]
        if not names:
            return ""
        more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
        return f"the scripts have kept from before this run: {', '.join(names[:MAX_NAMES])}{more}"


class ScriptCalls:
    """Calls scripts, and records the cost of their calls.

    Attributes
    ----------
    seconds
        Duration of the last call of each phase.
    calls
        Number of finished calls of each phase.
    grew_bytes
        Memory growth of the process in all calls of each phase.
    """

    def __init__(self) -> None:
        self.seconds = {Phase.PROCESS: 0.0, Phase.POST_PROCESS: 0.0}
        self.calls = {Phase.PROCESS: 0, Phase.POST_PROCESS: 0}
        self.grew_bytes = {Phase.PROCESS: 0, Phase.POST_PROCESS: 0}

    def call(
        self,
        phase: Phase,
        script: LoadedScript,
        input: Output,
        output: str,
        store: WorkspaceStore,
        extra: Mapping[str, Any],
        report: CycleReport,
    ) -> Output | StepFailed:
        """Call a script once, see `run_script`; return its output, or its input if it made none."""
        begun_s, before = time.perf_counter(), own_bytes()
        with using(store):
            outcome = run_script(script, input, output, store, extra, report)
        self.seconds[phase] = time.perf_counter() - begun_s
        self.calls[phase] += 1
        self.grew_bytes[phase] += own_bytes() - before
        if isinstance(outcome, ScriptError):
            return StepFailed(text=str(outcome), error=outcome)
        return _output(outcome, input, script)


def _output(outcome: ScriptOutput, input: Output, script: LoadedScript) -> Output | StepFailed:
    if outcome.workspace is None:
        return input
    try:
        return as_workspace(outcome.workspace, input)
    except Exception as error:  # noqa: BLE001 (the script made this object: it may raise anything)
        return failed_output(script, f"{script.path}: {error}")
