"""Prepare Mantid for live data: its log, its name for usage reports, facility and instrument."""

import logging
import threading
import time

import mantid
from mantid.kernel import ConfigService, UsageService
from mantid.utils.logging import log_to_python

from livereduce.base.errors import OperatorError

logger = logging.getLogger("livereduce.engine")

MANTID_LOGGER = "Mantid"
LEVEL = "information"

_NOT_READY = "is not ready to return data"
_MONITOR_ENDED = "Error in execution of algorithm MonitorLiveData"


class MantidLog(logging.Handler):
    """Follows Mantid's log: the only place where it says why MonitorLiveData has ended, or what it waits for.

    Attributes
    ----------
    monitor_error
        The last error with which MonitorLiveData has ended; empty if none.
    not_ready, not_ready_at
        LoadLiveData's last message about a listener that is not ready, and its time; None if there was none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.monitor_error = ""
        self.not_ready = ""
        self.not_ready_at: float | None = None
        self.heard = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Store a record; called in Mantid's threads while they hold locks of Mantid's log, so it does nothing else."""
        text = record.getMessage()
        if _NOT_READY in text:
            self.not_ready, self.not_ready_at = " ".join(text.split()), time.monotonic()
        elif _MONITOR_ENDED in text:
            said = text.partition(_MONITOR_ENDED)[2].lstrip(": \n")
            self.monitor_error = " ".join(said.split())
            self.heard.set()


def listen_to_log() -> MantidLog:
    """Send Mantid's log through Python's, and follow it."""
    log_to_python(LEVEL)
    heard = MantidLog()
    root = logging.getLogger(MANTID_LOGGER)
    root.setLevel(logging.INFO)
    root.addHandler(heard)
    return heard


def choose_instrument(name: str) -> str:
    """Make an instrument Mantid's default, with its facility; return its name in Mantid.

    Raises
    ------
    OperatorError
        Mantid does not know the instrument.
    """
    UsageService.setApplicationName("livereduce")
    logger.info("Mantid %s in %s", getattr(mantid, "__version__", "of unknown version"), mantid.__file__)
    try:
        instrument = ConfigService.getInstrument(name) if name else ConfigService.getInstrument()
    except RuntimeError as error:
        raise OperatorError(f"instrument: Mantid does not know {name!r}: {' '.join(str(error).split())}") from None
    facility, before = instrument.facility().name(), ConfigService.getFacility().name()
    if facility != before:
        logger.info("facility switched from %s to %s", before, facility)
        ConfigService.setFacility(facility)
    ConfigService["default.instrument"] = instrument.name()
    logger.info("instrument %s (%s) of %s", instrument.name(), instrument.shortName(), facility)
    return str(instrument.name())
