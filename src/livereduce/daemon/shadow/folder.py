"""Look at the scripts in `shadow_dir`, and tell which of them a shadow can run: content that two looks have seen."""

from dataclasses import dataclass
from pathlib import Path

from livereduce.daemon.inputs.saves import Saves
from livereduce.daemon.shadow.policy import NO_SCRIPTS
from livereduce.preflight.resolve import Resolved
from livereduce.scripting.files import script_path
from livereduce.scripting.parsing import Parser
from livereduce.scripting.script_set import ScriptSet, Version, read_set

LOOK_S = 1.0
"""Time between two looks."""
ENGINE = "builtin"


def shadow_dir_of(resolved: Resolved | None) -> Path | None:
    """The folder of the shadow's scripts; None if there is no shadow."""
    if resolved is None or resolved.config.shadow_dir is None or resolved.engine != ENGINE:
        return None
    folder = Path.cwd() / resolved.config.shadow_dir
    return None if folder == resolved.script_dir else folder


@dataclass(slots=True)
class ShadowFolder:
    """What the looks have seen.

    The files are read, hashed and judged only when one of them has changed; else their stamps are looked at.

    Attributes
    ----------
    scripts
        What a shadow can run; None before two looks have seen the same.
    why_not
        Why nothing there can be run; empty if something can.
    """

    scripts: ScriptSet | None = None
    why_not: str = ""
    _place: tuple[Path, str] | None = None
    _seen: Version | None = None
    _saves: Saves | None = None
    _due: float = 0.0

    def look(self, folder: Path | None, short_name: str, parser: Parser, now: float) -> None:
        """Look, if it is time to; texts that were not parsed yet are judged by a later look."""
        place = None if folder is None else (folder, short_name)
        if place != self._place:
            self.scripts, self.why_not, self._place = None, "", place
            self._seen, self._saves, self._due = None, None, 0.0
        if folder is None or now < self._due:
            return
        self._due = now + LOOK_S
        if self._saves is not None and not self._saves.saved(now):
            return
        self._read(folder, short_name, parser, now)

    def _read(self, folder: Path, short_name: str, parser: Parser, now: float) -> None:
        asking = parser.asking()
        on_disk = read_set(folder, short_name, asking, ENGINE)
        # A change that was reported has settled; what is seen for the first time must be seen twice.
        settled = self._saves is not None or on_disk.version == self._seen
        self._seen = on_disk.version
        if asking.is_open:
            parser.start(now)
            self._saves = None
        elif settled:
            self._judge(folder, on_disk)
            self._saves = _watched(folder, short_name, on_disk, now)

    def _judge(self, folder: Path, on_disk: ScriptSet) -> None:
        if on_disk.are_removed:
            self.scripts, self.why_not = None, f"there are no scripts in {folder}"
        elif on_disk.problems:
            self.scripts, self.why_not = None, "; ".join(on_disk.problems)
        else:
            self.scripts, self.why_not = on_disk, ""

    @property
    def version(self) -> Version:
        """The version of what can be run; empty if nothing can."""
        return self.scripts.version if self.scripts else NO_SCRIPTS


def _watched(folder: Path, short_name: str, on_disk: ScriptSet, now: float) -> Saves | None:
    """None where there is nothing to watch: then the folder is read again at each look, which costs little."""
    if not on_disk.scripts or on_disk.directory_problem:
        return None
    proc, post_proc = (script_path(folder, short_name, step) for step in ("proc", "post_proc"))
    return Saves(folder, proc, post_proc, on_disk, now)
