"""The scripts of an instrument as one set: both scripts, the modules they import from `script_dir`, their parameters.

Only this module decides whether scripts can be used: `judge` finds the problems of a set, `choose` decides which of two
sets runs. Both are pure; `read_set` reads the files. A set is stored and copied as a whole, because today's script with
yesterday's module is a combination that nobody has ever tested.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from livereduce.messages.conditions import ProblemNote
from livereduce.scripting.files import ScriptFile, directory_problem, read_script, script_path
from livereduce.scripting.imports import Closure, ModuleFile, import_closure
from livereduce.scripting.parameters.file import ParameterFile, read_parameters
from livereduce.scripting.syntax import Parse, parse

Version = tuple[tuple[Path, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptSet:
    """Both scripts (None where there is no file) and their modules.

    Attributes
    ----------
    parameters
        ``parameters.json`` with the files that it names; None if there is no such file.
    missing
        Files that would be imported as modules if they existed.
    directory_problem
        Why the script directory cannot be read, or empty.
    problems
        Nothing can be reduced with these.
    module_problems
        A module cannot be read or compiled: scripts fail when they import it, which not every script does.
    warnings
        Likely slips of the scripts' author.
    """

    proc: ScriptFile | None = None
    post_proc: ScriptFile | None = None
    modules: tuple[ModuleFile, ...] = ()
    parameters: ParameterFile | None = None
    missing: tuple[Path, ...] = ()
    directory_problem: str = ""
    problems: tuple[str, ...] = ()
    module_problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def scripts(self) -> tuple[ScriptFile, ...]:
        """The scripts that exist."""
        return tuple(script for script in (self.proc, self.post_proc) if script)

    @property
    def files(self) -> tuple[ScriptFile | ModuleFile, ...]:
        """The scripts, then the modules."""
        return (*self.scripts, *self.modules)

    @property
    def are_removed(self) -> bool:
        """True if both scripts were removed, as far as can be seen: people do that to stop the reduction."""
        return not self.scripts and not self.directory_problem

    @property
    def is_sound(self) -> bool:
        """True if there is no problem: this can be a last good set."""
        return not self.problems and not self.module_problems

    @property
    def version(self) -> Version:
        """Path and md5 of every file: two sets with the same version run the same code with the same parameters."""
        files = [(file.path, file.md5) for file in self.files]
        if self.parameters:
            named = ((file.path, file.md5) for file in self.parameters.files)
            files += [(self.parameters.path, self.parameters.md5), *named]
        return tuple(sorted(files))


@dataclass(frozen=True, slots=True, kw_only=True)
class LastGood:
    """The set that was started last, and when each of its versions was first used, by the path of the file."""

    scripts: ScriptSet
    since: Mapping[str, str] = field(default_factory=dict)


def read_set(script_dir: Path, short_name: str, parse: Parse = parse, engine: str = "") -> ScriptSet:
    """Read the scripts on disk now with their modules, and judge them; never raises."""
    proc, post_proc = (script_path(script_dir, short_name, step) for step in ("proc", "post_proc"))
    return read_set_of(proc, post_proc, script_dir, short_name, parse, engine)


def read_set_of(
    proc_path: Path, post_proc_path: Path, script_dir: Path, short_name: str, parse: Parse, engine: str
) -> ScriptSet:
    """The same for scripts at any paths, with the modules and parameters of `script_dir`."""
    proc, post_proc = read_script(proc_path, parse), read_script(post_proc_path, parse)
    texts = [(script.path, script.text) for script in (proc, post_proc) if script]
    return judge(
        ScriptSet(
            proc=proc,
            post_proc=post_proc,
            parameters=read_parameters(script_dir),
            directory_problem=directory_problem(script_dir),
        ),
        import_closure(texts, script_dir, parse),
        script_dir,
        short_name,
        engine,
    )


def judge(scripts: ScriptSet, closure: Closure, script_dir: Path, short_name: str, engine: str = "") -> ScriptSet:
    """The set of these scripts and modules, with all problems."""
    proc, post_proc = (script_path(script_dir, short_name, step) for step in ("proc", "post_proc"))
    if scripts.directory_problem:
        problems: tuple[str, ...] = (scripts.directory_problem,)
    elif scripts.are_removed:
        problems = (f"no processing script: expected {proc} or {post_proc} (at least one of them)",)
    else:
        of_scripts = (script.problem for script in scripts.scripts if script.problem)
        problems = (*of_scripts, *closure.beyond, *(scripts.parameters.problems if scripts.parameters else ()))
    return replace(
        scripts,
        modules=closure.modules,
        missing=closure.missing,
        problems=problems,
        module_problems=closure.problems,
        warnings=() if scripts.directory_problem else _warnings(scripts, engine),
    )


def _warnings(scripts: ScriptSet, engine: str) -> tuple[str, ...]:
    warnings = []
    if proc := scripts.proc:
        warnings += [f"{proc.path.name}: {one.advice}" for one in proc.unused]
    if post_proc := scripts.post_proc:
        unused = [one for one in post_proc.unused if not one.is_stored(engine)]
        warnings += [f"{post_proc.path.name}: {one.advice}" for one in unused]
    if scripts.parameters:
        warnings += scripts.parameters.warnings
    return tuple(warnings)


def choose(on_disk: ScriptSet, last_good: LastGood | None) -> tuple[ScriptSet, tuple[ProblemNote, ...]]:
    """Choose the set to run; a note on each problem on disk that makes the last good set go on instead.

    A script that does not exist is not replaced: removing it is how people disable a step. Only if the directory itself
    cannot be read, all steps of the last good set are used.
    """
    if last_good is None or (on_disk.is_sound and not _deleted(on_disk, last_good.scripts)):
        return on_disk, ()
    unread = bool(on_disk.directory_problem)
    if unread and not any(_is_unread(script) for script in on_disk.scripts):
        return on_disk, ()  # it is not known whether the files still exist
    good = last_good.scripts
    if not unread:
        good = replace(good, proc=on_disk.proc and good.proc, post_proc=on_disk.post_proc and good.post_proc)
    if not good.scripts:
        return on_disk, ()
    return good, tuple(_notes(on_disk, last_good))


def _is_unread(script: ScriptFile) -> bool:
    return not script.md5


def _deleted(on_disk: ScriptSet, good: ScriptSet) -> tuple[ModuleFile, ...]:
    """Modules that were deleted while nothing else has changed, so that they are still imported.

    With another change it is the author's new version, which may have the module elsewhere.
    """
    if [script.md5 for script in on_disk.scripts] != [script.md5 for script in good.scripts]:
        return ()
    now, before = set(on_disk.modules), set(good.modules)
    return tuple(module for module in good.modules if module not in now) if now < before else ()


def _notes(on_disk: ScriptSet, last_good: LastGood) -> list[ProblemNote]:
    good = {file.path: file for file in last_good.scripts.files}
    notes = [ProblemNote(on_disk.directory_problem)] if on_disk.directory_problem else []
    notes += [
        ProblemNote(script.problem, _instead(good.get(script.path), last_good))
        for script in on_disk.scripts
        if script.problem
    ]
    scripts = {script.problem for script in on_disk.scripts} | {on_disk.directory_problem}
    others = [problem for problem in on_disk.problems if problem not in scripts]
    others += on_disk.module_problems
    others += [
        f"{module.path}: the module was removed, but the scripts still import it"
        for module in _deleted(on_disk, last_good.scripts)
    ]
    return [*notes, *(ProblemNote(problem, USED) for problem in others)]


USED = "the last good version of the scripts stays in use"


def _instead(good: ScriptFile | ModuleFile | None, last_good: LastGood) -> str:
    if good is None:
        return "it is not used"
    since = last_good.since.get(str(good.path), "")
    return f"the last good version (md5 {good.md5}{', in use since ' + since if since else ''}) stays in use"
