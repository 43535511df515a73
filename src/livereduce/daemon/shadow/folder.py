"""Look at the scripts in `shadow_dir`, and tell which of them a shadow can run: content that two looks have seen."""

from dataclasses import dataclass
from pathlib import Path

from livereduce.daemon.shadow.policy import NO_SCRIPTS
from livereduce.preflight.resolve import Resolved
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

    Attributes
    ----------
    scripts
        What a shadow can run; None before two looks have seen the same.
    why_not
        Why nothing there can be run; empty if something can.
    """

    scripts: ScriptSet | None = None
    why_not: str = ""
    _seen: Version | None = None
    _due: float = 0.0

    def look(self, folder: Path | None, short_name: str, parser: Parser, now: float) -> None:
        """Look, if it is time to; texts that were not parsed yet are judged by a later look."""
        if folder is None:
            self.scripts, self.why_not, self._seen, self._due = None, "", None, 0.0
            return
        if now < self._due:
            return
        self._due = now + LOOK_S
        asking = parser.asking()
        on_disk = read_set(folder, short_name, asking, ENGINE)
        if asking.is_open:
            parser.start(now)
            return
        settled, self._seen = on_disk.version == self._seen, on_disk.version
        if not settled:
            return
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
