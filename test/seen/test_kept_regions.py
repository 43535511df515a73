"""The regions that the daemon keeps, as the page sees them: a change is news, a file that cannot be read is said."""

import asyncio
from pathlib import Path

import pytest

from helpers.fabricated import Fabricated
from livereduce.base.files import Mark
from livereduce.messages.regions import FILE_NAME, Region, RegionKind, encode_regions
from livereduce.seen.kept_regions import KeptRegions, look_at_regions
from livereduce.seen.locations import find_places
from livereduce.web.render.process.pool import Renderers
from livereduce.web.state.broadcast import Broadcast
from livereduce.web.state.instruments import Facility


def named(*names: str) -> bytes:
    return encode_regions([Region(name=name, kind=RegionKind.PIXELS, pixels="1") for name in names])


class Looks:
    """Looks at one state directory, each with the marks of the one before."""

    def __init__(self, state_dir: Path) -> None:
        self.file = state_dir / FILE_NAME
        self.products = str(state_dir / "products")
        self.seen = KeptRegions()
        self._marks: dict[Path, Mark] = {}

    def write(self, data: bytes) -> None:
        """As the daemon does: the file is another one."""
        fresh = self.file.with_name("fresh")
        fresh.write_bytes(data)
        fresh.replace(self.file)

    def again(self) -> tuple[list[str], str]:
        marks: dict[Path, Mark] = {}
        self.seen = look_at_regions(self.products, self.seen, self._marks, marks)
        self._marks = marks
        return [one.name for one in self.seen.regions], self.seen.problem


def test_what_is_kept_is_seen_and_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Looks(tmp_path)
    assert looks.again() == ([], "")
    looks.write(named("a"))
    assert looks.again() == (["a"], "")
    before = looks.seen
    monkeypatch.setattr("livereduce.seen.kept_regions.read_regions", None)  # a second reading would fail
    assert looks.again() == (["a"], "")
    assert looks.seen is before


def test_a_change_and_the_end_of_the_file_are_seen(tmp_path: Path) -> None:
    looks = Looks(tmp_path)
    looks.write(named("a"))
    looks.again()
    looks.write(named("a", "b"))
    assert looks.again() == (["a", "b"], "")
    looks.file.unlink()
    assert looks.again() == ([], "")


@pytest.mark.parametrize("data", [named("a")[:-9], b"{}", named("a").replace(b'"format": 1', b'"format": 2')])
def test_what_cannot_be_read_is_said_beside_what_was_read_last(tmp_path: Path, data: bytes) -> None:
    looks = Looks(tmp_path)
    looks.write(named("a"))
    looks.again()
    looks.write(data)
    names, problem = looks.again()
    assert names == ["a"]
    assert problem.startswith(f"{looks.file} cannot be read: ")
    looks.write(named("b"))
    assert looks.again() == (["b"], "")


def test_the_same_regions_written_again_are_no_news(tmp_path: Path) -> None:
    looks = Looks(tmp_path)
    looks.write(named("a"))
    looks.again()
    before = looks.seen
    looks.write(named("a"))
    looks.again()
    assert looks.seen is before


def test_watchers_are_told_of_a_change_and_only_of_a_change(tmp_path: Path) -> None:
    powder = Fabricated(tmp_path / "powder", "POWDER")
    powder.say()
    broadcast = Broadcast()
    places = find_places([powder.conf], {}, tmp_path)
    facility = Facility(places, broadcast, {}, tmp_path, Renderers("reading", 1, 1))

    async def told() -> list[str]:
        await facility.look_once()
        mailbox = broadcast.open(None, [])
        found = []
        for data in (None, named("a"), None):
            if data:
                (tmp_path / "powder" / "state" / FILE_NAME).write_bytes(data)
            await facility.look_once()
            found += [f"{one.event} {one.data['id']}" for one in await mailbox.take(0.01) if one.event == "regions"]
        return found

    try:
        assert asyncio.run(told()) == ["regions powder"]
    finally:
        facility.close()
    (view,) = facility.views()
    assert [one.name for one in view.kept.regions] == ["a"]
