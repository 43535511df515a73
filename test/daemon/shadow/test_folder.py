"""Looks at the scripts of the shadow: what it can run, and that files are read again only when one has changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from livereduce.daemon.shadow import folder as module
from livereduce.daemon.shadow.folder import LOOK_S, ShadowFolder
from livereduce.scripting.parsing import Parser
from livereduce.scripting.script_set import read_set

INST = "PG3"


class Looks:
    """A folder of the shadow, looked at every second; how often its files were read is counted."""

    def __init__(self, path: Path) -> None:
        self.path: Path | None = path
        self.folder, self.parser = ShadowFolder(), Parser()
        self.now, self.reads = 0.0, 0

    def read(self, *arguments: object) -> object:
        self.reads += 1
        return read_set(*arguments)  # type: ignore[arg-type]

    def look(self, times: int = 6) -> int:
        """How often the files were read in so many looks."""
        before = self.reads
        for _ in range(times):
            self.now += LOOK_S
            self.folder.look(self.path, INST, self.parser, self.now)
            self.parser.finish()
            self.parser.gather(self.now)
        return self.reads - before


@pytest.fixture
def looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Looks]:
    found = Looks(tmp_path)
    monkeypatch.setattr(module, "read_set", found.read)
    yield found
    found.parser.end()


def text_of(looks: Looks) -> str:
    scripts = looks.folder.scripts
    return scripts.proc.text.decode() if scripts and scripts.proc else ""


def test_scripts_are_read_until_two_looks_have_seen_the_same_and_then_no_more(looks: Looks, tmp_path: Path) -> None:
    proc = tmp_path / f"reduce_{INST}_live_proc.py"
    proc.write_text("import helper\noutput = 1\n")
    (tmp_path / "helper.py").write_text("")
    assert looks.look() <= 4
    assert text_of(looks).endswith("output = 1\n")
    assert looks.look(20) == 0
    proc.write_text("import helper\noutput = 2\n")
    assert looks.look() <= 3
    assert text_of(looks).endswith("output = 2\n")
    version = looks.folder.version
    (tmp_path / "helper.py").write_text("# saved\n")
    looks.look()
    assert looks.folder.version != version
    assert looks.look(20) == 0


def test_why_nothing_there_can_be_run_is_said_and_goes_when_it_is_mended(looks: Looks, tmp_path: Path) -> None:
    looks.path = tmp_path / "none"
    looks.look()
    assert "none does not exist" in looks.folder.why_not
    looks.path.mkdir()
    looks.look()
    assert looks.folder.why_not == f"there are no scripts in {looks.path}"
    proc = looks.path / f"reduce_{INST}_live_proc.py"
    proc.write_text("output = (\n")
    looks.look()
    assert proc.name in looks.folder.why_not
    assert looks.folder.version == ()
    proc.write_text("output = input\n")
    looks.look()
    assert (looks.folder.why_not, text_of(looks)) == ("", "output = input\n")
    proc.unlink()
    looks.look()
    assert looks.folder.why_not == f"there are no scripts in {looks.path}"


def test_another_folder_is_read_anew_and_none_is_nothing(looks: Looks, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"reduce_{INST}_live_proc.py").write_text(f"output = '{name}'\n")
    for name in ("a", "b"):
        looks.path = tmp_path / name
        looks.look()
        assert text_of(looks) == f"output = '{name}'\n"
    looks.path = None
    looks.look()
    assert (looks.folder.scripts, looks.folder.why_not) == (None, "")
