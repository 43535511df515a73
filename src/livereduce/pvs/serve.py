"""``livereduce pvs``: its start, its log, its end."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from livereduce.base.errors import ExitCode
from livereduce.base.processes import keep_nice_in_session, leave_now
from livereduce.preflight.services import usual_configuration
from livereduce.pvs.settings import PvSettings, settings_of

NICE = 10
"""Lower priority: the reduction goes first."""
BEACONS, BEACONS_AUTO = "EPICS_CAS_BEACON_ADDR_LIST", "EPICS_CAS_AUTO_BEACON_ADDR_LIST"
REPEATED_S = 60.0
"""Least time between two lines of the library that say the same: each client could bring hundreds."""


def serve(configuration: Path | None) -> NoReturn:
    """Serve until SIGTERM, SIGINT or a change of the configuration, and end the process.

    Raises
    ------
    OperatorError
        The configuration or an address to listen on cannot be used.
    """
    configuration = usual_configuration(configuration, os.environ)
    settings = settings_of(configuration)
    from livereduce.pvs.channel_access import addresses_here, beacon_addresses  # needs caproto, the configuration not

    _log_to_stderr()
    with suppress(OSError):
        os.nice(NICE)
    keep_nice_in_session()
    keep_beacons_within(beacon_addresses(settings.interfaces, addresses_here()), os.environ)
    asyncio.run(_serve(settings, configuration))


async def _serve(settings: PvSettings, configuration: Path | None) -> NoReturn:
    from livereduce.pvs.server import PvService

    service = PvService(settings, configuration, os.environ)
    serving = asyncio.ensure_future(service.run(lambda text: print(text, flush=True)))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    with suppress(asyncio.CancelledError):
        await serving
    leave_now(ExitCode.OK)  # from within: the event loop's own end would wait for clients that never read


def keep_beacons_within(addresses: Sequence[str], environ: MutableMapping[str, str]) -> None:
    """Have beacons sent to these addresses only, unless the environment says where they go."""
    if addresses and not environ.keys() & {BEACONS, BEACONS_AUTO}:
        environ[BEACONS] = " ".join(addresses)
        environ[BEACONS_AUTO] = "NO"


class OncePerWindow(logging.Filter):
    """Lets lines of caproto pass that are warnings or worse, each kind once per window and without its traceback.

    What a client does wrong is said there, and a beacon that nobody wants.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """True if the line is logged."""
        if not record.name.startswith("caproto"):
            return True
        now, kind = time.monotonic(), str(record.msg)
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error and (error.__cause__ or error), ConnectionRefusedError):
            return False  # a beacon, on a network of one host on which nobody listens for beacons
        if record.levelno < logging.WARNING or now - self._said_at.get(kind, float("-inf")) < REPEATED_S:
            return False
        self._said_at = {said: at for said, at in self._said_at.items() if now - at < REPEATED_S} | {kind: now}
        record.exc_info = record.exc_text = None
        return True


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.addFilter(OncePerWindow())
    form = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
    logging.basicConfig(level=logging.INFO, format=form, handlers=[handler])
