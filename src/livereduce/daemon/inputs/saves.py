"""Look whether the files of a set of scripts were saved since it was read: by their stamps, and by content.

For sets that are not those in use: of `livereduce try`, and of the shadow. `watcher.py` watches those in use.
"""

from pathlib import Path

from livereduce.daemon.inputs.settling import Look, Target, Times, WatchState, step, use
from livereduce.daemon.inputs.watcher import contents_of, look_at, targets_of
from livereduce.scripting.parameters.file import FILE_NAME as PARAMETERS
from livereduce.scripting.script_set import ScriptSet


class Saves:
    """Watches the files of a set since it was read; begin anew with the next one.

    Parameters
    ----------
    script_dir
        Folder of modules and parameters.
    proc, post_proc
        Paths of the scripts, whether or not the files exist.
    scripts
        The set as it was read: what was saved since counts as a change.
    """

    def __init__(
        self, script_dir: Path, proc: Path, post_proc: Path, scripts: ScriptSet, now: float, times: Times | None = None
    ) -> None:
        own = {proc: scripts.proc, post_proc: scripts.post_proc, script_dir / PARAMETERS: scripts.parameters}
        self._targets = tuple(targets_of(script_dir, own, scripts, scripts))
        self._state, self._due = WatchState(times=times or Times()), 0.0
        self._look(now)
        self._state = use(self._state, contents_of(own, scripts, self._state), [one.path for one in self._targets])

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
