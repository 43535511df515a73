"""Names of metrics and products: they become names of files, fields and addresses. Pure."""

import re

LONGEST_NAME = 64
EXPECTED = f"letters, digits and _ . -, at most {LONGEST_NAME}, the first one a letter"
_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_.-]{{0,{LONGEST_NAME - 1}}}")


def usable_name(what: str, name: object) -> str:
    """The name as it is kept: a blank becomes an underscore.

    Parameters
    ----------
    what
        Whose name it is, for the error: ``metric``, ``product``.

    Raises
    ------
    ValueError
        It is no such name.
    """
    mended = name.replace(" ", "_") if isinstance(name, str) else ""
    if not _NAME.fullmatch(mended):
        raise ValueError(f"{what}: expected a name of {EXPECTED}; got {name!r:.100}")
    return mended


def mending(what: str, name: str, mended: str) -> str:
    """The sentence that a name was changed; empty if it was not."""
    return "" if name == mended else f"{what} {name!r} is kept as {mended!r}: a name has no blanks"
