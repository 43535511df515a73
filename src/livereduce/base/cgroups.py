"""Where the limits of our own control group are written (cgroups(7)). Standard library only."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

SELF = Path("/proc/self/cgroup")
ROOT = Path("/sys/fs/cgroup")


def own_folders(controller: str, proc_self_cgroup: Path = SELF, root: Path = ROOT) -> Iterator[tuple[Path, ...]]:
    """The folder of our own cgroup, followed by those of its parents, for each version of cgroups that is there.

    Version 2 has one tree for all controllers (``0::/path``), version 1 a tree for each (``4:memory:/path``). Our own
    path is used, because the root of a host has no limits. Folders need not exist.
    """
    try:
        lines = proc_self_cgroup.read_text().splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        number, controllers, path = (*line.split(":", 2), "", "")[:3]
        if number == "0" and not controllers:
            yield _on_the_way_up(root, path)
        elif controller in controllers.split(","):
            yield _on_the_way_up(root / controller, path)


def _on_the_way_up(tree: Path, path: str) -> tuple[Path, ...]:
    # In a container the path may lead out of what is mounted ("/../.."): missing parts are skipped.
    own = PurePosixPath(*(part for part in PurePosixPath(path).parts if part not in ("/", "..")))
    return tuple(tree / place for place in (own, *own.parents))
