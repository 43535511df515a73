"""Somebody who edits scripts while processes are killed, and links to each result that is published meanwhile."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from types import TracebackType

from helpers.reduced import PATIENCE_S, Beamline


class Collector:
    """Links to all results of runs, from the moment at which each is there; none is lost when the next replaces it."""

    def __init__(self, products: Path, folder: Path) -> None:
        self._products, self._folder = products, folder
        self._seen: set[int] = set()
        self.found: list[Path] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._collect, name="collector")

    def __enter__(self) -> "Collector":
        self._folder.mkdir()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def wait_for_more(self, than: int) -> None:
        """Wait until there are more results."""
        deadline = time.monotonic() + PATIENCE_S
        while len(self.found) <= than:
            assert time.monotonic() < deadline, f"no result comes after {than}"
            time.sleep(0.01)

    def _collect(self) -> None:
        while not self._over.wait(0.005):
            for path in self._products.glob("[1-9]*/result.nxs"):
                with suppress(FileNotFoundError):
                    self._take(path)

    def _take(self, path: Path) -> None:
        if path.stat().st_ino in self._seen:  # of a linked file no other one gets the number
            return
        link = self._folder / f"{len(self.found):03d}.nxs"
        os.link(path, link)
        if link.stat().st_ino in self._seen:
            link.unlink()
            return
        self._seen.add(link.stat().st_ino)
        self.found.append(link)


class Editor:
    """What happens to a beamline besides its beam.

    Parameters
    ----------
    procs, post_procs
        The versions of the scripts, by name; all of them come in turn, in any order.
    files
        What makes the next text of a file beside the scripts, by its name.
    """

    def __init__(
        self,
        beamline: Beamline,
        chance: random.Random,
        *,
        procs: Mapping[str, str],
        post_procs: Mapping[str, str],
        files: Mapping[str, Callable[[], str]],
    ) -> None:
        self._beamline, self._chance, self._files = beamline, chance, files
        self._procs, self._post_procs = self._in_turn(procs), self._in_turn(post_procs)

    def _in_turn(self, texts: Mapping[str, str]) -> Iterator[str]:
        return cycle(self._chance.sample(list(texts.values()), len(texts)))

    def save_all(self) -> None:
        """The first version of everything."""
        self.save_files()
        self.edit_proc()
        self.edit_post_proc()

    def edit_proc(self) -> None:
        """The next proc."""
        self._beamline.script("proc", next(self._procs))

    def edit_post_proc(self) -> None:
        """The next post_proc."""
        self._beamline.script("post_proc", next(self._post_procs))

    def save_files(self) -> None:
        """The next versions of the files beside the scripts."""
        for name, text in self._files.items():
            (self._beamline.path / name).write_text(text())

    def kill_worker(self) -> None:
        """The worker is gone, if there is one at the moment."""
        _kill(self._beamline.status().worker_pid)

    def kill_receiver(self) -> None:
        """The receiver is gone, and with it the worker."""
        _kill(self._beamline.status().receiver_pid)


def _kill(pid: int | None) -> None:
    with suppress(ProcessLookupError):
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
