"""Replace several files of a directory as one: all of them, or none as far as that can be had.

There is no such thing on a file system: if a file cannot be replaced, those before it are put back, and if one of these
cannot be put back either, it is named.
"""

from collections.abc import Mapping
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.base.files import make_folder, read_regular, replace_file
from livereduce.scripting.parameters.named_files import MAX_HASHED_BYTES

Changes = Mapping[str, bytes | None]
"""What each file is to hold, by its path in the script directory; None: it is to be removed."""


class HalfDone(OperatorError):
    """Some files were replaced and could not be put back."""


def replace_all(changes: Changes, expected: Changes, script_dir: Path) -> None:
    """Replace files that are as expected; put those before back if one is not, or cannot be written.

    Raises
    ------
    OperatorError
        Nothing is different.
    HalfDone
        Something is: the text names each file that is not as it was.
    """
    tried: list[str] = []
    for name, text in changes.items():
        problem = _replaced(script_dir / name, text, expected[name], name, tried)
        if problem:
            changed = [_put_back(script_dir / one, changes[one], expected[one]) for one in reversed(tried)]
            if any(changed):
                raise HalfDone(problem, *filter(None, changed))
            raise OperatorError(problem, "nothing was changed")


def _replaced(path: Path, text: bytes | None, expected: bytes | None, name: str, tried: list[str]) -> str:
    """Replace one file, after adding its name to those that were tried; why it was not done, or empty."""
    try:
        if read_replaceable(path) != expected:
            return f"{path}: the file has just been changed by somebody else"
        tried.append(name)
        _put(path, text)
    except (OSError, OperatorError) as error:
        return _why_not(path, error)
    return ""


def _put_back(path: Path, text: bytes | None, expected: bytes | None) -> str:
    """Have a file as it was, unless somebody else has changed it; why it is not as it was, or empty."""
    try:
        now = read_replaceable(path)
        if now == expected:
            return ""
        if now != text:
            return f"{path}: somebody else has changed it meanwhile, so it was not put back"
        _put(path, expected)
    except (OSError, OperatorError) as error:
        return f"it was replaced and could not be put back: {_why_not(path, error)}"
    return ""


def _why_not(path: Path, error: OSError | OperatorError) -> str:
    return str(error) if isinstance(error, OperatorError) else f"{path}: cannot be written: {error.strerror or error}"


def _put(path: Path, text: bytes | None) -> None:
    if text is None:
        path.unlink(missing_ok=True)
        return
    mode = path.stat().st_mode & 0o777 if path.exists() else None
    make_folder(path.parent)
    replace_file(path, text)
    if mode is not None:
        path.chmod(mode)


def read_replaceable(path: Path) -> bytes | None:
    """The bytes of a file that may be replaced; None if there is none.

    Raises
    ------
    OperatorError
        It is a link, or cannot be read.
    """
    try:
        if path.is_symlink():
            target = path.readlink()
            raise OperatorError(f"{path}: it is a link to {target}; only files are replaced, so change it by hand")
        return read_regular(path, MAX_HASHED_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OperatorError(f"{path}: cannot be read: {error.strerror}") from None
