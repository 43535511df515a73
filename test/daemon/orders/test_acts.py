"""What the daemon does when the page asks it, on real files and without any process."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from livereduce.daemon.facts import DaemonState, Limits
from livereduce.daemon.orders import acts
from livereduce.daemon.orders.acts import Clerk
from livereduce.daemon.orders.desk import RequestDone
from livereduce.daemon.orders.errands import Errand, Errands, Outcome
from livereduce.daemon.ready import ready_fds
from livereduce.messages.progress import Progress, TotalProgress
from livereduce.messages.request import NotDone, Request, Want, seen_scripts
from livereduce.messages.status import ShadowStatus, StateWord
from livereduce.scripting.parsing import Parser
from livereduce.scripting.script_set import read_set

PROC = "reduce_PG3_live_proc.py"
RUNNING = DaemonState(limits=Limits(), word=StateWord.RUNNING)


@dataclass
class Desk:
    """A clerk on two folders of scripts, with the shadow and the worker that were started on them."""

    folder: Path
    clerk: Clerk = field(init=False)
    asked: list[str] = field(default_factory=list)
    seen: str = ""
    errands: Errands = field(default_factory=Errands)

    def __post_init__(self) -> None:
        for name in ("shadow", "use"):
            (self.folder / name).mkdir()
            (self.folder / name / PROC).write_text(f"pass  # {name}\n")
        shadow, use = self.folder / "shadow", self.folder / "use"
        files = [{str(path): md5 for path, md5 in read_set(one, "PG3").version} for one in (shadow, use)]
        shown = Progress(total=TotalProgress(results=1))
        status = ShadowStatus(directory=str(shadow), why="running", pid=1, files=files[0], progress=shown)
        resolved = SimpleNamespace(script_dir=use, instrument=SimpleNamespace(short_name="PG3"), engine="builtin")
        self.parser = Parser()
        parts: dict[str, Any] = {
            "site": SimpleNamespace(found=SimpleNamespace(resolved=resolved), parser=self.parser),
            "worker": SimpleNamespace(record=SimpleNamespace(files=files[1])),
            "shadow": SimpleNamespace(status=status),
            "receiver": None,
            "errands": self.errands,
        }
        self.clerk = Clerk(**cast(Any, parts), outdate=self.asked.append)
        self.seen = seen_scripts(*files)
        self.look()

    def look(self) -> None:
        """As the looks of the daemon do."""
        for one in ("shadow", "use"):
            read_set(self.folder / one, "PG3", self.parser.asking(), "builtin")
        self.parser.finish()

    def ask(self, want: Want) -> Outcome:
        errand = self.clerk.act(Request(want=want, seen=self.seen), "a test", RUNNING)
        assert isinstance(errand, Errand)
        while errand.outcome is None:
            ready_fds(self.errands.watched, 5.0)
            self.errands.gather()
        return errand.outcome

    def promote(self) -> str:
        outcome = self.ask(Want.PROMOTE)
        if not outcome.done:
            raise NotDone(outcome.text)
        return outcome.text


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_what_was_shown_is_promoted_and_taken_back(desk: Desk) -> None:
    use = desk.folder / "use"
    assert desk.promote().startswith(f"promoted to {use}: {PROC}; what was there before is in {use}/promoted/")
    assert (use / PROC).read_text() == "pass  # shadow\n"
    back = desk.ask(Want.TAKE_BACK)
    assert back.text.startswith(f"{use} holds again what was there before ")
    assert (use / PROC).read_text() == "pass  # use\n"
    assert desk.ask(Want.TAKE_BACK) == Outcome(False, f"{back_folder(use)}: this promotion was taken back already")


def back_folder(use: Path) -> Path:
    (folder,) = (use / "promoted").iterdir()
    return folder


def test_a_shadow_without_a_result_is_not_promoted(desk: Desk) -> None:
    status = desk.clerk.shadow.status
    assert status is not None
    cast(Any, desk.clerk.shadow).status = replace(status, progress=Progress())
    with pytest.raises(NotDone, match="its scripts have made no result yet"):
        desk.promote()


@pytest.mark.parametrize("where", ["shadow", "use"])
def test_a_file_that_was_saved_meanwhile_refuses_it_before_and_after_it_is_parsed(desk: Desk, where: str) -> None:
    (desk.folder / where / PROC).write_text("pass  # newer\n")
    with pytest.raises(NotDone, match="a file there has just been saved"):
        desk.promote()
    desk.look()
    with pytest.raises(NotDone, match="have changed since the worker that is shown was started on them"):
        desk.promote()
    assert (desk.folder / "use" / PROC).read_text() != "pass  # shadow\n"


def test_scripts_that_were_not_shown_are_not_promoted(desk: Desk) -> None:
    desk.seen = "0" * 32
    with pytest.raises(NotDone, match="not those that you were shown any more"):
        desk.promote()


def test_a_service_that_may_not_write_there_says_who_can(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "may_promote", lambda _: False)
    with pytest.raises(NotDone, match="may not write there, so it cannot promote scripts"):
        desk.promote()


def test_a_restart_is_for_the_policy_and_a_service_that_stops_refuses(desk: Desk) -> None:
    ask = Request(want=Want.RESTART)
    done = desk.clerk.act(ask, "a test", RUNNING)
    assert isinstance(done, RequestDone)
    assert done.text.startswith("configuration and scripts are read again")
    assert desk.asked == ["asked to restart the worker by a test"]
    leaving = DaemonState(limits=Limits(), word=StateWord.STOPPING, why="asked to stop")
    with pytest.raises(NotDone, match="the service is stopping: asked to stop"):
        desk.clerk.act(ask, "a test", leaving)
    assert len(desk.asked) == 1
