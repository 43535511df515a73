"""The background thread of a listener that buffers: reads when asked, stores an error for the next extraction."""

import os
import threading
from collections.abc import Callable

from mantid._double.switches import is_on
from mantid._live import waiting
from mantid.kernel import Logger

_logger = Logger("LiveListener")


class Reader:
    """A real thread that does one extraction's worth of reading at a time, so that chunks are always the same."""

    def __init__(self, name: str, fill: Callable[[], None]) -> None:
        self._fill = fill
        self._asked, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._stopping = False
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self._thread.start()

    def _loop(self) -> None:
        while True:
            self._asked.acquire()
            if self._stopping:
                return
            try:
                self._fill()
            except BaseException as error:  # noqa: BLE001 (stored, raised again by the next extraction)
                self.error = error
            self._done.release()
            if self.error is not None:
                return

    def alive(self) -> bool:
        return self._thread.is_alive()

    def read(self) -> None:
        """Let the thread read; an error that it stored before is raised first, one that it meets now is kept."""
        if self.error is not None:
            raise self.error
        self._asked.release()
        self._done.acquire()

    def stop(self, receive_blocks: bool) -> None:
        """Ask the thread to end and join it; a blocking receive makes that slow."""
        self._stopping = True
        self._asked.release()
        if receive_blocks and is_on("join_crash"):
            waiting.sleep(waiting.JOIN_S)
            _logger.fatal("the listener's thread did not end")
            os.abort()
        if receive_blocks and is_on("slow_cancel"):
            waiting.sleep(waiting.RECEIVE_S)
        self._thread.join()
