"""Who may write to a folder. Code is read only from where nobody but this user, or root, can have put it."""

import grp
import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISVTX, S_IWGRP, S_IWOTH, filemode

ROOT = 0
MOST_LINKS = 40
"""Links on one way, as in Linux (path_resolution(7))."""


def who_else_may_write(folder: Path) -> str:
    """What lets others put files into a folder, change those in it, or exchange it; empty if nothing does.

    Judges each folder and each link on the way, the folder, and what is in it. A folder that does not exist is judged
    by the way to it.
    """
    try:
        way = list(_way(folder))
        for place in way[:-1]:
            if what := _problem(place, in_sticky_is_safe=True):
                return what
        if what := _problem(way[-1]):
            return what
        is_private = not way[-1].lstat().st_mode & 0o077  # what is in it cannot be reached by others
        return next(filter(None, (_problem(one, only_owner=is_private) for one in _inside(way[-1]))), "")
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{error.filename or folder}: {error.strerror}"


def _way(path: Path) -> Iterator[Path]:
    """Every folder and link that is passed on the way to a path, in order; last what the path means."""
    left, here, links = list(reversed(path.absolute().parts)), Path("/"), 0
    while left:
        part = left.pop()
        here = here.parent if part == ".." else here / part
        yield here
        if here.is_symlink() and (links := links + 1) <= MOST_LINKS:
            left += reversed(here.readlink().parts)
            here = here.parent


def _inside(folder: Path) -> Iterator[Path]:
    for place in map(folder.joinpath, os.listdir(folder)):  # noqa: PTH208 (closed at once, whoever stops reading)
        yield place
        if S_ISDIR(place.lstat().st_mode):
            yield from _inside(place)


def _problem(place: Path, *, in_sticky_is_safe: bool = False, only_owner: bool = False) -> str:
    facts = place.lstat()
    # Who owns the root of the file system is trusted already; in a user namespace it may seem to be nobody's.
    if facts.st_uid not in (ROOT, os.geteuid()) and place != Path("/"):
        return f"{place} belongs to {_user(facts.st_uid)}"
    if S_ISLNK(facts.st_mode) or only_owner:
        return ""
    if in_sticky_is_safe and S_ISDIR(facts.st_mode) and facts.st_mode & S_ISVTX:  # /tmp: what is not yours stays
        return ""
    whom = ""
    if facts.st_mode & S_IWOTH:
        whom = "everyone"
    elif facts.st_mode & S_IWGRP and not _is_alone(facts.st_gid, place):
        whom = f"the group {_group(facts.st_gid)}"
    return whom and f"{place} can be written by {whom} ({filemode(facts.st_mode)})"


def _is_alone(gid: int, place: Path) -> bool:
    """Whether a group is this user's private one (as useradd makes it), and no access list names somebody else."""
    try:
        user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(gid)
    except KeyError:
        return False
    is_private = gid == user.pw_gid and group.gr_name == user.pw_name and {*group.gr_mem} <= {user.pw_name}
    return is_private and "system.posix_acl_access" not in os.listxattr(place, follow_symlinks=False)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
