"""Safe reading of an HDF5 file from anywhere: only data inside the file itself are opened.

Products lie where scripts may write. HDF5 follows links into other files, assembles datasets from other files (virtual
datasets) and stores values outside (external storage): a reader would publish whatever file a product names, or block
on a FIFO. A chunk is unpacked as a whole, so a few kilobytes may need gigabytes.

Whatever a library finds wrong with a file becomes an OSError or a ValueError here, so that no reader needs a list.
"""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
from h5py import h5d

from livereduce.base.files import open_regular

MAX_LINKS = 8
"""Most soft links on the way to one object."""
MAX_CHUNK_BYTES = 64 << 20


class NotPlain(ValueError):
    """The file refers to other files, or cannot be read within bounds; the text says what and where."""


class NotAProduct(ValueError):
    """The file is damaged, or is something else; the text says which, and the cause has a library's words."""


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading; never a link, and never a FIFO, which would block.

    What is raised while it is open is told as below too: KeyError, TypeError and the like are errors of the file.

    Raises
    ------
    OSError
        There is no such regular file, or the system cannot read it.
    NotAProduct
        It is not HDF5, or has not what was looked for in it.
    """
    # Not by a name such as /proc/self/fd/N: HDF5 asks for its real path, and a product that was just replaced has none.
    with (
        open_regular(path, follow_link=False) as fd,
        os.fdopen(os.dup(fd), "rb") as file,
        _told(),
        h5py.File(file, "r") as inside,
    ):
        yield inside


@contextmanager
def _told() -> Iterator[None]:
    """Turn what libraries raise into what `opened` does."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        if isinstance(error, OSError) and error.errno is not None and error.strerror:
            raise
        raise NotAProduct("the file is damaged or not an HDF5 file") from error
    except (KeyError, AttributeError, TypeError, ArithmeticError, UnicodeError) as error:
        raise NotAProduct("the file does not have the layout of a product") from error


def member(place: h5py.Group, path: str, links: int = 0) -> h5py.Group | h5py.Dataset:
    """The group or dataset at a path. Soft links within the file are followed, links into other files are not.

    Raises
    ------
    KeyError
        The path does not exist.
    NotPlain
        It lies in another file, or the dataset's values do, or its chunks are too large.
    """
    here = place.file["/"] if path.startswith("/") else place
    for name in filter(None, path.split("/")):
        if name != ".":
            here = _step(here, name, links)
    if isinstance(here, h5py.Dataset):
        _require_plain(here)
    return here


def member_if_any(place: h5py.Group, path: str) -> h5py.Group | h5py.Dataset | None:
    """Like `member`, but None if the path does not exist. HDF5's own ``in`` would open other files.

    Raises
    ------
    NotPlain
        As `member`.
    """
    try:
        return member(place, path)
    except KeyError:
        return None


def _step(group: h5py.Group | h5py.Dataset, name: str, links: int) -> h5py.Group | h5py.Dataset:
    if not isinstance(group, h5py.Group):
        raise KeyError(f"{name}: its parent is a dataset, expected a group")
    try:
        link = group.get(name, getlink=True)
    except TypeError:  # a user-defined kind of link
        raise NotPlain(f"{name!r} is a link of an unknown kind") from None
    if link is None:
        raise KeyError(f"there is no {name!r}")
    if isinstance(link, h5py.SoftLink):
        if links == MAX_LINKS:
            raise NotPlain(f"{name!r}: too many links to follow")
        return member(group, link.path, links + 1)
    if isinstance(link, h5py.ExternalLink):
        raise NotPlain(f"{name!r} is a link into another file")
    return group[name]


def _require_plain(dataset: h5py.Dataset) -> None:
    """Check a dataset before its shape is read: the shape of a virtual dataset may depend on other files."""
    how = dataset.id.get_create_plist()
    if how.get_layout() == h5d.VIRTUAL:
        raise NotPlain(f"{dataset.name} is a virtual dataset: its values lie in other files")
    if how.get_external_count():
        raise NotPlain(f"{dataset.name} has external storage: its values lie in another file")
    if dataset.dtype.itemsize > MAX_CHUNK_BYTES:
        raise NotPlain(f"{dataset.name}: one value takes {dataset.dtype.itemsize} bytes")
    if dataset.chunks and math.prod(dataset.chunks) * dataset.dtype.itemsize > MAX_CHUNK_BYTES:
        raise NotPlain(f"{dataset.name}: its chunks of {dataset.chunks} values are too large to be read piece by piece")
