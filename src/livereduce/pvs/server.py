"""The service of ``livereduce pvs``: looks at the files, decides what to serve, and gives it to the channels."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from livereduce.base.contained import Contained
from livereduce.base.errors import OperatorError
from livereduce.pvs.channel_access import NETWORK_ERRORS, PvContext
from livereduce.pvs.channels import channel_of, write
from livereduce.pvs.reading import PvReader
from livereduce.pvs.records import PvFacts, PvState, step
from livereduce.pvs.settings import PvSettings, has_changed
from livereduce.pvs.values import PvValue

LOOK_EVERY_S = 0.2
"""A new result must show within a second."""
STUCK_S = 10.0
"""A look that takes longer hangs in a file server; its thread cannot be ended."""
CONFIGURATION_EVERY_S = 5.0
STUCK = "the file server does not answer: the state of the service is not known"

log = logging.getLogger("livereduce.pvs")


class PvService:
    """Serves the values of one configuration until it is cancelled, or the configuration changes.

    To be made in the event loop.
    """

    def __init__(self, settings: PvSettings, configuration: Path | None, environ: Mapping[str, str]) -> None:
        self._settings, self._configuration = settings, configuration
        self._channels: dict[str, Any] = {}
        self._context = PvContext(self._channels, settings.interfaces)
        self._state = PvState(prefix=settings.prefix)
        self._facts = PvFacts()
        self._said = ""
        self._reader = PvReader(
            configuration, settings.update_every_s, environ, Path.cwd(), skip_empty=settings.skip_empty
        )
        self._thread = ThreadPoolExecutor(1, "look")
        self._looking: asyncio.Future[PvFacts] | None = None
        self._contained = Contained(log)
        self._changed_at = float("-inf")

    async def run(self, listening: Callable[[str], None]) -> None:
        """Serve.

        Parameters
        ----------
        listening
            Is told where, once clients are answered.

        Raises
        ------
        OperatorError
            An address cannot be listened on.
        """
        await self._update()
        serving = asyncio.ensure_future(self._serve(listening))
        updating = asyncio.ensure_future(self._update_until_changed())
        try:
            await asyncio.wait({serving, updating}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (serving, updating):
                task.cancel()
        if serving.done():
            serving.result()

    async def _serve(self, listening: Callable[[str], None]) -> None:
        async def started(_: object) -> None:
            port, where = self._context.port, ", ".join(self._settings.interfaces)
            listening(f"serving {self._settings.prefix}… on {where}, port {port}")

        try:
            await self._context.run(startup_hook=started)
        except NETWORK_ERRORS as error:
            cause = error.__cause__ or error
            where = ", ".join(self._settings.interfaces)
            raise OperatorError(f"cannot listen on {where}: {getattr(cause, 'strerror', None) or cause}") from None

    async def _update_until_changed(self) -> None:
        while not await self._is_changed():
            await asyncio.sleep(LOOK_EVERY_S)
            await self._update()
        log.info("the configuration has changed; ending, to be started anew")

    async def _update(self) -> None:
        """One look at the files, and what follows from it."""
        # The boundary of one look: whatever is wrong in it, there is another one, and clients see an alarm.
        try:
            self._facts = await self._look()
        except Exception as error:  # noqa: BLE001
            self._contained.note("a look at the files", error)
            self._facts = replace(self._facts, down=f"its files cannot be read ({type(error).__name__})")
        try:
            await self._publish(step(self._state, self._facts, time.time()))
        except Exception as error:  # noqa: BLE001
            self._contained.note("an update of the values", error)

    async def _look(self) -> PvFacts:
        if self._looking is None:
            now = datetime.now().astimezone()
            self._looking = asyncio.get_running_loop().run_in_executor(self._thread, self._reader.look, now)
        done, _ = await asyncio.wait({self._looking}, timeout=STUCK_S)
        if not done:
            return replace(self._facts, down=STUCK)
        looking, self._looking = self._looking, None
        return looking.result()

    async def _publish(self, state: PvState) -> None:
        before = {one.name: one for one in self._state.values}
        changed = [one for one in state.values if one != before.get(one.name)]
        self._state = state
        self._say(state)
        known = len(self._channels)
        for one in changed:
            await self._give(one)
        if len(self._channels) > known:
            self._context.announce()

    async def _give(self, one: PvValue) -> None:
        """Give a value to its channel, which is made if there is none."""
        # The boundary of one value: whatever stands in a file, it costs no other one.
        try:
            if one.name in self._channels:
                await write(self._channels[one.name], one)
            else:
                self._channels[one.name] = channel_of(one)
        except Exception as error:  # noqa: BLE001
            self._contained.note(f"the value of {one.name}", error)

    def _say(self, state: PvState) -> None:
        """Log names that get no PV, once."""
        problems = next((str(one.value) for one in state.values if one.name == f"{state.prefix}Problems"), "")
        if problems != self._said:
            self._said = problems
            log.log(logging.WARNING if problems else logging.INFO, "no PV for %s", problems or "nothing any more")

    async def _is_changed(self) -> bool:
        if self._looking is not None or time.monotonic() - self._changed_at < CONFIGURATION_EVERY_S:
            return False
        self._changed_at = time.monotonic()
        asked = asyncio.get_running_loop().run_in_executor(
            self._thread, has_changed, self._settings, self._configuration
        )
        done, _ = await asyncio.wait({asked}, timeout=STUCK_S)
        return bool(done) and asked.result()
