"""The desk of a daemon, without the daemon: served in a thread."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from livereduce.daemon.orders.desk import Desk, RequestDone
from livereduce.messages.request import Request


@contextmanager
def desk_in(folder: Path, act: Callable[[Request, str], RequestDone]) -> Iterator[None]:
    """A desk in a runtime directory, which does what is asked by `act`, as `Desk.serve` takes it."""
    desk, stop = Desk(), threading.Event()

    def serve() -> None:
        while not stop.is_set():
            desk.hold(folder, time.monotonic())
            desk.serve(desk.watched, time.monotonic(), act)
            stop.wait(0.02)
        desk.leave()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
