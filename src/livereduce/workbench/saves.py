"""Look whether scripts were saved: five times a second, by content, as the daemon does once a second."""

from livereduce.daemon.inputs.settling import Look, Target, Times, WatchState, step, use
from livereduce.daemon.inputs.watcher import content_of, look_at, targets_of
from livereduce.scripting.parameters.file import FILE_NAME as PARAMETERS
from livereduce.scripting.script_set import ScriptSet
from livereduce.workbench.scripts_at import ScriptsAt

TIMES = Times(poll_s=0.2, settle_s=0.15, rehash_s=5.0)


class Saves:
    """Watches the files of a set since it was read; begin anew with the next one."""

    def __init__(self, place: ScriptsAt, scripts: ScriptSet, now: float, times: Times = TIMES) -> None:
        own = (*place.paths, place.script_dir / PARAMETERS)
        self._targets = tuple(targets_of(place.script_dir, own, scripts, scripts))
        self._state, self._due = WatchState(times=times), 0.0
        parameters = scripts.parameters
        read = {file.path: content_of(file) for file in scripts.files}
        if parameters:
            read[parameters.path] = content_of(parameters)
            read |= {file.path: content_of(file) for file in parameters.files}
        self._look(now)
        # a file that was saved since the set was read counts as a change
        contents = {target.path: read.get(target.path, content_of(None)) for target in self._targets}
        self._state = use(self._state, contents, contents)

    def saved(self, now: float) -> str:
        """Which files have changed for good, in words; empty if none has, or it is not time to look."""
        return "" if now < self._due else self._look(now)

    def _look(self, now: float) -> str:
        self._due = now + self._state.times.poll_s
        self._state, changes = step(self._state, [self._look_at(target, now) for target in self._targets], now)
        return "; ".join(change.what for change in changes)

    def _look_at(self, target: Target, now: float) -> Look:
        seen = self._state.files.get(target.path)
        if seen is None:
            return look_at(target, None, now, rehash=True)
        due = now - seen.last.hashed_at >= self._state.times.rehash_s and not target.is_data
        return look_at(target, seen.last, now, rehash=seen.settling or due)
