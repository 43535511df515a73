"""What is to be said of `shadow_dir`: none of it keeps the service from running."""

import os
import stat
from pathlib import Path

from livereduce.scripting.files import directory_problem

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def shadow_warnings(
    shadow_dir: Path | None, script_dir: Path | None, engine: str, *, can_promote: bool
) -> tuple[str, ...]:
    """Sentences on a folder of scripts that are to run beside those in use; none if there is no such folder.

    Parameters
    ----------
    can_promote
        The service's user may write to `script_dir`, or that is not known.
    """
    if shadow_dir is None:
        return ()
    if engine == "mantid":
        return (
            f'"shadow_dir" {shadow_dir}: only the builtin engine runs scripts beside those in use; it has no effect',
        )
    if shadow_dir == script_dir:
        return (f'"shadow_dir" {shadow_dir}: it is the script directory itself; it has no effect',)
    if problem := directory_problem(shadow_dir):
        return (f'"shadow_dir": {problem}',)
    said = []
    if script_dir is not None and _open_to_more(shadow_dir, script_dir):
        whose = "what they put there runs as the user of this service, and can write wherever that user can"
        said.append(f'"shadow_dir" {shadow_dir}: more people may write there than to {script_dir}; {whose}')
    if script_dir is not None and not can_promote:
        said.append(cannot_promote(script_dir))
    return tuple(said)


def cannot_promote(script_dir: Path) -> str:
    """Sentence for a service whose user may not write to the script directory."""
    return (
        f"{script_dir}: the user of the service may not write there, so it cannot promote scripts, nor take them back; "
        "whoever may write there can: livereduce promote"
    )


def may_promote(script_dir: Path) -> bool:
    """True if this user may replace files in the script directory."""
    return os.access(script_dir, os.W_OK | os.X_OK)


def _open_to_more(shadow_dir: Path, script_dir: Path) -> bool:
    try:
        theirs, ours = shadow_dir.stat(), script_dir.stat()
    except OSError:
        return False
    if theirs.st_mode & OTHERS_WRITE & ~ours.st_mode:
        return True
    same_group = theirs.st_gid == ours.st_gid
    return bool(theirs.st_mode & stat.S_IWGRP) and not same_group and not ours.st_mode & stat.S_IWOTH
