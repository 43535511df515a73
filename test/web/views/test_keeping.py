"""Instruments with kept regions are asked though nobody looks, and what is named reaches card and metrics."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from helpers.fabricated import Fabricated
from helpers.viewing import by_pixels
from livereduce.messages.views import Question, RegionsQuestion
from livereduce.seen.kept_regions import KeptRegions
from livereduce.web.state.named import GOOD_S, NamedFindings
from livereduce.web.state.snapshot import View, card
from livereduce.web.views.keeping import EVERY_S, keep_looking
from livereduce.web.views.viewers import Viewable

NOW = datetime(2026, 11, 30, tzinfo=UTC)


class FakeViewers:
    def __init__(self) -> None:
        self.asked: list[Question] = []

    async def ask(self, instrument: str, question: Question, viewable: Viewable) -> None:
        self.asked.append(question)

    def named(self, instrument: str) -> NamedFindings:
        return NamedFindings(at=NOW, counts={("dead", "pixel"): 2})


def looked_at(tmp_path: Path, kept: KeptRegions) -> tuple[View, list[Question]]:
    powder, viewers = Fabricated(tmp_path / "powder", "POWDER"), FakeViewers()
    one: Any = SimpleNamespace(
        view=View(id="powder", name="POWDER", status=powder.status, kept=kept),
        seen=SimpleNamespace(status_file=tmp_path / "status.json"),
    )
    context: Any = SimpleNamespace(token="", viewers=viewers, facility=SimpleNamespace(watched={"powder": one}))

    async def run() -> None:
        looking = asyncio.create_task(keep_looking(context))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)

    asyncio.run(run())
    return one.view, viewers.asked


def test_findings_are_told_though_only_regions_are_asked_for(tmp_path: Path) -> None:
    view, asked = looked_at(tmp_path, KeptRegions(regions=(by_pixels("low", "0-9"),)))
    assert asked == [RegionsQuestion(can_save=False)]
    assert card(view, NOW)["findings"] == 2
    assert EVERY_S < GOOD_S, "what is known does not grow too old in between"


def test_without_regions_nobody_is_asked(tmp_path: Path) -> None:
    view, asked = looked_at(tmp_path, KeptRegions())
    assert (asked, view.named) == ([], None)
