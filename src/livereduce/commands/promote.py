"""``livereduce promote``: put the scripts of `shadow_dir`, as they are shown, in the place of those in use."""

import getpass
import os
import shlex
from datetime import datetime
from pathlib import Path
from typing import TextIO

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.config.file import read_file
from livereduce.messages.status import ShadowStatus, Status, holder_beside, is_down, read_status
from livereduce.preflight.host import look_at_host
from livereduce.preflight.resolve import Survey, survey
from livereduce.preflight.services import usual_configuration
from livereduce.preflight.status_files import find_statuses
from livereduce.scripting.promotion import (
    KeptPromotion,
    Promotion,
    carry_out,
    changes_of,
    newest,
    now_in_name,
    objections,
    take_back,
)
from livereduce.scripting.script_set import read_set


def promote(path: Path | None, undo: bool, out: TextIO) -> int:
    """Promote, or take the last promotion back; return the exit code.

    Raises
    ------
    OperatorError
        It is refused: says why.
    """
    found = _survey(path)
    if found.script_dir is None or found.instrument is None:
        raise OperatorError(*(found.problems or ("the script directory is not known",)))
    if undo:
        return _undo(found.script_dir, out)
    kept = promote_shown(_service(path), found.script_dir, found.instrument.short_name)
    for name, md5 in kept.promotion.after.items():
        print(f"{found.script_dir / name}: {f'md5 {md5}' if md5 else 'removed'}", file=out)
    undo_it = " ".join(["livereduce promote --undo", *([shlex.quote(str(path))] if path else [])])
    print(f"what was there before is in {kept.folder}; take it back with: {undo_it}", file=out)
    return ExitCode.OK


def _undo(script_dir: Path, out: TextIO) -> int:
    kept = newest(script_dir)
    if kept is None:
        raise OperatorError(f"{script_dir}: nothing was promoted here, so there is nothing to take back")
    promotion = take_back(kept, script_dir, f"asked to by {getpass.getuser()}")
    for name, md5 in promotion.before.items():
        print(f"{script_dir / name}: {f'md5 {md5} again' if md5 else 'removed again'}", file=out)
    return ExitCode.OK


def promote_shown(status: Status, script_dir: Path, short_name: str) -> KeptPromotion:
    """Promote what a status shows as the shadow.

    Raises
    ------
    OperatorError
        It is refused: files have changed since, or cannot be written; nothing is different.
    """
    shadow = _shown(status)
    source = Path(shadow.directory)
    new, old = read_set(source, short_name), read_set(script_dir, short_name)
    said = (
        *objections(new, shadow.files, "the scripts in shadow_dir"),
        *objections(old, status.files, "the scripts in use"),
    )
    if said:
        raise OperatorError(*said)
    changes = changes_of(new, source, old, script_dir)
    if not changes:
        raise OperatorError(f"{script_dir}: it holds the same as {source} already")
    promotion = Promotion(at=now_in_name(), who=getpass.getuser(), source=str(source), before={}, after={})
    return carry_out(changes, script_dir, promotion)


def _shown(status: Status) -> ShadowStatus:
    if status.shadow is None:
        raise OperatorError('the service has no shadow: set "shadow_dir" to the folder with the scripts to try')
    if status.shadow.pid is None:
        raise OperatorError(f"{status.shadow.directory}: {status.shadow.why}; only what has been shown is promoted")
    return status.shadow


def _service(path: Path | None) -> Status:
    """The status of the service, which must be up: its shadow says what has been shown."""
    now, said = datetime.now().astimezone(), []
    for file in find_statuses(path, os.environ, Path.cwd()):
        try:
            status = read_status(file)
        except (OSError, ValueError) as error:
            said.append(f"{file}: {getattr(error, 'strerror', None) or error}")
            continue
        if down := is_down(status, now, holder_beside(file)):
            said.append(f"{file}: {down}")
            continue
        return status
    raise OperatorError("there is no service that shows what its shadow does: " + "; ".join(said))


def _survey(path: Path | None) -> Survey:
    reading = read_file(usual_configuration(path, os.environ))
    if reading.problems:
        raise OperatorError(*reading.problems)
    return survey(reading.config, look_at_host(os.environ, Path.cwd()), reading.bad_keys)
