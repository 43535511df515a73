"""StartLiveData and MonitorLiveData as one object that can be started, checked and cancelled.

StartLiveData runs in a thread of its own, because it waits without limit for a connection and for first data. No call
here waits for Mantid except in that thread, and none calls `AlgorithmManager.shutdown`, which waits without limit too.
"""

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from mantid.api import AlgorithmManager

from livereduce.base.errors import OperatorError
from livereduce.base.names import did_you_mean
from livereduce.engine.mantid.live.arguments import PERIODS, SPECTRA, Offer, find_problems, refused
from livereduce.messages.job import Job

logger = logging.getLogger("livereduce.engine")

START, MONITOR = "StartLiveData", "MonitorLiveData"
CHOOSE_LISTENER = ("Instrument", "Listener")
"""Properties that decide which others StartLiveData has."""
LAUNCH_S = 1.0
"""MonitorLiveData is launched, not called: it is listed as running a moment after StartLiveData has returned."""
LOOK_S = 0.05


class LiveAlgorithms:
    """Mantid's live loop, from creating StartLiveData to the end of MonitorLiveData.

    Parameters
    ----------
    arguments
        For StartLiveData, see `arguments_of`.
    changed
        Set whenever StartLiveData returns.

    Raises
    ------
    OperatorError
        Mantid refuses some of the arguments.
    """

    def __init__(self, arguments: Mapping[str, Any], job: Job, changed: threading.Event) -> None:
        self._changed = changed
        self._thread = threading.Thread(target=self._execute, name=START, daemon=True)
        self._error: str | None = None
        self._seen_running = False
        self.returned_at: float | None = None
        self._algorithm = self._prepared(arguments, job)

    def _prepared(self, arguments: Mapping[str, Any], job: Job) -> Any:
        """Create StartLiveData and set its arguments; nothing is connected yet."""
        algorithm = AlgorithmManager.create(START)
        algorithm.setRethrows(True)
        _choose_listener(algorithm, arguments, job)
        options = frozenset(name for name in (PERIODS, SPECTRA) if algorithm.existsProperty(name))
        methods = tuple(algorithm.getProperty("AccumulationMethod").allowedValues)
        if problems := find_problems(job, Offer(methods=methods, listener_options=options)):
            raise OperatorError(*problems)
        for name, value in arguments.items():
            if name not in CHOOSE_LISTENER:
                _set(algorithm, name, value, job)
        if refusals := dict(algorithm.validateInputs()):
            raise OperatorError(*refused(refusals, job))
        return algorithm

    def start(self) -> None:
        """Call StartLiveData in a thread and return at once."""
        self._thread.start()

    def _execute(self) -> None:
        try:
            done = self._algorithm.execute()
            self._error = None if done else f"{START} has failed without a word"
        except Exception as error:  # noqa: BLE001  whatever Mantid raises is told to the main thread
            self._error = " ".join(str(error).split()) or type(error).__name__
        self.returned_at = time.monotonic()
        self._changed.set()

    @property
    def starting(self) -> bool:
        """True while StartLiveData has not returned."""
        return self.returned_at is None

    def ended(self, monitor_error: str) -> str | None:
        """Reason for the end of the loop; None if it runs, or may run.

        Parameters
        ----------
        monitor_error
            What Mantid's log says about the end of MonitorLiveData.
        """
        if self.returned_at is None:
            return None
        if self._error is not None:
            return f"{START}: {self._error}"
        if monitor_error:
            return f"{MONITOR}: {monitor_error}"
        running = is_running(MONITOR)
        self._seen_running |= running
        launching = not self._seen_running and time.monotonic() - self.returned_at < LAUNCH_S
        return None if running or launching else f"{MONITOR} has ended"

    def cancel(self, deadline_s: float) -> bool:
        """Ask Mantid to end, and wait for that; return True if it ended within the deadline."""
        until = time.monotonic() + deadline_s
        # if Mantid is stuck, even the call that asks may not return
        threading.Thread(target=AlgorithmManager.cancelAll, name="cancel", daemon=True).start()
        while time.monotonic() < until:
            if not (is_running(MONITOR) or is_running(START)):
                return True
            time.sleep(LOOK_S)
        return False


def is_running(name: str) -> bool:
    """True if a managed algorithm of this name is running."""
    return len(AlgorithmManager.runningInstancesOf(name)) > 0


def _choose_listener(algorithm: Any, arguments: Mapping[str, Any], job: Job) -> None:
    instrument = arguments["Instrument"]
    allowed = tuple(algorithm.getProperty("Instrument").allowedValues)
    if allowed and instrument not in allowed:
        known = [name for name in allowed if name]
        raise OperatorError(
            f"instrument: {instrument} has no live data in this Mantid{did_you_mean(instrument, known)}"
            f" (expected one of {', '.join(known)} of its facility)"
        )
    for name in CHOOSE_LISTENER:
        if name in arguments:
            _set(algorithm, name, arguments[name], job)


def _set(algorithm: Any, name: str, value: Any, job: Job) -> None:
    try:
        algorithm.setProperty(name, value)
    except (RuntimeError, ValueError, TypeError) as error:
        raise OperatorError(*refused({name: " ".join(str(error).split())}, job)) from None
