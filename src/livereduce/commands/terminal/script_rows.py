"""What `livereduce check` shows of a set of scripts: where each is expected, and whether it can be used."""

from pathlib import Path

from livereduce.preflight.resolve import Survey
from livereduce.scripting.files import WITHOUT, ScriptFile, script_path
from livereduce.scripting.script_set import ScriptSet, read_set
from livereduce.scripting.syntax import Parse

Row = tuple[str, str]
BESIDE = "those in use run alone"


def script_rows(scripts: ScriptSet, script_dir: Path, short_name: str, whose: str = "") -> list[Row]:
    """Two rows for each script; `whose` comes before proc and post_proc."""
    rows = []
    for step, script in (("proc", scripts.proc), ("post_proc", scripts.post_proc)):
        rows += [(f"  {whose}{step}", str(script_path(script_dir, short_name, step))), ("", _verdict(step, script))]
    return rows


def _verdict(step: str, script: ScriptFile | None) -> str:
    if script is None:
        return f"no such file: {WITHOUT[step]}"
    md5 = f"md5 {script.md5}, " if script.md5 else ""
    return md5 + (script.problem or "ok")


def read_shadow(found: Survey, shadow_dir: Path | None, parse: Parse) -> ScriptSet | None:
    """The scripts that would run beside those in use; None if none would, which a warning of the survey explains."""
    if shadow_dir is None or found.instrument is None or found.verdict is None or found.verdict.engine != "builtin":
        return None
    if shadow_dir == found.script_dir:
        return None
    scripts = read_set(shadow_dir, found.instrument.short_name, parse, found.verdict.engine)
    return None if scripts.directory_problem else scripts


def shadow_rows(found: Survey, shadow_dir: Path | None, scripts: ScriptSet | None) -> list[Row]:
    """Rows on the shadow; none if there is nothing to show."""
    if shadow_dir is None or found.instrument is None or scripts is None:
        return []
    return [("shadow", str(shadow_dir)), *script_rows(scripts, shadow_dir, found.instrument.short_name, "shadow's ")]


def shadow_problems(shadow_dir: Path | None, scripts: ScriptSet | None) -> tuple[str, ...]:
    """Warnings: what keeps the shadow from running keeps nothing else from it."""
    if scripts is None:
        return ()
    ends = tuple(f'"shadow_dir" {shadow_dir}: {one}; until that is mended {BESIDE}' for one in scripts.problems)
    return ends + tuple(f"shadow: {one}" for one in (*scripts.module_problems, *scripts.warnings))
