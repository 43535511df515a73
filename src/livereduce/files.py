"""A file replaced as a whole: whoever reads it sees what was there before or what is there now, never half of it."""

import os
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Put these bytes in the place of a file, by rename.

    Raises
    ------
    OSError
        The directory cannot be written; the file stands as it was, and nothing is left beside it.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_bytes(data)
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
