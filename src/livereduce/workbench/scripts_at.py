"""Where the scripts of an attempt are, and their set as it is on disk now."""

from dataclasses import dataclass, replace
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.preflight.resolve import Survey
from livereduce.scripting.files import script_path
from livereduce.scripting.script_set import ScriptSet, read_set_of
from livereduce.scripting.syntax import Parse


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptsAt:
    """The places of both scripts, and the folder of their modules and parameters."""

    script_dir: Path
    proc: Path
    post_proc: Path
    short_name: str
    engine: str

    @property
    def paths(self) -> tuple[Path, Path]:
        """Both scripts."""
        return self.proc, self.post_proc


def scripts_at(
    script_dir: Path, short_name: str, engine: str, proc: Path | None = None, post_proc: Path | None = None
) -> ScriptsAt:
    """The scripts of a folder, with one or both of them from elsewhere: then modules come from that folder.

    Raises
    ------
    OperatorError
        A script that was named does not exist.
    """
    for path in (proc, post_proc):
        if path is not None and not path.is_file():
            raise OperatorError(f"script {path}: there is no such file")
    named = [path.absolute().parent for path in (proc, post_proc) if path is not None]
    return ScriptsAt(
        script_dir=named[0] if named else script_dir,
        proc=proc.absolute() if proc else script_path(script_dir, short_name, "proc"),
        post_proc=post_proc.absolute() if post_proc else script_path(script_dir, short_name, "post_proc"),
        short_name=short_name,
        engine=engine,
    )


def read_scripts(place: ScriptsAt, parse: Parse) -> ScriptSet:
    """Read the scripts with their modules and parameters, and judge them; never raises."""
    return read_set_of(place.proc, place.post_proc, place.script_dir, place.short_name, parse, place.engine)


def with_scripts(found: Survey, place: ScriptsAt, scripts: ScriptSet) -> Survey:
    """The survey with these scripts in place of those of the configuration, and with their problems."""
    before = found.scripts or ScriptSet()
    problems = [problem for problem in found.problems if problem not in before.problems]
    said = (*before.warnings, *before.module_problems)
    warnings = [warning for warning in found.warnings if warning not in said]
    return replace(
        found,
        script_dir=place.script_dir,
        scripts=scripts,
        problems=(*problems, *scripts.problems),
        warnings=(*warnings, *scripts.warnings, *scripts.module_problems),
    )
