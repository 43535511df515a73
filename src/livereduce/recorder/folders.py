"""Folders and files of recordings as they are made, listed and deleted: 0750 and 0640, with the directory's group.

What is recorded is proposal data: only the service's user and the group of the directory read it.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from livereduce.base.files import open_regular
from livereduce.recorder.space import DiskSpace, KeptRun
from livereduce.stream.recording.index import decode_lines, head_of
from livereduce.stream.recording.layout import INDEX, run_of_folder, segment_number

FOLDER_MODE, FILE_MODE = 0o750, 0o640
_HEAD_BYTES = 4096
_NEW = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


def make_run_folder(path: Path) -> None:
    """Make the folder of a run; it may be there.

    Raises
    ------
    OSError
        It cannot be made, or is something else.
    """
    with suppress(FileExistsError):
        path.mkdir(FOLDER_MODE)
        path.chmod(FOLDER_MODE)  # whatever the umask is
        _give_to_group(path, path.parent)
    if not path.is_dir() or path.is_symlink():
        raise NotADirectoryError(20, "is not a folder", str(path))


def open_new(path: Path) -> int:
    """A new file, open for writing.

    Raises
    ------
    OSError
        It cannot be made, or is there.
    """
    return _opened(path, _NEW | os.O_EXCL)


def open_to_append(path: Path) -> int:
    """A file to add lines to, which may be there.

    Raises
    ------
    OSError
        It cannot be opened.
    """
    return _opened(path, _NEW | os.O_APPEND)


def _opened(path: Path, flags: int) -> int:
    fd = os.open(path, flags, FILE_MODE)
    with suppress(OSError):  # the file is another user's: then so are its rights
        os.fchmod(fd, FILE_MODE)
        os.fchown(fd, -1, path.parent.stat().st_gid)
    return fd


def _give_to_group(path: Path, of: Path) -> None:
    with suppress(OSError):  # we are not in that group: then it stays with ours
        os.chown(path, -1, of.stat().st_gid)


def disk_space(directory: Path) -> DiskSpace:
    """Size and free space of a directory's file system.

    Raises
    ------
    OSError
        There is no such directory.
    """
    facts = os.statvfs(directory)
    return DiskSpace(total=facts.f_blocks * facts.f_frsize, free=facts.f_bavail * facts.f_frsize)


def kept_runs(directory: Path, instrument: str) -> list[KeptRun]:
    """The recordings of an instrument; folders that are none are not looked at, and never deleted.

    Raises
    ------
    OSError
        The directory cannot be read.
    """
    found = []
    for folder in directory.iterdir():
        named = run_of_folder(folder.name)
        if named is None or named[0] != instrument or folder.is_symlink():
            continue
        with suppress(OSError):
            files = _own_files(folder)
            if any(segment_number(path.name) is not None for path in files):
                size = sum(path.lstat().st_size for path in files)
                found.append(KeptRun(folder=folder, bytes=size, began=_began(folder)))
    return found


def delete_run(folder: Path) -> None:
    """Delete the files of a recording, and its folder if nothing else is in it.

    Raises
    ------
    OSError
        Something of it could not be deleted.
    """
    # The index first: what is left of a recording without one is found and deleted the next time.
    for path in sorted(_own_files(folder), key=lambda one: one.name != INDEX):
        path.unlink(missing_ok=True)
    with suppress(OSError):  # somebody has put something else there
        folder.rmdir()


def _own_files(folder: Path) -> Sequence[Path]:
    return [path for path in folder.iterdir() if path.name == INDEX or segment_number(path.name) is not None]


def _began(folder: Path) -> float:
    with suppress(OSError), open_regular(folder / INDEX, follow_link=False) as fd:
        head = head_of(decode_lines(os.read(fd, _HEAD_BYTES))[0])
        if head is not None:
            return head.began
    return folder.stat().st_mtime
