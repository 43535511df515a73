"""Keep the viewers of instruments at work that have regions, so that they are counted though nobody looks."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from livereduce.messages.request import NotDone
from livereduce.messages.views import RegionsQuestion
from livereduce.preflight.viewing import ViewRefused
from livereduce.web.context import Context
from livereduce.web.http.cache import CacheBusy
from livereduce.web.state.instruments import Watched
from livereduce.web.views.viewers import Viewable, why_not_viewable

EVERY_S = 30.0
"""Less than the time after which a viewer that nobody asks is ended, or its findings are too old to be told."""


async def keep_looking(context: Context) -> None:
    """Ask for the regions of each instrument that has some, now and then, until cancelled."""
    while True:
        await asyncio.gather(*(_look(context, name, one) for name, one in context.facility.watched.items()))
        await asyncio.sleep(EVERY_S)


async def _look(context: Context, name: str, one: Watched) -> None:
    status, file, kept = one.view.status, one.seen.status_file, one.view.kept
    if not kept.regions or status is None or file is None or why_not_viewable(one):
        return
    viewable = Viewable(folder=file.parent, status=status, regions=kept.regions)
    with suppress(NotDone, ViewRefused, CacheBusy):  # whoever looks is told
        await context.viewers.ask(name, RegionsQuestion(can_save=bool(context.token), problem=kept.problem), viewable)
        one.view = replace(one.view, named=context.viewers.named(name))
