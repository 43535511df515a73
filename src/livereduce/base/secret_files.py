"""Files that hold a secret: read only if not everybody may read them. No sentence here contains what is in them."""

import os
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.base.files import open_regular


def read_secret(path: Path, what: str, most_bytes: int) -> bytes:
    """Read the beginning of a file with a secret.

    Parameters
    ----------
    what
        What is in it, for people, such as ``"the token"``.

    Raises
    ------
    OperatorError
        It cannot be read, or everybody may read it.
    """
    try:
        with open_regular(path) as fd:
            mode, content = os.fstat(fd).st_mode, os.read(fd, most_bytes)
    except OSError as error:
        raise OperatorError(f"{path}: {what} cannot be read: {error.strerror}") from None
    if mode & 0o007:
        raise OperatorError(f"{path}: everybody may read {what} (mode {mode & 0o777:o}); expected chmod o-rwx")
    return content
