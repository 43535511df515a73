"""``livereduce promote``: put the scripts of `shadow_dir`, as they are shown, in the place of those in use."""

import getpass
import os
import shlex
from datetime import datetime
from pathlib import Path
from typing import TextIO

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.config.file import read_file
from livereduce.messages.status import Status, holder_beside, is_down, read_status
from livereduce.preflight.host import look_at_host
from livereduce.preflight.resolve import Survey, survey
from livereduce.preflight.services import usual_configuration
from livereduce.preflight.status_files import find_statuses
from livereduce.scripting.promoting import promote_shown, shown_shadow, take_newest_back
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
    status, short_name = _service(path), found.instrument.short_name
    shadow = shown_shadow(status.shadow)
    sets = read_set(Path(shadow.directory), short_name), read_set(found.script_dir, short_name)
    kept = promote_shown(shadow, status.files, sets, found.script_dir, getpass.getuser())
    for name, md5 in kept.promotion.after.items():
        print(f"{found.script_dir / name}: {f'md5 {md5}' if md5 else 'removed'}", file=out)
    undo_it = " ".join(["livereduce promote --undo", *([shlex.quote(str(path))] if path else [])])
    print(f"what was there before is in {kept.folder}; take it back with: {undo_it}", file=out)
    return ExitCode.OK


def _undo(script_dir: Path, out: TextIO) -> int:
    taken = take_newest_back(script_dir, getpass.getuser())
    for name, md5 in taken.promotion.before.items():
        print(f"{script_dir / name}: {f'md5 {md5} again' if md5 else 'removed again'}", file=out)
    if taken.unnoted:
        print(taken.unnoted, file=out)
    return ExitCode.OK


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
